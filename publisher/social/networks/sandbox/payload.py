"""The body of `POST /api/posts` on the sandbox network. Pure."""

from __future__ import annotations

from typing import Any

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account, Part
from publisher.social.networks.sandbox.measure import measure
from publisher.social.networks.sandbox.rules import PICTURES, Rules


def payload(part: Part, account: Account) -> dict[str, Any]:
    """What is stored, and sent with the ids of uploaded pictures in the place of `pictures`: the same in every try.

    Raises `Rejected` for what does not fit.
    """
    fit = measure(part.text, Rules())
    if not fit.fits:
        raise Rejected(gettext_noop("The text does not fit the sandbox network: %(why)s.") % {"why": fit.why})
    if len(part.pictures) > PICTURES.most:
        raise Rejected(
            gettext_noop("The sandbox network shows %(most)s pictures at most.") % {"most": PICTURES.most}
        )
    body: dict[str, Any] = {"account": account.name, "text": part.text, "language": part.language}
    if part.link:
        body["link"] = part.link
    if part.card:
        body["card"] = {"title": part.card.title, "summary": part.card.summary}
    if part.pictures:
        body["pictures"] = [{"digest": each.digest, "alt": each.alt} for each in part.pictures]
    return body
