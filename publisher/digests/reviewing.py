"""Approvals of editions: what of an edition is approved, how far that is, and what a request for changes does to it.

What is approved is one assembling of it, which its `version` names: when it is assembled again (an item was corrected or dropped,
the order or a text was changed), it is approved again. `editions.py` lets it go once enough persons said yes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import ChangedSince, UserError
from publisher.digests.models import Edition
from publisher.items.languages import primary
from publisher.review import approvals, comments, texts
from publisher.review.approvals import Standing
from publisher.review.models import Comment, Kind

S = Edition.State
ASKABLE = (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.PAUSED)
"""States in which somebody may ask for changes."""


class Stale(ChangedSince):
    """The edition was assembled again since the person looked at it, or somebody else decided about it."""


def content_of(edition: Edition) -> dict[str, Any]:
    """What of an edition is approved: its assembling; and for people to compare, its items in order and its subjects."""
    items = edition.edition_items.select_related("item").order_by("position")
    subjects = edition.variants.filter(retired=False, selections__gt=0).exclude(subject="")
    return {
        "assembled": edition.version,
        "items": [f"{held.item.title} ({held.item.language}, {held.revision})" for held in items],
        "subjects": sorted(
            {f"{language}: {said}" for language, said in subjects.values_list("language", "subject")}
        ),
    }


def standing_of(edition: Edition) -> Standing:
    """How far an edition is approved. Needs its digest."""
    return standings_of([edition])[edition.pk]


def standings_of(editions: Iterable[Edition]) -> dict[int, Standing]:
    """The same of many, by their ids."""
    return approvals.standings(
        Kind.EDITION, {each.pk: (each.digest.approvals, fingerprint_of(each)) for each in editions}
    )


def fingerprint_of(edition: Edition) -> str:
    """What tells one assembling from another."""
    return approvals.fingerprint({"assembled": edition.version})


def approve(edition: Edition, *, user: Actor, now: datetime) -> Standing:
    """Write the person's approval of a locked edition, unless it has enough already. Raises `NotYours`."""
    before = standing_of(edition)
    if before.enough and before.needed:
        return before
    return approvals.give(
        Kind.EDITION,
        edition.pk,
        user=user,
        needed=edition.digest.approvals,
        content=content_of(edition),
        now_is=fingerprint_of(edition),
        now=now,
    )


def look(edition: Edition, *, user: Actor, now: datetime) -> None:
    """Look for words that ask for a clearance in what a locked edition says beside its items. Needs its digest."""
    said = [
        edition.text(field, language)
        for language in dict.fromkeys(map(primary, edition.digest.languages))
        for field in ("subject", "intro")
    ]
    own = [edition.own_text("preheader", primary(language)) for language in edition.digest.languages]
    texts.look(Kind.EDITION, edition.pk, [*said, *own], user=user, thing=edition, now=now)


def changed(edition: Edition, *, user: Actor, now: datetime) -> None:
    """A locked edition's items, their order, its subject or introduction were changed by that person, who may not approve it."""
    approvals.changed(Kind.EDITION, edition.pk, user=user, now=now)
    look(edition, user=user, now=now)


@transaction.atomic
def ask_changes(
    edition_id: int, *, user: Actor, text: str, now: datetime, seen: str | None = None
) -> Comment:
    """Say what shall change in an edition that has not been let go: the approvals that it had count no more. `seen` is the
    `version` that the person looked at. Raises `UserError`."""
    edition = Edition.objects.select_for_update(of=("self",)).select_related("digest").get(pk=edition_id)
    if edition.state not in ASKABLE:
        raise UserError(
            _("%(edition)s is “%(state)s”: nothing is asked for any more.")
            % {"edition": edition, "state": edition.get_state_display()},
            _("Pause it first if something must not go out."),
        )
    if seen is not None and seen != edition.version:
        raise Stale(
            _("%(edition)s was assembled again since you opened it.") % {"edition": edition},
            _("Look at it again, then decide."),
        )
    comment = comments.say(Kind.EDITION, edition.pk, user=user, text=text, asks=True, now=now)
    audit.record(user, "edition.changes_asked", edition, {}, {"text": comment.text})
    return comment


@transaction.atomic
def comment(edition_id: int, *, user: Actor, text: str, now: datetime) -> Comment:
    """Say something about an edition, in whichever state it is. Raises `UserError`."""
    edition = Edition.objects.get(pk=edition_id)
    said = comments.say(Kind.EDITION, edition.pk, user=user, text=text, now=now)
    audit.record(user, "edition.commented", edition, {}, {"text": said.text})
    return said
