"""What is stored of a message to a Facebook page before it is sent. Pure, and survives JSON."""

from __future__ import annotations

from typing import Any

from publisher.core.errors import Rejected
from publisher.social.networks.base import Part
from publisher.social.networks.facebook.measure import measure
from publisher.social.networks.facebook.rules import COMMENT, PICTURES, Rules


def payload(part: Part) -> dict[str, Any]:
    """`{"message", "link", "number", "pictures": [{"digest", "alt", "focus"}]}`. `link` is what Facebook shows a preview of ("":
    none): a post shows pictures or a preview. `number` above 0 is a comment. Raises `Rejected` for what Facebook would refuse.
    """
    text = part.text.replace("\r\n", "\n").strip()
    comment = part.number > 0
    fit = measure(text, Rules(COMMENT) if comment else Rules())
    if not fit.fits:
        where = "a comment on Facebook" if comment else "Facebook"
        raise Rejected(f"The text does not fit {where}: {fit.why}.")
    if comment and part.pictures:
        raise Rejected("A comment on Facebook shows no pictures: put them into the first message.")
    if len(part.pictures) > PICTURES.most:
        raise Rejected(
            f"A Facebook post shows at most {PICTURES.most} pictures; this has {len(part.pictures)}."
        )
    for number, picture in enumerate(part.pictures, 1):
        if len(picture.alt) > PICTURES.alt:
            raise Rejected(
                f"The description of picture {number} is {len(picture.alt)} characters long; {PICTURES.alt} are taken."
            )
    previews = not part.pictures and not comment and part.link.startswith(("https://", "http://"))
    pictures = [
        {"digest": each.digest, "alt": each.alt, "focus": list(each.focus) if each.focus else None}
        for each in part.pictures
    ]
    return {
        "message": text,
        "link": part.link if previews else "",
        "number": part.number,
        "pictures": pictures,
    }
