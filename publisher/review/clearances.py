"""What people decide about the clearance tags of an item: set, remove with a reason, clear, take a clearance back.

Whoever sets a tag closes the gate first: nothing that was not claimed before its commit leaves. Removing and clearing let things
go; call them through `delivery/clearing.py`, which looks after editions that waited too long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, Group
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events, gate
from publisher.core.audit import Actor
from publisher.core.errors import ChangedSince, UserError
from publisher.items.models import Item
from publisher.review.models import Clearance, ClearanceTag, ItemTag

LONGEST_NOTE = 1_000

State = ItemTag.State


class Changed(ChangedSince):
    """The item has another revision than the one that the person looked at."""


@dataclass(frozen=True)
class TagOf:
    """A tag of an item as people see it. `cleared`: the clearance that counts for the present revision, if there is one."""

    row: ItemTag
    cleared: Clearance | None
    earlier: tuple[Clearance, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing about the item leaves because of it."""
        return self.row.state != State.REMOVED and self.row.tag.active and self.cleared is None


def tags_of(item: Item) -> list[TagOf]:
    """Every tag that the item has or had, those that hold it first."""
    rows = ItemTag.objects.filter(item=item).select_related("tag__group").prefetch_related("clearances")
    found = []
    for row in rows.order_by("tag__name"):
        given = list(row.clearances.all())
        cleared = next((c for c in given if c.revision == item.revision and c.withdrawn_at is None), None)
        found.append(TagOf(row, cleared, tuple(c for c in given if c is not cleared)))
    return sorted(found, key=lambda each: (not each.holds, each.row.state == State.REMOVED))


def may_clear(user: Actor, tag: ClearanceTag) -> bool:
    """Whether this person clears that tag: a member of its role does, and nobody else."""
    return isinstance(user, AbstractBaseUser) and Group.objects.filter(pk=tag.group_id, user=user.pk).exists()


@transaction.atomic
def set_tag(item_id: int, tag_id: int, *, user: Actor, reason: str = "", now: datetime) -> ItemTag:
    """Give the item a tag, or confirm a suggested one: from the commit on nothing about it is claimed before it is cleared."""
    gate.close()
    item = _locked(item_id)
    tag = ClearanceTag.objects.filter(pk=tag_id, active=True).first()
    if tag is None:
        raise UserError(_("There is no such tag any more, or it is switched off."), _("Load the page again."))
    row = ItemTag.objects.filter(item=item, tag=tag).first() or ItemTag(item=item, tag=tag)
    if row.state == State.SET:
        return row
    before = {"tag": tag.name, "state": row.state} if row.pk else {}
    if row.state == State.REMOVED:
        row.clearances.filter(withdrawn_at=None).update(withdrawn_at=now)
    _decide(row, State.SET, user, _text(reason), now)
    audit.record(
        user, "clearance.tag_set", item, before, {"tag": tag.name, "state": row.state, "reason": row.reason}
    )
    return row


@transaction.atomic
def remove_tag(item_id: int, tag_id: int, *, user: Actor, reason: str, now: datetime) -> ItemTag:
    """Say that a tag does not fit the item; without one that fits, nothing holds it. Raises `UserError` for want of a reason."""
    item = _locked(item_id)
    row = _row(item, tag_id)
    why = _text(reason)
    if not why:
        raise UserError(_("Say why the tag does not fit."), _("Others read it on the item's page."))
    before = {"tag": row.tag.name, "state": row.state}
    _decide(row, State.REMOVED, user, why, now)
    audit.record(
        user, "clearance.tag_removed", item, before, {"tag": row.tag.name, "state": row.state, "reason": why}
    )
    _let_go()
    return row


@transaction.atomic
def clear(
    item_id: int, tag_id: int, *, user: Actor, revision: int, note: str = "", now: datetime
) -> Clearance:
    """Clear a tag for the item's `revision`, which the person looked at.

    Raises `Changed` when there is another by now, `UserError` when the person is no member of the tag's role.
    """
    item = _locked(item_id)
    row = _row(item, tag_id)
    _check_member(user, row.tag)
    if item.revision != revision:
        raise Changed(
            _("The item has changed since you opened it: this is revision %(is)s, you saw %(saw)s.")
            % {"is": item.revision, "saw": revision},
            _("Look at what changed, then decide."),
        )
    given = row.clearances.filter(revision=revision, withdrawn_at=None).first()
    if given is not None:
        return given
    given = Clearance.objects.create(
        item_tag=row,
        revision=revision,
        user_id=user.pk if isinstance(user, AbstractBaseUser) else None,
        name=audit.name_of(user),
        at=now,
        note=_text(note),
    )
    after = {"tag": row.tag.name, "revision": revision, "note": given.note}
    audit.record(user, "clearance.given", item, {}, after)
    _let_go()
    return given


@transaction.atomic
def take_back(item_id: int, tag_id: int, *, user: Actor, reason: str = "", now: datetime) -> None:
    """Withdraw the clearance of the present revision: nothing more about the item leaves. Raises `UserError`."""
    gate.close()
    item = _locked(item_id)
    row = _row(item, tag_id)
    _check_member(user, row.tag)
    if not row.clearances.filter(revision=item.revision, withdrawn_at=None).update(withdrawn_at=now):
        raise UserError(_("It is not cleared."), _("Load the page again."))
    after = {"tag": row.tag.name, "revision": item.revision, "reason": _text(reason)}
    audit.record(user, "clearance.taken_back", item, {}, after)


def settable(tags: Sequence[TagOf]) -> list[ClearanceTag]:
    """The tags that may be added to an item which has these."""
    there = [each.row.tag_id for each in tags if each.row.state != State.REMOVED]
    return list(ClearanceTag.objects.filter(active=True).exclude(pk__in=there))


def _check_member(user: Actor, tag: ClearanceTag) -> None:
    if not may_clear(user, tag):
        raise UserError(
            _("“%(tag)s” is cleared by members of %(role)s only.")
            % {"tag": tag.name, "role": tag.group.name},
            _("Ask one of them."),
        )


def _locked(item_id: int) -> Item:
    item = Item.objects.select_for_update(of=("self",), no_key=True).filter(pk=item_id).first()
    if item is None:
        raise UserError(_("There is no such item."), _("Load the list again."))
    return item


def _row(item: Item, tag_id: int) -> ItemTag:
    rows = ItemTag.objects.select_for_update(of=("self",)).select_related("tag__group")
    row = rows.filter(item=item, tag_id=tag_id).exclude(state=State.REMOVED).first()
    if row is None:
        raise UserError(_("The item does not have that tag any more."), _("Load the page again."))
    return row


def _decide(row: ItemTag, state: str, user: Actor, reason: str, now: datetime) -> None:
    row.state, row.reason, row.at = state, reason, now
    row.user_id = user.pk if isinstance(user, AbstractBaseUser) else None
    row.name = audit.name_of(user)
    row.save()


def _text(value: str) -> str:
    return value.replace("\0", "").strip()[:LONGEST_NOTE]


def _let_go() -> None:
    """What waited for it may have its slot, or leave. The clock finds it anyway."""
    events.emit("post.approved")
    events.emit("delivery.due")
