"""The organisation's own list of clearance tags, and the roles whose members clear them. A role is a group of Django without
permissions of its own; its members are people of the desk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from publisher.core import audit, gate
from publisher.core.audit import Actor
from publisher.core.errors import ChangedSince, UserError
from publisher.people.permissions import ROLES
from publisher.review.models import ClearanceTag
from publisher.review.suggesting import checked_words

LONGEST_NAME = 80
LONGEST_MEANING = 1_000


class Stale(ChangedSince):
    """Somebody has changed it since the form was shown."""


def roles() -> QuerySet[Group]:
    """The roles that clear: every group but those of the four roles of the desk, which say what people may do."""
    return Group.objects.exclude(name__in=[role.name for role in ROLES]).order_by("name")


@transaction.atomic
def save(
    tag_id: int | None,
    *,
    user: Actor,
    version: int = 0,
    name: str,
    meaning: str,
    group_id: int,
    words: Sequence[str],
    active: bool,
    now: datetime,
) -> ClearanceTag:
    """Make a tag (None), or change one of which the person saw `version`. Its words suggest it for what comes in from now on.

    Switched off, it holds nothing any more. Raises `Stale`, `UserError`.
    """
    if active:
        gate.close()  # one that is switched on again holds what has it from the commit on
    row = (
        ClearanceTag.objects.select_for_update().filter(pk=tag_id).first()
        if tag_id
        else ClearanceTag(created_at=now)
    )
    if row is None:
        raise UserError(_("There is no such tag any more."), _("Load the list again."))
    if row.pk and row.version != version:
        raise Stale(_("The tag has changed since you opened it."), _("Compare the two, then save again."))
    before = _told(row) if row.pk else {}
    row.name, row.meaning = _name(name), meaning.replace("\0", "").strip()[:LONGEST_MEANING]
    row.words, row.active = checked_words("\n".join(words)), active
    group = Group.objects.filter(pk=group_id).first()
    if group is None:
        raise UserError(_("Choose the role that clears it."), _("Make one first if there is none."))
    row.group = group
    if before == _told(row):
        return row
    row.version += row.pk is not None
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise UserError(_("There is a tag of that name already."), _("Choose another name.")) from None
    audit.record(user, f"clearance_tag.{'changed' if before else 'created'}", row, before, _told(row))
    return row


@transaction.atomic
def save_role(group_id: int | None, *, user: Actor, name: str, member_ids: Collection[int]) -> Group:
    """Make a role that clears (None), or change its name and members. Raises `UserError`."""
    row = roles().filter(pk=group_id).select_for_update().first() if group_id else Group()
    if row is None:
        raise UserError(_("There is no such role."), _("Load the list again."))
    before = {"name": row.name, "members": _members(row)} if row.pk else {}
    row.name = _name(name)
    if Group.objects.filter(name__iexact=row.name).exclude(pk=row.pk).exists():
        raise UserError(_("There is a role of that name already."), _("Choose another name."))
    row.save()
    row.user_set.set(User.objects.filter(pk__in=list(member_ids), is_active=True))
    after = {"name": row.name, "members": _members(row)}
    if before != after:
        audit.record(user, f"clearance_role.{'changed' if before else 'created'}", row, before, after)
    return row


def _name(value: str) -> str:
    name = " ".join(value.replace("\0", "").split())
    if not name:
        raise UserError(_("It has no name."), _("Give it one that all staff understand."))
    if len(name) > LONGEST_NAME:
        raise UserError(_("The name is longer than %(most)s characters.") % {"most": LONGEST_NAME})
    return name


def _members(row: Group) -> list[str]:
    return sorted(row.user_set.values_list("username", flat=True))


def _told(row: ClearanceTag) -> dict[str, object]:
    """The tag as the audit trail names it."""
    return {
        "name": row.name,
        "meaning": row.meaning,
        "role": row.group.name,
        "words": list(row.words),
        "active": row.active,
    }
