"""Asking for a deed on many: what is asked for is checked, those whom it meets are counted, and the number is confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.audience import attributes
from publisher.audience.choices import Choice, selection_for
from publisher.audience.models import Attribute, Bulk, Tag
from publisher.audience.segments import conditions, matching
from publisher.audience.segments.conditions import Groups
from publisher.core import audit, events
from publisher.core.errors import UserError
from publisher.core.masking import masked_text

UNDO_FOR = timedelta(days=7)
COUNT_SECONDS = 20.0
"""How long a person waits for the number that they are to confirm."""
MOST_OPEN = 5
"""Bulk actions of one person that may be open at once."""
SHARE = 0.01
"""The number may change by this part of it between seeing and doing, …"""
FEW = 5
"""… or by so many."""
LONGEST_HOW = 200


@dataclass(frozen=True)
class Wish:
    """A deed and what it needs: `tag` is a name, `value` as typed, `choice` what of the digest they get."""

    action: str
    tag: str = ""
    attribute: str = ""
    value: str = ""
    digest_id: int | None = None
    choice: Choice | None = None
    how: str = ""


class Moved(UserError):
    """The number of those meant is not the one that was confirmed; `number` is the present one."""

    def __init__(self, number: int) -> None:
        super().__init__(
            _("They are %(number)s by now, and not as many as you saw.") % {"number": number},
            _("Look at the new number, and confirm again."),
        )
        self.number = number


def changed_a_lot(expected: int, found: int) -> bool:
    """Whether the person would be surprised."""
    return abs(found - expected) > max(FEW, expected * SHARE)


def checked(wish: Wish) -> dict[str, Any]:
    """What is stored of a wish; makes nothing. Raises `UserError`."""
    how = masked_text(" ".join(wish.how.split()))  # it is kept for ever, with the deed and in the trail
    if len(how) > LONGEST_HOW:
        raise UserError(_("The reason has at most %(most)s characters.") % {"most": LONGEST_HOW})
    match wish.action:
        case Bulk.Action.TAG | Bulk.Action.UNTAG:
            return {"tag": _tag(wish.tag).pk}
        case Bulk.Action.SET:
            definition = Attribute.objects.filter(key=wish.attribute).first()
            if definition is None:
                raise UserError(_("Choose an attribute."))
            return {
                "attribute": definition.key,
                "value": attributes.value_of(definition.kind, wish.value),
            }
        case Bulk.Action.UNSUBSCRIBE:
            return {"digest": wish.digest_id, "how": _said(how)}
        case Bulk.Action.SUPPRESS:
            return {"how": _said(how)}
        case Bulk.Action.SUBSCRIBE:
            if wish.digest_id is None or wish.choice is None:
                raise UserError(_("Choose a digest."))
            if not how:
                raise UserError(
                    _("There is no word on how these people agreed."),
                    _("Write it down: it is the proof of consent."),
                )
            return {"digest": wish.digest_id, "how": how}
    raise UserError(_("Choose what is done."))


def _said(how: str) -> str:
    if not how:
        raise UserError(_("There is no word on why."), _("Write it down: others will ask."))
    return how


def _tag(name: str) -> Tag:
    tag = Tag.objects.filter(key=" ".join(name.split()).casefold()).first()
    if tag is None:
        raise UserError(_("Choose a tag."), _("A new one is made on the page of tags."))
    return tag


@transaction.atomic
def ask(groups: Groups, wish: Wish, *, expected: int, user: User, now: datetime) -> Bulk:
    """Have it done to those who fit, as many as the person confirmed. Raises `Moved`, and `UserError`."""
    given = checked(wish)
    if Bulk.objects.filter(asked_by=user, state__in=Bulk.OPEN).count() >= MOST_OPEN:
        raise UserError(
            _("%(most)s bulk actions of yours are being done.") % {"most": MOST_OPEN},
            _("Wait until one has ended."),
        )
    found = matching.exactly(groups, now=now)
    if changed_a_lot(expected, found):
        raise Moved(found)
    if not found:
        raise UserError(_("Nobody fits."), _("Choose other conditions."))
    if wish.choice and wish.action == Bulk.Action.SUBSCRIBE:
        given["selection"] = selection_for(wish.choice).pk
    bulk = Bulk.objects.create(
        action=wish.action,
        given=given,
        groups=conditions.written(groups),
        expected=found,
        asked_by=user,
        at=now,
    )
    trail = {key: value for key, value in given.items() if key not in ("selection", "value")}
    audit.record(user, f"bulk.{bulk.action}", bulk, after={"expected": found} | trail)
    events.emit("bulk.asked")
    return bulk


@transaction.atomic
def stop(bulk_id: int, *, user: User, now: datetime) -> Bulk:
    """End it after the batch that is being done; what is done stays, and can be undone. Raises `UserError`."""
    bulk = Bulk.objects.select_for_update().get(pk=bulk_id)
    if bulk.state not in (Bulk.State.COLLECTING, Bulk.State.RUNNING):
        raise UserError(_("It is not being done any more."))
    bulk.state, bulk.finished_at = Bulk.State.STOPPED, now
    bulk.save(update_fields=["state", "finished_at"])
    audit.record(user, "bulk.stopped", bulk, after={"done": bulk.done})
    return bulk


@transaction.atomic
def undo(bulk_id: int, *, user: User, now: datetime) -> Bulk:
    """Have it taken back, for those whom nobody has changed since. Raises `UserError`."""
    bulk = Bulk.objects.select_for_update().get(pk=bulk_id)
    if why := why_not_undo(bulk, now):
        raise UserError(why)
    bulk.state, bulk.cursor, bulk.undone_by = Bulk.State.UNDOING, 0, user
    bulk.save(update_fields=["state", "cursor", "undone_by"])
    audit.record(user, "bulk.undone", bulk, after={"changed": bulk.changed})
    events.emit("bulk.asked")
    return bulk


def why_not_undo(bulk: Bulk, now: datetime) -> str:
    """Why it cannot be taken back; "" when it can."""
    if bulk.state in Bulk.OPEN:
        return _("It is being done.")
    if bulk.state not in (Bulk.State.DONE, Bulk.State.STOPPED):
        return _("There is nothing to undo.")
    if bulk.forgotten or now - bulk.at > UNDO_FOR:
        return _("Its seven days are over.")
    return "" if bulk.changed else _("There is nothing to undo.")


NUMBER_CHANGED = gettext_noop("They were %(found)s when it was begun, and %(expected)s had been confirmed.")
