"""`publisher pause` and `publisher release`: holding back a channel, a topic or a country, and letting it go on.

What stands is shown by `publisher sending`; everything at once is `publisher sending stop`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from publisher.cli.report import Report, reporting
from publisher.cli.sending import confirm, pause_data, pause_line
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.core.models import Pause
from publisher.delivery import pausing, waiting
from publisher.delivery.pausing import Target
from publisher.delivery.reslotting import How
from publisher.items.models import Topic
from publisher.social.models import Channel

HOW = {how.value: how for how in How}


def targets(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what; each may be given several times."""
    for option, name, text in (
        ("--country", "countries", "A country: the channels for readers there, and what its sources bring."),
        ("--topic", "topics", "A topic by its slug, such as sdg-3."),
        ("--channel", "channels", "A channel by its name."),
    ):
        command = click.option(option, name, multiple=True, metavar="NAME", help=text)(command)
    return command


@click.command()
@targets
@click.option("--reason", required=True, help="Why; everybody who finds it paused reads this.")
@reporting
def pause(
    channels: tuple[str, ...], topics: tuple[str, ...], countries: tuple[str, ...], reason: str
) -> Report:
    """Hold back channels, topics and countries: within two seconds nothing more of them leaves.

    Everything at once is `publisher sending stop`.
    """
    chosen = _chosen(channels, topics, countries)
    by = audit.os_user()
    rows = pausing.pause(chosen, user=None, by=by, reason=reason, now=clock.now())
    behind = [waiting.behind(row) for row in rows]
    text = [f"Paused: {pause_line(each)}" for each in behind]
    return Report({"paused": [pause_data(each) for each in behind]}, "\n".join(text))


@click.command()
@targets
@click.option(
    "--posts",
    "how",
    type=click.Choice(list(HOW)),
    required=True,
    help="all: those that waited get new slots. each: a person decides about each in the desk.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@reporting
def release(
    channels: tuple[str, ...], topics: tuple[str, ...], countries: tuple[str, ...], how: str, yes: bool
) -> Report:
    """Let what was paused go on, after showing what waits behind it."""
    rows = [_standing(target) for target in _chosen(channels, topics, countries)]
    if not yes:
        click.echo("\n".join(pause_line(waiting.behind(row)) for row in rows), err=True)
        confirm("Release it?")
    by = audit.os_user()
    done = [pausing.release(row.pk, HOW[how], user=None, by=by, now=clock.now()) for row in rows]
    text = []
    for each in done:
        text.append(f"{each.pause} goes on. {each.posts.said}".strip())
        text += [f"{edition} is paused: its time passed long ago." for edition in each.editions]
    data = [
        {
            "name": str(each.pause),
            "new_slots": each.posts.moved,
            "waiting": each.posts.waiting,
            "asking": each.posts.asking,
            "editions_paused": [edition.short_name for edition in each.editions],
        }
        for each in done
    ]
    return Report({"released": data}, "\n".join(text))


def _chosen(channels: tuple[str, ...], topics: tuple[str, ...], countries: tuple[str, ...]) -> list[Target]:
    chosen = [*map(_channel, channels), *map(_topic, topics), *map(pausing.of_country, countries)]
    if not chosen:
        raise UserError(
            "Say what: --channel, --topic or --country.",
            "Everything at once is `publisher sending stop`; `publisher sending` shows what is paused.",
        )
    return chosen


def _channel(name: str) -> Target:
    channel = Channel.objects.filter(name=name).first()
    if channel is None:
        known = ", ".join(Channel.objects.order_by("name").values_list("name", flat=True)[:20])
        raise UserError(f"There is no channel “{name}”.", f"There are: {known or 'none yet'}.")
    return pausing.of_channel(channel)


def _topic(slug: str) -> Target:
    topic = Topic.objects.filter(slug=slug).first()
    if topic is None:
        known = ", ".join(Topic.objects.values_list("slug", flat=True)[:50])
        raise UserError(f"There is no topic “{slug}”.", f"There are: {known or 'none yet'}.")
    return pausing.of_topic(topic)


def _standing(target: Target) -> Pause:
    row = next((row for row in Pause.objects.all() if pausing.key_of(row) == target.key), None)
    if row is None:
        raise UserError(
            f"{target.scope.label} {target.name} is not paused.", "`publisher sending` shows what is."
        )
    return row
