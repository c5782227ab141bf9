"""What a person asks of the log: a test, a message once more, all since a time once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.hooks import kinds
from publisher.hooks.models import Endpoint, Message

KEPT: Final = timedelta(days=30)
"""How long the log goes back."""

_SETTLED: Final = (Message.State.SENT, Message.State.FAILED)


@transaction.atomic
def send_test(endpoint_id: int, *, user: Actor, now: datetime) -> Message:
    """Send the endpoint a `webhook.test`, whatever it wants else. Raises UserError while it is off."""
    endpoint = _active(endpoint_id)
    change: dict[str, Any] = {
        "id": _next_number(),
        "object": endpoint.pk,
        "old": "",
        "new": "test",
        "at": now.isoformat(),
    }
    message = Message.objects.create(
        endpoint=endpoint,
        key=f"evt_{change['id']}",
        type=kinds.TEST,
        changes=[change],
        due_at=now,
        created_at=now,
        begun_at=now,
    )
    # A person waits: its rest is over.
    Endpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    audit.record(user, "endpoint.tested", endpoint, after={"name": endpoint.name})
    events.emit("hook.asked")
    return message


@transaction.atomic
def replay(endpoint_id: int, message_id: int, *, user: Actor, now: datetime) -> Message:
    """Send one again, with the `webhook-id` that it had. One that waits is sent at once. Raises UserError, DoesNotExist."""
    endpoint = _active(endpoint_id)
    message = Message.objects.select_for_update().get(pk=message_id, endpoint=endpoint)
    if message.state != Message.State.SENDING:
        _queue(Message.objects.filter(pk=message.pk), now)
    Endpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    audit.record(user, "endpoint.replayed", endpoint, after={"message": message.key, "type": message.type})
    events.emit("hook.asked")
    message.refresh_from_db()
    return message


@transaction.atomic
def replay_since(endpoint_id: int, *, since: datetime, failed_only: bool, user: Actor, now: datetime) -> int:
    """Send again what was written at `since` or later and has been taken or given up; how many. Raises UserError."""
    endpoint = _active(endpoint_id)
    if since > now or since < now - KEPT:
        raise UserError(
            _("The log goes back %(days)s days.") % {"days": KEPT.days},
            _("Choose a time within them."),
        )
    states = (Message.State.FAILED,) if failed_only else _SETTLED
    chosen = Message.objects.filter(endpoint=endpoint, state__in=states, created_at__gte=since)
    count = _queue(chosen, now)
    after = {"since": since.isoformat(), "messages": count, "failed_only": failed_only}
    audit.record(user, "endpoint.replayed_since", endpoint, after=after)
    events.emit("hook.asked")
    return count


def _queue(rows: Any, now: datetime) -> int:
    return int(rows.update(state=Message.State.QUEUED, due_at=now, begun_at=now, attempts=0, settled_at=None))


def _active(endpoint_id: int) -> Endpoint:
    endpoint = Endpoint.objects.get(pk=endpoint_id, removed_at=None)
    if not endpoint.active:
        raise UserError(_("%(name)s is switched off.") % {"name": endpoint.name}, _("Switch it on first."))
    return endpoint


def _next_number() -> int:
    """From the numbers of changes, so that a test's id is nobody else's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('hooks_change', 'id'))")
        (number,) = cursor.fetchone()
    return int(number)
