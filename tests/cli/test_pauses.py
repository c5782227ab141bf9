"""`publisher pause` and `publisher release`, and what `publisher sending` says of pauses."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from publisher.cli.intake import add_source
from publisher.cli.pauses import pause, release
from publisher.cli.sending import sending
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry, Pause, Standstill
from publisher.items.models import Source
from publisher.social.models import Channel, Post
from tests.builders import a_schedule, a_source, a_topic
from tests.desk.builders import a_post
from tests.social.steps import a_sandbox_channel, with_topic

pytestmark = pytest.mark.django_db


def run(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def report(command: click.Command, *arguments: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(run(command, *arguments, "--json").stdout)
    return data


@pytest.fixture
def channel() -> Channel:
    slots = [{"weekday": day, "at": f"{hour:02}:00"} for day in range(7) for hour in range(24)]
    return a_sandbox_channel(name="Mastodon", schedule=a_schedule(slots=slots))


@pytest.fixture
def post(channel: Channel) -> Post:
    """One whose slot has passed half an hour ago, about water."""
    at = clock.now() - timedelta(minutes=30)
    post = a_post(channel=channel, state="scheduled", slot_at=at, approved_at=at)
    with_topic(post.item, a_topic())
    return post


def test_it_pauses_several_things_for_one_reason_and_says_what_waits(post: Post) -> None:
    said = report(
        pause, "--channel", "Mastodon", "--topic", "water", "--country", "ke", "--reason", "A flood"
    )
    assert [(each["scope"], each["name"], each["posts"]) for each in said["paused"]] == [
        ("channel", "Mastodon", {"scheduled": 1}),
        ("topic", "Water", {"scheduled": 1}),
        ("country", "KE", {}),
    ]
    assert set(Pause.objects.values_list("reason", "by")) == {("A flood", audit.os_user())}
    assert report(sending)["pauses"][0]["name"] == "Mastodon"
    shown = run(sending).output
    assert "Channel Mastodon since" in shown
    assert "A flood (1 post (1 scheduled) behind it)" in shown


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--reason", "A flood"], "Say what"),
        (["--reason", " ", "--country", "KE"], "Say why"),
        (["--reason", "A flood", "--channel", "Mastodont"], "no channel “Mastodont”"),
        (["--reason", "A flood", "--topic", "fire"], "no topic “fire”"),
        (["--reason", "A flood", "--country", "Kenya"], "no country"),
    ],
)
def test_what_is_not_clear_pauses_nothing(channel: Channel, arguments: list[str], why: str) -> None:
    error = run(pause, *arguments).exception
    assert isinstance(error, UserError)
    assert why in error.message
    assert not Pause.objects.exists()


def test_it_is_released_with_new_slots(post: Post) -> None:
    run(pause, "--channel", "Mastodon", "--reason", "A flood")
    said = report(release, "--channel", "Mastodon", "--posts", "all", "--yes")
    assert said["released"][0] | {"name": ""} == {
        "name": "",
        "new_slots": 1,
        "waiting": 0,
        "asking": 0,
        "editions_paused": [],
    }
    post.refresh_from_db()
    assert post.slot_at
    assert post.slot_at > clock.now()
    assert not Pause.objects.exists()


def test_it_is_released_post_by_post(post: Post) -> None:
    run(pause, "--topic", "water", "--reason", "A flood")
    said = run(release, "--topic", "water", "--posts", "each", "--yes").output
    assert said == "Topic Water goes on. 1 post asks before it leaves.\n"
    post.refresh_from_db()
    assert post.state == "expired"
    assert AuditEntry.objects.filter(action="pause.released", actor_name=audit.os_user()).exists()


def test_nothing_is_released_that_is_not_paused_or_that_nobody_confirmed(channel: Channel) -> None:
    error = run(release, "--channel", "Mastodon", "--posts", "all", "--yes").exception
    assert isinstance(error, UserError)
    assert "is not paused" in error.message
    run(pause, "--channel", "Mastodon", "--reason", "A flood")
    error = run(release, "--channel", "Mastodon", "--posts", "all").exception
    assert isinstance(error, UserError)
    assert "Nobody can answer here" in error.message
    assert run(release, "--channel", "Mastodon", "--yes").exit_code == 2, "how is not said"
    assert Pause.objects.exists()


def test_all_sending_goes_on_post_by_post_too(post: Post) -> None:
    run(sending, "stop", "--reason", "A flood")
    run(sending, "go", "--yes", "--posts", "each")
    post.refresh_from_db()
    assert (post.state, Standstill.objects.exists()) == ("expired", False)


def test_a_source_says_whose_office_it_is_when_it_is_added_or_later() -> None:
    assert report(add_source, "nairobi", "--country", "ke")["country"] == "KE"
    a_source("geneva")
    run(add_source, "geneva", "--country", "CH")
    assert Source.objects.get(name="geneva").country == "CH"
    assert AuditEntry.objects.filter(action="source.country", after__country="CH").exists()
    error = run(add_source, "geneva", "--country", "Swiss").exception
    assert isinstance(error, UserError)
