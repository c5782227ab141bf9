"""What is stored of a message to a Facebook page before it is sent. Pure, and survives JSON."""

from __future__ import annotations

from typing import Any

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
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
        where = gettext_noop("a comment on Facebook") if comment else "Facebook"
        raise Rejected(
            gettext_noop("The text does not fit %(where)s: %(why)s.") % {"where": where, "why": fit.why}
        )
    if comment and part.pictures:
        raise Rejected(
            gettext_noop("A comment on Facebook shows no pictures: put them into the first message.")
        )
    if len(part.pictures) > PICTURES.most:
        raise Rejected(
            gettext_noop("A Facebook post shows at most %(most)s pictures; this has %(pictures)s.")
            % {"most": PICTURES.most, "pictures": len(part.pictures)}
        )
    for number, picture in enumerate(part.pictures, 1):
        if len(picture.alt) > PICTURES.alt:
            raise Rejected(
                gettext_noop(
                    "The description of picture %(number)s is %(alt)s characters long; %(alt2)s are taken."
                )
                % {"number": number, "alt": len(picture.alt), "alt2": PICTURES.alt}
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
