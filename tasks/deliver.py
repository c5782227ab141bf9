"""Sending what is queued, and settling what nobody settled."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from publisher.core import clock
from publisher.delivery import mail, notices, people_letters, posting, reader_letters
from publisher.delivery.amending import claim as amending
from publisher.delivery.amending import doing, doubts
from publisher.delivery.sweep import sweep as sweep_leases
from publisher.delivery.turns import LONG, turn
from publisher.hooks import sending as hooks
from tasks.edge import apart, stage

SECONDS = 20.0
"""How long one task sends before it makes room for others; the next tick goes on."""
HOOK_SECONDS = 5.0
"""The same of webhooks, which take the turn of long work: what is on its way then has ten seconds more to end."""


@stage("tasks.deliver.send_mail")
def send_mail(**_given: object) -> dict[str, int]:
    """Send queued mail for a while."""
    return mail.send_due(seconds=SECONDS)


@stage("tasks.deliver.send_posts")
def send_posts(**_given: object) -> int:
    """Publish the parts of posts that are due, for a while."""
    return posting.send_due(seconds=SECONDS)


@stage("tasks.deliver.send_notices")
def send_notices(**_given: object) -> dict[str, int]:
    """Send the mails to staff that wait, by the database's time: leases are written in it."""
    return notices.send_due(now=clock.database_now())


@stage("tasks.deliver.send_letters")
def send_letters(**_given: object) -> dict[str, int]:
    """Send invitations and links for new passwords, by the database's time: leases are written in it."""
    return people_letters.send_due(now=clock.database_now())


@stage("tasks.deliver.send_reader_letters")
def send_reader_letters(**_given: object) -> dict[str, int]:
    """Send what single readers are waiting for, such as the mail that asks to confirm, by the database's time."""
    return reader_letters.send_due(now=clock.database_now())


@stage("tasks.deliver.send_hooks")
def send_hooks(**_given: object) -> dict[str, int]:
    """Tell the endpoints of webhooks what changed, by the database's time: leases are written in it."""
    if not hooks.is_due(now=clock.database_now()):
        return {}
    with turn(LONG, seconds=HOOK_SECONDS + hooks.WHOLE_SECONDS) as mine:
        return hooks.send_due(seconds=HOOK_SECONDS, apart=apart) if mine else {}


@stage("tasks.deliver.amend")
def amend(*, now: datetime, **_ids: int) -> dict[str, int]:
    """Correct what was sent: settle what a dead worker left, resolve what is unclear, do what is due."""
    counts = {
        "swept": amending.sweep(now=clock.database_now()),
        "resolved": doubts.resolve(now=now),
        "done": 0,
    }
    for amendment_id in doing.due(now=now):
        moment = clock.now()
        if moment > now + timedelta(seconds=SECONDS):
            break
        counts["done"] += doing.do(amendment_id, now=moment)
    return counts if any(counts.values()) else {}


@stage("tasks.deliver.sweep")
def sweep(**_given: object) -> dict[str, int]:
    """Settle leases that ran out, by the database's time, in which they are written."""
    swept = sweep_leases(now=clock.database_now(), most=settings.ATTEMPTS)
    return {state.value: n for state, n in swept.items()}
