"""`publisher channel check`: whether an account works, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from publisher.cli.channel import channel as command
from publisher.core.errors import UserError
from publisher.social.models import Channel
from publisher.social.networks.sandbox.server import Server
from tests.builders import a_channel
from tests.fakes.linkedin import FakeLinkedIn
from tests.fakes.sandbox import sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with sandbox(tmp_path / "sandbox", tokens=frozenset({"right"})) as server:
        yield server


def check(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["check", *arguments], catch_exceptions=False, standalone_mode=False)


def test_an_account_that_works_is_named_and_the_exit_status_is_0(server: Server) -> None:
    a_channel("sandbox", name="Office", credentials={"token": "right"}, settings={"url": server.url})
    result = check("Office")
    assert result.return_value == 0
    assert result.output.startswith("Office works, as ")
    data = json.loads(check("Office", "--json").output)
    assert (data["works"], data["state"], data["paused"]) == (True, "good", "")


def test_one_that_is_down_is_paused_and_the_exit_status_is_1(server: Server) -> None:
    row = a_channel("sandbox", name="Office", credentials={"token": "wrong"}, settings={"url": server.url})
    result = check("Office", "--json")
    assert result.return_value == 1
    data = json.loads(result.output)
    assert (data["works"], data["state"]) == (False, "down")
    assert "wrong" not in result.output
    assert data["paused"] == Channel.objects.get(pk=row.pk).paused_reason != ""


def test_one_that_cannot_be_asked_is_1_too_and_pauses_nothing() -> None:
    row = a_channel(
        "sandbox", name="Office", credentials={"token": "t"}, settings={"url": "http://127.0.0.1:9"}
    )
    assert check("Office").return_value == 1
    assert Channel.objects.get(pk=row.pk).paused_reason == ""


def test_it_says_that_an_access_ends_soon() -> None:
    issued = datetime.now(UTC) - timedelta(days=51)
    with FakeLinkedIn() as there:
        a_channel(
            "linkedin",
            name="Page",
            credentials={"access_token": there.token, "issued_at": issued.timestamp()},
            settings={"organization": there.organization, "api": there.url},
        )
        assert "ends in 8 days" in check("Page").output


def test_a_name_that_there_is_not_is_told_with_those_there_are() -> None:
    a_channel("sandbox", name="Office")
    with pytest.raises(UserError) as raised:
        check("Ofice")
    assert "Office" in raised.value.hint
