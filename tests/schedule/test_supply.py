"""Which slots the coming weeks' posts would get, and which stay free."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.schedule.against import breaches
from publisher.schedule.rules import ScheduleRules, rules_from_json
from publisher.schedule.slots import Waiting, assign_slots
from publisher.schedule.supply import Supply, Wish, supply
from tests.schedule.oracle import situations

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY = rules_from_json(
    {"zone": "UTC", "slots": [{"weekday": day, "at": "09:00"} for day in range(7)], "least_gap_minutes": 30}
)


def wish(number: int, *, priority: int = 0, not_before: datetime | None = None) -> Wish:
    return Wish(Waiting(number, priority, NOW - timedelta(minutes=number)), not_before)


def of(*groups: list[Wish], taken: tuple[datetime, ...] = (), days: int = 7) -> Supply:
    return supply(DAILY, groups, now=NOW, until=NOW + days * DAY, taken=taken)


def day(number: int) -> datetime:
    """The slot of that day of June."""
    return datetime(2026, 6, number, 9, tzinfo=UTC)


def test_approved_posts_come_before_drafts_and_the_rest_stays_free() -> None:
    found = of([wish(1)], [wish(2, priority=9)], taken=(day(2),))
    assert found.given == {1: day(3), 2: day(4)}
    assert found.free == [day(5), day(6), day(7), day(8)]


def test_an_embargo_takes_a_slot_after_its_end() -> None:
    found = of([wish(1, not_before=day(5) + timedelta(minutes=1)), wish(2)])
    assert found.given == {1: day(6), 2: day(2)}
    assert day(5) in found.free


def test_more_posts_than_slots_go_beyond_the_horizon() -> None:
    found = of([wish(n) for n in range(9)], days=7)
    assert found.free == []
    assert sorted(at for at in found.given.values() if at)[-1] == day(10)


def test_a_schedule_without_slots_gives_nothing() -> None:
    none = ScheduleRules(zone=ZoneInfo("UTC"))
    found = supply(none, [[wish(1)]], now=NOW, until=NOW + DAY, taken=[])
    assert (found.given, found.free) == ({1: None}, [])


@settings(deadline=None, max_examples=50)
@given(situations(), st.integers(0, 5), st.integers(0, 5))
def test_no_two_get_the_same_slot_and_all_that_is_given_or_free_keeps_the_rules(
    situation: tuple[ScheduleRules, datetime, list[datetime]], approved: int, drafts: int
) -> None:
    rules, now, taken = situation
    first = [wish(n) for n in range(approved)]
    second = [wish(100 + n, not_before=now + n * DAY if n % 2 else None) for n in range(drafts)]
    found = supply(rules, [first, second], now=now, until=now + 14 * DAY, taken=taken)
    times = [at for at in found.given.values() if at] + found.free
    assert len(set(times)) == len(times)
    for at in times:
        others = [*taken, *(other for other in times if other != at)]
        assert breaches(rules, at, others=others, now=now - DAY) == []
    alone = assign_slots(rules, [each.waiting for each in first], now=now, taken=taken)
    assert {each.id: each.at for each in alone} == {n: found.given[n] for n in range(approved)}
