"""Asking for rows: given at once when they are few, else an export that a worker writes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.audience.segments.conditions import Groups
from publisher.core import audit, events
from publisher.core.errors import UserError
from publisher.core.masking import masked_query
from publisher.delivery.exports import forms, readers, store
from publisher.delivery.exports.kinds import kind_of
from publisher.delivery.models import Export

AT_ONCE = 50_000
"""Rows that are given at once, …"""
SECONDS = 4.0
"""… if they are found in this time."""
MOST_WAITING = 5
"""Exports of one person that may wait at the same time."""

DELIVERIES = Export.Kind.DELIVERIES


def at_once(query: str, *, form: str, zone: str, kind: str = DELIVERIES) -> list[bytes] | None:
    """All rows of a page's query string as pieces of a file; None when they are too many, or too far apart, to wait for."""
    until, listed = time.monotonic() + SECONDS, kind_of(kind)
    pieces: list[bytes] = []
    count = 0
    for rows, _after in listed.batches(query, zone, ""):
        count += len(rows)
        if count > AT_ONCE or time.monotonic() > until:
            return None
        pieces.append(forms.piece(rows, form, columns=listed.columns(query), first=not pieces))
    return pieces or [forms.piece((), form, columns=listed.columns(query), first=True)]


@transaction.atomic
def ask(
    query: str,
    *,
    form: str,
    zone: str,
    user: User,
    now: datetime,
    kind: str = DELIVERIES,
) -> Export:
    """Have the rows of a page's query string written to a file. Raises `UserError`."""
    problem = kind_of(kind).problem(query, zone)
    if problem:
        raise UserError(problem, _("Mend the filter first."))
    if form not in Export.Form.values:
        raise UserError(_("Choose CSV or JSON."))
    waiting = Export.objects.filter(asked_by=user, state=Export.State.WAITING)
    if waiting.count() >= MOST_WAITING:
        raise UserError(
            _("%(most_waiting)s exports of yours are being written.") % {"most_waiting": MOST_WAITING},
            _("Wait until one is ready."),
        )
    export = Export.objects.create(
        kind=kind,
        query=query,
        zone=zone,
        form=form,
        asked_by=user,
        key=secrets.token_urlsafe(32),
        created_at=now,
    )
    audit.record(user, "export.asked", export, after=_told_of(export) | {"form": form})
    events.emit("export.asked")
    return export


def ask_readers(groups: Groups, *, form: str, user: User, now: datetime) -> Export:
    """Have the subscribers who fit written to a file. The caller sees to it that this person may read addresses. Raises
    `UserError`."""
    query = readers.query_of(groups)
    return ask(query, form=form, zone="UTC", user=user, now=now, kind=Export.Kind.SUBSCRIBERS)


def _told_of(export: Export) -> dict[str, object]:
    """What the audit trail says of it: no address."""
    if export.kind == Export.Kind.SUBSCRIBERS:
        return {"of": export.kind, "conditions": len(readers.Wanted.of(export.query).groups)}
    return {"of": export.kind, "query": masked_query(export.query)}


def content_of(export: Export) -> Iterator[bytes]:
    """The file, a piece at a time, as it is downloaded. Raises `StoreAway`, and `UserError` for one that is not there."""
    for number in range(export.pieces):
        yield store.get(export.key, number)
