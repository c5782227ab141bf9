"""A network that another package brings, written by the steps of docs/networks.md and found by its entry point on the path: from
the draft to the note on the board, and through the table of faults.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from publisher.social import health
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.networks.base import Account, Network, Part
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import delivery_of, until_settled
from tests.fakes.switches import Answer, Fake, Request, as_json, serving
from tests.fakes.switches import Fault as Switch
from tests.faults.cases import PUBLISH, Cell, Step, Subject, cells
from tests.faults.cases import Fake as Faked
from tests.faults.table import run
from tests.social.steps import EVERY_MINUTE, a_draft, a_scheduled_post, fresh, text_of

INSTALLED = Path(__file__).resolve().parents[1] / "fakes" / "installed"
PINS = "/notes"


class Board(Fake):
    """The board's server. It takes a note of the same key once."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[str, dict[str, Any]] = {}

    def take(self, request: Request) -> Answer:
        if request.headers.get("authorization") != "Bearer green":
            return as_json(401, {})
        url = urlsplit(request.path)
        if url.path == "/keeper":
            return as_json(200, {"name": "The village clerk"})
        if request.method == "GET":
            known = self.notes.get(parse_qs(url.query)["key"][0])
            return as_json(200, {"notes": [known] if known else []})
        key = request.headers["idempotency-key"]
        new = {"number": len(self.notes) + 1, **json.loads(request.body)}
        return as_json(201, self.notes.setdefault(key, new))


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As after `pip install village-board` and a restart."""
    monkeypatch.syspath_prepend(INSTALLED)
    registry.networks.cache_clear()
    yield
    registry.networks.cache_clear()


@pytest.fixture
def board(settings: Any) -> Iterator[Board]:
    fake = Board()
    with serving(fake):
        settings.FETCH_ALLOW = [f"127.0.0.1:{fake.port}"]
        yield fake


@pytest.fixture
def channel(board: Board) -> Channel:
    return a_channel(
        "village",
        credentials={"key": "green"},
        settings={"board": board.url, "timeout_seconds": 0.5},
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
    )


def texts(board: Board) -> list[str]:
    return [note["text"] for note in board.notes.values()]


def test_it_is_found_as_a_whole_network_beside_ours() -> None:
    network = registry.sending("village")
    assert isinstance(network, Network)
    assert registry.missing(network, Network) == []
    assert list(registry.networks())[-1] == "village"


@pytest.mark.django_db
def test_a_draft_fits_it_without_any_template_of_its_own(channel: Channel) -> None:
    post = a_draft(channel, summary="Long. " * 200)
    assert 0 < len(text_of(post)) <= 200
    assert (post.state, text_of(post).endswith(post.link)) == ("draft", True)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [None, Switch.DROP_AFTER, Switch.RESET_BEFORE, Switch.HTML_AFTER])
def test_a_post_stands_on_it_once_also_after_an_answer_that_was_lost(
    board: Board, channel: Channel, fault: Switch | None
) -> None:
    post = a_scheduled_post(channel)
    board.faults += [fault] if fault else []
    until_settled()
    assert texts(board) == [text_of(post)]
    sent = delivery_of(post)
    assert (fresh(post).state, sent.remote_id, sent.remote_url) == (
        "sent",
        "1",
        "https://board.example/notes/1",
    )


@pytest.mark.django_db
def test_its_channel_is_checked_and_paused_as_any_other(channel: Channel) -> None:
    assert health.check(channel.pk, now=NOON).account_name == "The village clerk"
    Channel.objects.filter(pk=channel.pk).update(credentials={"key": "wrong"})
    health.check(channel.pk, now=NOON)
    channel.refresh_from_db()
    assert "Check the channel's `board`" in channel.paused_reason


def a_subject(settings: Any) -> Subject:
    @contextmanager
    def start(_folder: Path) -> Iterator[Faked]:
        fake = Board()
        with serving(fake):

            def account(url: str) -> Account:
                settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, urlsplit(url).netloc]
                return Account(1, "Green", {"key": "green"}, {"board": url, "timeout_seconds": 0.3})

            yield Faked(fake.url, account, lambda: len(fake.notes))

    network: Network[Any] = registry.sending("village")
    return Subject(network, start, (Part("Rain arrives."),), (Step(PUBLISH, "POST", PINS, once=True),))


def test_it_passes_the_table_of_faults(tmp_path: Path, settings: Any) -> None:
    subject = a_subject(settings)
    judged: Callable[[Cell], Any] = lambda cell: run(subject, cell, tmp_path)  # noqa: E731
    found = {cell.name: judged(cell) for cell in cells(subject)}
    assert {name: each.broken for name, each in found.items() if each.broken} == {}
    assert {(each.posted, each.outcome) for each in found.values()} == {(1, "published")}
