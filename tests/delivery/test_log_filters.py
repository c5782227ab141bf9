"""Every field of the log's filter, alone and with others, against a filter in plain Python over the same rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict

from publisher.delivery import log
from publisher.delivery.log import Cursor, LogFilter, pages
from publisher.delivery.models import Delivery
from publisher.delivery.states import LEFT_US
from publisher.digests.models import EditionItem
from tests.builders import NOON, a_digest, an_item
from tests.desk.builders import a_mail, a_post, a_post_delivery, an_edition

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
STATES = [
    "queued",
    "sending",
    "sent",
    "sent",
    "sent",
    "failed",
    "bounced",
    "unknown",
    "suppressed",
    "delivered",
]
CODES: dict[str, list[tuple[int | None, str]]] = {
    "sent": [(250, "2.0.0"), (250, ""), (251, "2.1.5")],
    "delivered": [(250, "2.0.0")],
    "failed": [(550, "5.1.1"), (550, "5.7.1"), (552, "5.2.2"), (None, "")],
    "queued": [(None, ""), (451, "4.7.1")],
    "bounced": [(550, "5.1.1")],
}


class World:
    """Rows of two digests with three editions, and posts on two channels, all mixed."""

    def __init__(self) -> None:
        dice = random.Random(7)
        self.items = [an_item(title=f"Item {n}") for n in range(3)]
        weekly, alert = a_digest(), a_digest(on_unknown="hold")
        self.digests = [weekly, alert]
        self.editions = [
            an_edition(weekly, items=self.items[:2], state="sending"),
            an_edition(weekly, items=self.items[1:], state="sent"),
            an_edition(alert, items=self.items[:1], state="sending"),
        ]
        self.posts = [a_post(self.items[0]), a_post(self.items[2])]
        parts = {post.pk: 0 for post in self.posts}
        for n in range(120):
            state = dice.choice(STATES)
            code, enhanced = dice.choice(CODES.get(state, [(None, "")]))
            given: dict[str, Any] = {
                "state": state,
                "code": code,
                "enhanced": enhanced,
                "at": NOON + n * HOUR / 4,
            }
            if dice.random() < 0.2:
                post = dice.choice(self.posts)
                given |= {
                    "code": 201 if code == 250 else code,
                    "state": "handed" if state == "bounced" else state,
                }
                a_post_delivery(post, parts[post.pk], **given)
                parts[post.pk] += 1
            else:
                purpose = dice.choice(["reader"] * 8 + ["seed", "test", "resend"])
                name = dice.choice(["anna", "anneke", "Bert", "bertil"])
                given |= {"idempotency_key": str(n)} if purpose == "seed" else {}
                a_mail(
                    dice.choice(self.editions),
                    f"{name}@example.net",
                    purpose=purpose,
                    held=dice.random() < 0.5,
                    **given,
                )
        self.rows = list(Delivery.objects.select_related("edition__digest", "post").order_by("-pk"))


def fits(row: Delivery, wanted: LogFilter) -> bool:
    """What `wanted` asks, as a person would say it."""
    holding = set(
        EditionItem.objects.filter(item_id=wanted.item_id or 0).values_list("edition_id", flat=True)
    )
    address = row.address.lower()
    questions = [
        not wanted.states or row.state in wanted.states,
        not wanted.channel_id or row.channel_id == wanted.channel_id,
        not wanted.edition_id or row.edition_id == wanted.edition_id,
        not wanted.digest_id or bool(row.edition and row.edition.digest_id == wanted.digest_id),
        not wanted.item_id
        or bool(row.post and row.post.item_id == wanted.item_id)
        or row.edition_id in holding,
        address == wanted.address if wanted.exact else address.startswith(wanted.address),
        wanted.code is None or row.code == wanted.code,
        not wanted.enhanced or row.enhanced == wanted.enhanced,
        not wanted.purpose
        or (
            row.post_id is not None
            if wanted.purpose == "post"
            else bool(row.edition_id) and row.purpose == wanted.purpose
        ),
        not wanted.needs_person or asks(row),
        not wanted.since or row.created_at >= wanted.since,
        not wanted.until or row.created_at < wanted.until,
    ]
    return all(questions)


def asks(row: Delivery) -> bool:
    if row.state == "handed":
        return True
    if row.state != "unknown" or row.edition is None:
        return False  # these posts are on a network that can be asked
    return row.held or row.edition.state == "sent" or row.edition.digest.on_unknown == "hold"


def everything(wanted: LogFilter, limit: int) -> list[int]:
    ids: list[int] = []
    after: Cursor | None = None
    while True:
        page = log.page(wanted, after, limit)
        ids += [row.pk for row in page.rows]
        if page.next is None:
            return ids
        after = Cursor.read(str(page.next))
        assert after is not None


def fields(world: World) -> dict[str, Callable[[random.Random], Any]]:
    return {
        "states": lambda dice: tuple(dice.sample(sorted(set(STATES)), dice.randint(1, 3))),
        "channel_id": lambda dice: dice.choice(world.posts).channel_id,
        "digest_id": lambda dice: dice.choice(world.digests).pk,
        "edition_id": lambda dice: dice.choice(world.editions).pk,
        "item_id": lambda dice: dice.choice(world.items).pk,
        "address": lambda dice: dice.choice(["ann", "bert", "bert@example.net"]),
        "code": lambda dice: dice.choice([250, 251, 550, 552, 451, 201, 999]),
        "enhanced": lambda dice: dice.choice(["5.1.1", "2.0.0", "4.7.1"]),
        "purpose": lambda dice: dice.choice(["reader", "seed", "test", "resend", "post"]),
        "needs_person": lambda _dice: True,
        "since": lambda dice: NOON + dice.randint(0, 20) * HOUR,
        "until": lambda dice: NOON + dice.randint(20, 40) * HOUR,
    }


def some_filters(world: World) -> list[LogFilter]:
    """Each field alone, and many of two to four fields."""
    dice, makers = random.Random(11), fields(world)
    found = [LogFilter(**{name: make(dice)}) for name, make in makers.items() for _ in range(3)]
    for _ in range(70):
        names = dice.sample(sorted(makers), dice.randint(2, 4))
        wanted = LogFilter(**{name: makers[name](dice) for name in names})
        found.append(replace(wanted, exact=True) if wanted.address == "bert@example.net" else wanted)
    return found


@pytest.mark.parametrize("widths", [pages.WIDTHS, (3, 4)], ids=["usual", "narrow"])
def test_any_fields_together_find_just_the_rows_that_fit_once_each_in_any_size_of_pages(
    monkeypatch: pytest.MonkeyPatch, widths: tuple[int, ...]
) -> None:
    world = World()
    monkeypatch.setattr(pages, "WIDTHS", widths)
    monkeypatch.setattr(pages, "BATCH", 40)
    monkeypatch.setattr("publisher.delivery.log.walks.EDITIONS_AT_ONCE", (1, 2))
    for n, wanted in enumerate(some_filters(world)):
        expected = [row.pk for row in world.rows if fits(row, wanted)]
        if wanted.code == 250 and not wanted.states:
            accepted = {row.pk for row in world.rows if row.state in LEFT_US}
            assert set(expected) <= accepted
        ids = everything(wanted, (2, 5, 50)[n % 3])
        assert len(ids) == len(set(ids)), wanted
        assert sorted(ids, reverse=True) == expected, wanted
        exported = [pk for batch, _after in log.ids_of(wanted) for pk in batch]
        assert sorted(exported, reverse=True) == expected, wanted
        assert len(exported) == len(expected), wanted


def test_newest_first_unless_by_address_or_by_digest() -> None:
    world = World()
    editions = {row.pk: row.edition_id or 0 for row in world.rows}
    by_digest = everything(LogFilter(digest_id=world.digests[0].pk), 7)
    assert by_digest == sorted(by_digest, key=lambda pk: (-editions[pk], -pk))
    for wanted in (
        LogFilter(states=("sent", "failed")),
        LogFilter(item_id=world.items[0].pk),
        LogFilter(code=550),
    ):
        ids = everything(wanted, 7)
        assert ids == sorted(ids, reverse=True)


def test_an_export_goes_on_where_it_was() -> None:
    world = World()
    for wanted in (
        LogFilter(),
        LogFilter(states=("sent",)),
        LogFilter(digest_id=world.digests[0].pk),
        LogFilter(address="ann"),
    ):
        whole = [pk for batch, _after in log.ids_of(wanted) for pk in batch]
        first, after = next(iter(log.ids_of(wanted)))
        rest = [pk for batch, _after in log.ids_of(wanted, Cursor.read(str(after))) for pk in batch]
        assert first + rest == whole


def test_who_may_not_see_addresses_may_not_look_for_one() -> None:
    wanted = LogFilter.from_query({"address": "anna@"}, may_see_addresses=False)
    assert set(wanted.errors) == {"address"}


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [("550", 550, ""), ("5.1.1", None, "5.1.1"), (" 550  5.1.1 ", 550, "5.1.1"), ("", None, "")],
)
def test_a_code_is_read_as_people_write_it(text: str, code: int | None, enhanced: str) -> None:
    wanted = LogFilter.from_query({"code": text})
    assert (wanted.code, wanted.enhanced, wanted.errors) == (code, enhanced, {})


@pytest.mark.parametrize("text", ["55", "5.1", "no such mailbox", "5505.1.1", "550;", "७५०"])
def test_what_is_no_code_is_said_so(text: str) -> None:
    assert set(LogFilter.from_query({"code": text}).errors) == {"code"}


def test_several_states_are_read_from_a_form() -> None:
    wanted = LogFilter.from_query(QueryDict("state=sent&state=failed&state=sent"))
    assert wanted.states == ("sent", "failed")
