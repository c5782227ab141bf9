"""`publisher channel check`: ask a channel's network now whether its account works."""

from __future__ import annotations

import click

from publisher.cli.report import Report, reporting
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.social import endings, health
from publisher.social.models import Channel, ChannelHealth


@click.group()
def channel() -> None:
    """Channels: whether their accounts work."""


@channel.command()
@click.argument("name")
@reporting
def check(name: str) -> Report:
    """Ask the network of the channel NAME whether its account works. Exit status 1: it does not, or nobody could be asked.

    A channel that is down is paused, as it would be by its next post.
    """
    found = Channel.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Channel.objects.order_by("name").values_list("name", flat=True)[:20])
        raise UserError(
            f"There is no channel {name}.", f"Channels: {known or 'none yet: see `publisher apply`'}."
        )
    now = clock.now()
    row = health.check(found.pk, now=now)
    found.refresh_from_db()
    asked = health.is_asked(found)
    works = (row.state == ChannelHealth.State.GOOD or not asked) and not row.problem
    data = {
        "channel": found.name,
        "network": found.network,
        "works": works,
        "state": row.state,
        "account": row.account_name,
        "problem": row.problem,
        "paused": found.paused_reason,
        "limits": row.told_limits,
        "access_ends": row.credentials_end_at,
        "checked": row.checked_at,
    }
    text = [
        f"{found.name}: a person posts there, so there is nobody to ask."
        if not asked
        else f"{found.name} works, as {row.account_name}."
        if works
        else f"{found.name}: {row.problem or 'not known yet.'}"
    ]
    text += [warning] if (warning := endings.warning(row.credentials_end_at, now)) else []
    if found.paused_reason and works:
        text.append("The channel is paused. Let it go on in the desk, under Channels.")
    return Report(data, "\n".join(text), ok=works)
