"""What the organisation knows of subscribers besides: definitions that staff make, and values read by them.

A value stands in `Subscriber.attributes` by its definition's key: a text, a number, true or false, or a date as ISO 8601 text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from publisher.audience.models import Attribute, Bulk, Subscriber
from publisher.audience.stale import Stale
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError

MOST = 100
"""Definitions: each is a field on every subscriber's page."""
LONGEST_LABEL = 80
LONGEST_TEXT = 500
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
YES = frozenset({"yes", "y", "true", "1", "on", "是", "有", "oui", "sí", "si", "نعم"})
NO = frozenset({"no", "n", "false", "0", "off", "否", "无", "non", "لا"})

Value = str | int | float | bool | None


def value_of(kind: str, text: str) -> Value:
    """What a cell or field says; None for an empty one. Raises `UserError`."""
    text = " ".join(text.split())
    if not text:
        return None
    if kind == Attribute.Kind.YES_NO:
        return _yes_no(text)
    if kind == Attribute.Kind.NUMBER:
        return _number(text)
    if kind == Attribute.Kind.DATE:
        return _date(text)
    if len(text) > LONGEST_TEXT or "\0" in text or not text.isprintable():
        raise UserError(
            _("A text has at most %(most)s characters, and none that cannot be seen.")
            % {"most": LONGEST_TEXT}
        )
    return text


def shown(value: Value) -> str:
    """A value as a field shows it, and as `value_of` reads it again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _yes_no(text: str) -> bool:
    folded = text.casefold()
    if folded in YES or folded in NO:
        return folded in YES
    raise UserError(_("“%(text)s” is neither yes nor no.") % {"text": text[:60]}, _("Write yes or no."))


def _number(text: str) -> int | float:
    try:
        if re.fullmatch(r"[+-]?\d{1,15}", text, re.ASCII):
            return int(text)
        number = float(text) if re.fullmatch(r"[+-]?\d{1,15}\.\d{1,10}", text, re.ASCII) else math.nan
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise UserError(
            _("“%(text)s” is no number.") % {"text": text[:60]}, _("Write it in digits: 12 or 12.5.")
        )
    return number


def _date(text: str) -> str:
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text, re.ASCII)
    try:
        return date(*map(int, found.groups())).isoformat() if found else date.fromisoformat(text).isoformat()
    except ValueError:
        raise UserError(
            _("“%(text)s” is no date.") % {"text": text[:60]}, _("Write it like 2026-05-31.")
        ) from None


@transaction.atomic
def define(key: str, label: str, kind: str, *, user: Actor, now: datetime) -> Attribute:
    """Make a definition. Raises `UserError`."""
    key = key.strip()
    if not KEY.fullmatch(key):
        raise UserError(
            _("“%(key)s” cannot be the short name of an attribute.") % {"key": key[:60]},
            _("Write small letters, digits and _, with a letter in front: job_title."),
        )
    if kind not in Attribute.Kind.values:
        raise UserError(_("Choose what its values are: text, number, yes or no, or date."))
    if Attribute.objects.count() >= MOST:
        raise UserError(_("There are %(most)s attributes already.") % {"most": MOST})
    try:
        with transaction.atomic():
            row = Attribute.objects.create(key=key, label=_label(label), kind=kind, created_at=now)
    except IntegrityError:
        raise UserError(
            _("There is an attribute %(key)s already.") % {"key": key}, _("Choose another short name.")
        ) from None
    audit.record(user, "attribute.made", row, after={"key": key, "label": row.label, "kind": kind})
    return row


@transaction.atomic
def relabel(attribute_id: int, label: str, *, version: int, user: Actor) -> Attribute:
    """Call it otherwise. Raises `Stale`, and `UserError`."""
    row = Attribute.objects.select_for_update().get(pk=attribute_id)
    if row.version != version:
        raise Stale(_("%(name)s has changed since you opened it.") % {"name": row}, _("Look at it again."))
    before, row.label = row.label, _label(label)
    if row.label != before:
        row.version += 1
        row.save(update_fields=["label", "version"])
        audit.record(user, "attribute.changed", row, {"label": before}, {"label": row.label})
    return row


@transaction.atomic
def remove(attribute_id: int, *, user: Actor) -> None:
    """Remove a definition that nobody has a value of. Raises `UserError`."""
    row = Attribute.objects.select_for_update().get(pk=attribute_id)
    if in_use(row.key):
        raise UserError(
            _("Subscribers have a value of %(name)s.") % {"name": row.label},
            _("Empty it first: filter by it, choose Act on these, and set it to nothing."),
        )
    if Bulk.objects.filter(state__in=Bulk.OPEN, given__attribute=row.key).exists():
        raise UserError(_("A bulk action with this attribute is being done."), _("Wait for its end."))
    audit.record(user, "attribute.removed", row, {"key": row.key, "label": row.label})
    row.delete()


def in_use(key: str) -> bool:
    """Whether a subscriber has a value of it."""
    return Subscriber.objects.exclude(attributes={}).filter(attributes__has_key=key).exists()


@transaction.atomic
def change(
    subscriber_id: int, values: Mapping[str, str], *, seen: Mapping[str, str], user: Actor
) -> Subscriber:
    """Set what is known of one subscriber, as typed; empty takes a value away. `seen`: what the person saw of each (as `shown`);
    what was not changed on the page stays. Raises `Stale` when another changed the same, and `UserError`."""
    row = Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber_id)
    known = {each.key: each for each in Attribute.objects.filter(key__in=values)}
    new: dict[str, Value] = dict(row.attributes)
    for key, text in values.items():
        if key not in known:
            raise UserError(_("There is no attribute %(key)s.") % {"key": key[:60]}, _("Make it first."))
        try:
            value = value_of(known[key].kind, text)
        except UserError as error:
            raise UserError(f"{known[key].label}: {error.message}", error.hint) from None
        if key in seen and shown(value) == seen[key]:
            continue
        if key in seen and seen[key] != shown(row.attributes.get(key)):
            raise Stale(
                _("%(name)s has changed since you opened the page.") % {"name": known[key].label},
                _("Look at it again."),
            )
        new[key] = value
    _save(row, new, user)
    return row


def _save(row: Subscriber, new: Mapping[str, Any], user: Actor) -> None:
    """Only the names of what changed stand in the audit trail: values are about a person."""
    kept = {key: value for key, value in new.items() if value is not None}
    changed = sorted(
        key for key in kept.keys() | row.attributes.keys() if kept.get(key) != row.attributes.get(key)
    )
    if changed:
        row.attributes = kept
        row.save(update_fields=["attributes"])
        audit.record(user, "subscriber.attributes", row, after={"fields": changed})


def _label(text: str) -> str:
    label = " ".join(text.split())
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        raise UserError(
            _("An attribute needs a name of 1 to %(most)s characters.") % {"most": LONGEST_LABEL},
            _("Write how staff call it: Job title."),
        )
    return label
