"""What is stored of a LinkedIn post before it is sent: the body of `POST /rest/posts`, and its pictures. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account, Part
from publisher.social.networks.linkedin.measure import escape, measure
from publisher.social.networks.linkedin.rules import PICTURES, Rules

LONGEST_TITLE = 400
LONGEST_SUMMARY = 4000
_ORGANISATION = re.compile(r"(?:urn:li:organization:)?([0-9]{1,19})")


def payload(part: Part, account: Account) -> dict[str, Any]:
    """`{"post": the body, "pictures": [{"digest", "alt", "focus"}]}`. Raises `Rejected` for what LinkedIn would refuse."""
    fit = measure(part.text, Rules())
    if not fit.fits:
        raise Rejected(gettext_noop("The text does not fit LinkedIn: %(why)s.") % {"why": fit.why})
    if part.of > 1:
        raise Rejected(gettext_noop("LinkedIn has no threads: put the text into one message."))
    if len(part.pictures) > PICTURES.most:
        raise Rejected(
            gettext_noop("A LinkedIn post shows at most %(most)s pictures.") % {"most": PICTURES.most}
        )
    post: dict[str, Any] = {
        "author": author(account),
        "commentary": escape(part.text),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    # LinkedIn reads no page by itself: without this a link has no preview. A post shows pictures or a preview, not both.
    if part.card and part.link and part.card.title and not part.pictures:
        article = {
            "source": part.link,
            "title": part.card.title[:LONGEST_TITLE],
            "description": part.card.summary[:LONGEST_SUMMARY],
        }
        post["content"] = {"article": {name: value for name, value in article.items() if value}}
    pictures = [
        {
            "digest": picture.digest,
            "alt": picture.alt[: PICTURES.alt],
            "focus": list(picture.focus) if picture.focus else None,
        }
        for picture in part.pictures
    ]
    return {"post": post, "pictures": pictures}


def with_images(post: Mapping[str, Any], urns: Sequence[str], alts: Sequence[str]) -> dict[str, Any]:
    """The body with its uploaded pictures, in order."""
    images = [{"id": urn, **({"altText": alt} if alt else {})} for urn, alt in zip(urns, alts, strict=True)]
    if not images:
        return dict(post)
    content = {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}
    return {**post, "content": content}


def author(account: Account) -> str:
    """The page's URN, from the channel's setting `organization`: its number or its URN. Raises `Rejected`."""
    found = _ORGANISATION.fullmatch(str(account.settings.get("organization") or "").strip())
    if not found:
        raise Rejected(
            gettext_noop(
                "The channel's settings name no `organization`: the number in the address of the page's admin view."
            )
        )
    return f"urn:li:organization:{found[1]}"
