"""Clearance tags of texts that belong to no item: the subject, introduction and preheader of an edition, by its kind and id.

They are suggested by the words of the texts (`written.py`). A clearance is of the texts as they were then: other texts with such
words need another. What a person removed stays removed until another word comes in. Whoever calls holds the row of the edition
locked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.review.approvals import fingerprint
from publisher.review.clearances import LONGEST_NOTE, Changed, may_clear
from publisher.review.models import Kind, TextTag
from publisher.review.uncleared import Open
from publisher.review.written import MOST_KEPT, rules, words_in

State = TextTag.State

HELD: Final = """EXISTS (
    SELECT 1 FROM review_texttag said JOIN review_clearancetag kind ON kind.id = said.tag_id AND kind.active
    WHERE said.kind = 'edition' AND said.object_id = e.id AND said.state = 'suggested'
)"""
"""Whether a text of the edition `e` waits for a clearance. Looked up by its index; most editions have none."""


def open_rows(kind: Kind) -> QuerySet[TextTag]:
    """Those that hold what they belong to, with their tags and roles."""
    rows = TextTag.objects.filter(kind=kind, state=State.SUGGESTED, tag__active=True)
    return rows.select_related("tag__group").order_by("object_id", "tag__name")


def of(kind: Kind, pk: int) -> list[TextTag]:
    """All of one, those that hold it first."""
    rows = TextTag.objects.filter(kind=kind, object_id=pk).select_related("tag__group").order_by("tag__name")
    return sorted(rows, key=lambda row: (row.state != State.SUGGESTED, row.tag.name))


def open_of(kind: Kind, pks: Collection[int]) -> dict[int, list[Open]]:
    """What each of these waits for; one that waits for nothing is not among the keys."""
    found: dict[int, list[Open]] = {}
    for row in open_rows(kind).filter(object_id__in=list(pks)):
        title = _("Subject and introduction")
        each = Open(0, title, row.tag_id, row.tag.name, row.tag.group_id, row.tag.group.name)
        found.setdefault(row.object_id, []).append(each)
    return found


def look(kind: Kind, pk: int, texts: Sequence[str], *, user: Actor, thing: Model, now: datetime) -> None:
    """Tag what words of the texts speak for; what they speak for no more is suggested no more."""
    found, now_is = words_in(texts, rules()), fingerprint({"texts": list(texts)})
    rows = {row.tag_id: row for row in TextTag.objects.select_for_update().filter(kind=kind, object_id=pk)}
    TextTag.objects.filter(kind=kind, object_id=pk, state=State.SUGGESTED).exclude(
        tag_id__in=list(found)
    ).delete()
    for tag_id, words in found.items():
        row = rows.get(tag_id) or TextTag(kind=kind, object_id=pk, tag_id=tag_id, at=now)
        seen = {word.casefold() for word in row.words}
        is_new = any(word.casefold() not in seen for word in words)
        begins = row.pk is None or (
            is_new if row.state == State.REMOVED else row.state == State.CLEARED and row.fingerprint != now_is
        )
        row.words, row.fingerprint = list(dict.fromkeys([*row.words, *words]))[-MOST_KEPT:], now_is
        if begins:
            row.state, row.reason, row.user_id, row.name, row.at = State.SUGGESTED, "", None, "", now
        row.save()
        if begins:
            after = {"tag": row.tag.name, "words": list(words)}
            audit.record(user, "clearance.words_written", thing, {}, after)


def clear(
    kind: Kind, pk: int, tag_id: int, *, user: Actor, seen: str, note: str, thing: Model, now: datetime
) -> TextTag:
    """Clear a tag of the texts as they are, whose fingerprint the person saw. Raises `Changed`, `UserError`."""
    row = _row(kind, pk, tag_id)
    if not may_clear(user, row.tag):
        raise UserError(
            _("“%(tag)s” is cleared by members of %(role)s only.")
            % {"tag": row.tag.name, "role": row.tag.group.name},
            _("Ask one of them."),
        )
    if row.fingerprint != seen:
        raise Changed(_("The texts have changed since you opened them."), _("Look at them, then decide."))
    _decide(row, State.CLEARED, user, note, now)
    audit.record(user, "clearance.given", thing, {}, {"tag": row.tag.name, "note": row.reason})
    events.emit("delivery.due")
    return row


def remove(
    kind: Kind, pk: int, tag_id: int, *, user: Actor, reason: str, thing: Model, now: datetime
) -> TextTag:
    """Say that a tag does not fit the texts. Raises `UserError` for want of a reason."""
    row = _row(kind, pk, tag_id)
    if not reason.replace("\0", "").strip():
        raise UserError(_("Say why the tag does not fit."), _("Others read it on the edition's page."))
    _decide(row, State.REMOVED, user, reason, now)
    audit.record(user, "clearance.tag_removed", thing, {}, {"tag": row.tag.name, "reason": row.reason})
    events.emit("delivery.due")
    return row


def _row(kind: Kind, pk: int, tag_id: int) -> TextTag:
    rows = TextTag.objects.select_for_update(of=("self",)).select_related("tag__group")
    row = rows.filter(kind=kind, object_id=pk, tag_id=tag_id, state=State.SUGGESTED).first()
    if row is None:
        raise Changed(_("The texts do not wait for that clearance any more."), _("Load the page again."))
    return row


def _decide(row: TextTag, state: str, user: Actor, reason: str, now: datetime) -> None:
    row.state, row.reason, row.at = state, reason.replace("\0", "").strip()[:LONGEST_NOTE], now
    row.user_id = user.pk if isinstance(user, AbstractBaseUser) else None
    row.name = audit.name_of(user)
    row.save()
