"""What becomes of a post when its item is drafted again. Pure; `drafting.py` carries it out.

The rule: no text leaves that nobody approved, and no text that a person wrote is overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from publisher.core.marking import gettext_noop
from publisher.social.models import Post

ITEM_CHANGED = gettext_noop(
    "The item has changed since this text was edited. Compare them, then approve again."
)
NO_LONGER_FITS = gettext_noop(
    "The item does not fit this channel's kinds, topics or language any more. Cancel it, or approve it anyway."
)
ITEM_RETRACTED = gettext_noop("The item was retracted.")

S = Post.State

UNSENT = (S.DRAFT, S.HELD, S.APPROVED, S.SCHEDULED, S.EXPIRED)
"""States of which nothing has left yet; a retraction cancels them."""

REDRAFTED = (*UNSENT, S.FAILED)
"""States whose text a new revision renews: a failed post was not published, and may be approved again."""

APPROVED = (S.APPROVED, S.SCHEDULED, S.EXPIRED, S.FAILED)

LEFT = ("sent", "unknown")
"""States of a message (`delivery.states`) that is or may be published: it stays as it is, and the rest follows below it."""


class Deed(Enum):
    """What to do with a post that exists already."""

    LEAVE = "leave"
    RENEW = "renew"  # put the new text in place
    NOTE = "note"  # the text stays right: only note the revision that it was compared with
    FLAG = "flag"  # keep the person's text, withdraw its approval, say why


@dataclass(frozen=True)
class Stands:
    """A post as it stands, against an item's newest `revision`. `edited`: its text is not to be overwritten, since a person wrote
    it, or a part of it has left."""

    state: str
    edited: bool
    problem: str
    item_revision: int
    texts: tuple[str, ...]


def redraft(stands: Stands, *, revision: int, texts: tuple[str, ...], holds: bool) -> Deed:
    """Decide about one post. `texts` is what the template makes now; `holds`: it failed or does not fit.

    A post that a retraction cancelled comes back when its item does.
    """
    if stands.state == S.CANCELLED and stands.problem == ITEM_RETRACTED:
        return Deed.FLAG if stands.edited else Deed.RENEW
    if stands.state not in REDRAFTED:
        return Deed.LEAVE
    is_new = stands.item_revision < revision
    if stands.edited:
        return Deed.FLAG if is_new else Deed.LEAVE
    if stands.state in APPROVED and not is_new:
        return Deed.LEAVE
    if stands.texts == texts and not holds and stands.state != S.HELD:
        return Deed.NOTE if is_new else Deed.LEAVE
    return Deed.RENEW
