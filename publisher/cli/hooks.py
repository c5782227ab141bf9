"""`publisher hooks`: the webhooks, a test of one, and what it was told once more. They are made in the desk and by the API."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import click
from django.db.models import Count, Q
from django.utils.dateparse import parse_datetime

from publisher.cli.report import Report, reporting
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.hooks import asking, endpoints
from publisher.hooks.models import Endpoint, Message

SETTLED = (Message.State.SENT, Message.State.FAILED)
LOOK_SECONDS = 0.25


@click.group()
def hooks() -> None:
    """Webhooks: who is told of changes, and whether it arrives. docs/webhooks.md"""


@hooks.command("list")
@reporting
def list_hooks() -> Report:
    """List the webhooks: whether they work, what waits for them, and what was given up in the last 30 days."""
    waits = Q(messages__state__in=(Message.State.QUEUED, Message.State.SENDING))
    rows = list(
        endpoints.shown().annotate(
            waiting=Count("messages", filter=waits),
            given_up=Count("messages", filter=Q(messages__state=Message.State.FAILED)),
        )
    )
    lines = [
        f"{row.pk:>4}  {row.name}: {_state(row)}; {row.waiting} waiting, {row.given_up} given up"
        for row in rows
    ]
    none = "There are no webhooks. The desk makes them, under Webhooks."
    return Report({"webhooks": [_data(row) for row in rows]}, "\n".join(lines) or none)


@hooks.command()
@click.argument("name")
@click.option(
    "--wait",
    type=click.IntRange(0, 600),
    default=15,
    show_default=True,
    help="Seconds to wait for a worker to send it.",
)
@reporting
def test(name: str, wait: int) -> Report:
    """Send the webhook NAME a `webhook.test`, whatever else it is told.

    Exit status 1: it was not taken, or nobody sent it yet.
    """
    endpoint = _found(name)
    message = asking.send_test(endpoint.pk, user=audit.os_user(), now=clock.database_now())
    until = time.monotonic() + wait
    while not _is_known(message) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        message.refresh_from_db()
    if message.state == Message.State.SENT:
        text = f"{endpoint.name} took it: it answered {message.status}."
    elif message.reason:
        text = f"{endpoint.name} did not take it. {message.reason}"
    else:
        text = f"The test {message.key} waits: no worker has sent it within {wait} s. Does one run? `publisher status` says."
    return Report(_message(message), text, ok=message.state == Message.State.SENT)


@hooks.command()
@click.argument("name")
@click.argument("message", required=False)
@click.option("--since", metavar="TIME", help="All that was given up since then, such as 2026-06-01T08:00Z.")
@click.option("--taken", is_flag=True, help="With --since: also what was taken.")
@reporting
def replay(name: str, message: str | None, since: str | None, taken: bool) -> Report:
    """Send the webhook NAME again what it was told: one MESSAGE by its webhook-id, or all since a time. The ids stay."""
    endpoint = _found(name)
    if (message is None) == (since is None) or (taken and since is None):
        raise UserError(
            "Say which: one message by its webhook-id, or all of a time with --since.",
            "The log of the webhook in the desk shows the ids.",
        )
    now, by = clock.database_now(), audit.os_user()
    if since is not None:
        count = asking.replay_since(
            endpoint.pk, since=_moment(since), failed_only=not taken, user=by, now=now
        )
        text = f"{count} {'message is' if count == 1 else 'messages are'} sent to {endpoint.name} again."
        return Report({"webhook": endpoint.pk, "messages": count}, text)
    row = endpoint.messages.filter(key=message).order_by("-pk").first()
    if row is None:
        raise UserError(
            f"{endpoint.name} was not told {message} in the last {asking.KEPT.days} days.",
            "The log of the webhook in the desk shows the ids.",
        )
    row = asking.replay(endpoint.pk, row.pk, user=by, now=now)
    return Report(_message(row), f"{row.key} ({row.type}) is sent to {endpoint.name} again.")


def _found(name: str) -> Endpoint:
    """By name, or by number where that is unclear. Raises UserError."""
    rows = list(endpoints.shown().filter(name=name))
    if not rows and (number := number_in(name)) is not None:
        rows = list(endpoints.shown().filter(pk=number))
    if len(rows) > 1:
        numbers = ", ".join(str(row.pk) for row in rows)
        raise UserError(f"{len(rows)} webhooks are called {name}.", f"Give the number of one: {numbers}.")
    if not rows:
        known = ", ".join(endpoints.shown().values_list("name", flat=True)[:20])
        raise UserError(f"There is no webhook {name}.", f"Webhooks: {known or 'none yet'}.")
    found: Endpoint = rows[0]
    return found


def _is_known(message: Message) -> bool:
    """Whether a first answer, or the want of one, is written down."""
    return message.state in SETTLED or bool(message.reason)


def _moment(text: str) -> datetime:
    """A time with its offset, or else in UTC. Raises UserError."""
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise UserError(f"{text} is no time.", "Write it like 2026-06-01T08:00Z.")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _state(row: Endpoint) -> str:
    if not row.active:
        return f"off. {row.off_reason}".strip() if row.off_reason else "off"
    return f"failing since {row.failing_since:%Y-%m-%d %H:%M} UTC" if row.failing_since else "on"


def _data(row: Any) -> dict[str, object]:
    """Its address may hold a token, and stands in no report."""
    return {
        "id": row.pk,
        "name": row.name,
        "events": row.events,
        "active": row.active,
        "off_reason": row.off_reason,
        "failing_since": row.failing_since,
        "rests_until": row.rests_until,
        "waiting": row.waiting,
        "given_up": row.given_up,
    }


def _message(row: Message) -> dict[str, object]:
    return {
        "webhook_id": row.key,
        "type": row.type,
        "state": row.state,
        "status": row.status,
        "reason": row.reason,
        "attempts": row.attempts,
    }
