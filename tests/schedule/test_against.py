"""What a person is told of a time that breaks rules; and that the schedule's own slots break none."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.schedule.against import ABSOLUTE, Rule, breaches
from publisher.schedule.quiet import why_not
from publisher.schedule.rules import QuietHours, ScheduleRules
from publisher.schedule.slots import next_free_slot, slot_times
from tests.schedule.oracle import situations

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = ScheduleRules(
    zone=SHANGHAI,
    quiet=(QuietHours(time(22), time(7)),),
    blackouts=frozenset({date(2026, 6, 4)}),
    holiday_countries=("CN",),
    least_gap=timedelta(minutes=30),
    most_per_day=2,
)
Situation = tuple[ScheduleRules, datetime, list[datetime]]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In June 2026, by clocks in Shanghai."""
    return datetime(2026, 6, day, hour, minute, tzinfo=SHANGHAI)


def broken(when: datetime, *others: datetime, embargo_until: datetime | None = None) -> list[Rule]:
    return [each.rule for each in breaches(RULES, when, others=others, now=NOW, embargo_until=embargo_until)]


@pytest.mark.parametrize(
    ("when", "others", "expected"),
    [
        (at(3, 9), (), []),
        (at(3, 9), (at(3, 9, 30),), []),
        (at(3, 9), (at(3, 9, 29),), [Rule.GAP]),
        (at(3, 9), (at(3, 8, 31),), [Rule.GAP]),
        (at(3, 9), (at(3, 9),), [Rule.TAKEN]),
        (at(3, 9), (at(3, 12), at(3, 15)), [Rule.DAY]),
        (at(3, 9), (at(2, 23), at(4, 1)), []),
        (at(3, 22), (), [Rule.QUIET]),
        (at(3, 7), (), []),
        (at(4, 9), (), [Rule.BLACKOUT]),
        (at(19, 9), (), [Rule.HOLIDAY]),
        (at(1, 20), (), [Rule.PAST]),
        (at(1, 20, 1), (), []),
        (at(4, 23), (at(4, 23), at(4, 22, 45)), [Rule.TAKEN, Rule.BLACKOUT, Rule.QUIET, Rule.GAP, Rule.DAY]),
    ],
)
def test_each_rule_that_a_time_breaks_is_named(
    when: datetime, others: tuple[datetime, ...], expected: list[Rule]
) -> None:
    assert broken(when, *others) == expected


def test_an_embargo_ends_at_its_moment() -> None:
    assert broken(at(3, 9), embargo_until=at(3, 9, 1)) == [Rule.EMBARGO]
    assert broken(at(3, 9), embargo_until=at(3, 9)) == []


def test_no_reason_makes_the_past_an_embargo_or_a_taken_time_possible() -> None:
    assert {Rule.PAST, Rule.EMBARGO, Rule.TAKEN} == ABSOLUTE
    found = breaches(RULES, at(4, 23), others=[at(4, 23)], now=NOW)
    assert [each.may_be_overridden for each in found] == [False, True, True]


def test_the_sentences_name_what_stands_in_the_way_in_the_channels_zone() -> None:
    found = breaches(RULES, at(4, 23), others=[at(4, 22, 45)], now=NOW)
    gap = (
        "Another post of this channel goes out at 4 June 2026, 22:45 (Asia/Shanghai). At least 30 minutes lie"
    )
    assert [each.words for each in found] == [
        "The channel is silent then: blackout date 2026-06-04.",
        "The channel is silent then: quiet hours 22:00–07:00 Asia/Shanghai.",
        f"{gap} between two.",
    ]


def test_days_are_written_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        found = breaches(RULES, at(3, 9), others=[at(3, 9)], now=NOW)
    assert "2026年6月3日" in found[0].words


def test_an_hour_that_occurs_twice_is_quiet_both_times_and_two_posts_in_it_are_an_hour_apart() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    rules = ScheduleRules(zone=berlin, quiet=(QuietHours(time(2), time(3)),), least_gap=timedelta(minutes=45))
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=0).astimezone(UTC)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1).astimezone(UTC)
    assert second - first == HOUR
    for instant, other in ((first, second), (second, first)):
        assert [each.rule for each in breaches(rules, instant, others=[other], now=NOW)] == [Rule.QUIET]


@settings(deadline=None, max_examples=100)
@given(situations())
def test_a_slot_that_the_schedule_proposes_breaks_no_rule(situation: Situation) -> None:
    rules, now, taken = situation
    slot = next_free_slot(rules, now=now, taken=taken, after=now)
    if slot is not None:
        assert breaches(rules, slot, others=taken, now=now) == []


@settings(deadline=None, max_examples=60)
@given(situations())
def test_a_slot_is_refused_by_the_rules_exactly_when_the_schedule_passes_it_over(
    situation: Situation,
) -> None:
    rules, now, taken = situation
    start = now + timedelta.resolution
    free = next_free_slot(rules, now=now, taken=taken, after=now)
    for slot in islice(slot_times(rules, start), 30):
        is_free = breaches(rules, slot, others=taken, now=now) == []
        assert is_free == (free is not None and slot >= free and _first_free_is(rules, slot, taken))


def _first_free_is(rules: ScheduleRules, slot: datetime, taken: list[datetime]) -> bool:
    return next_free_slot(rules, now=slot, taken=taken) == slot


@settings(deadline=None, max_examples=100)
@given(situations(), st.integers(1, 20 * 1440))
def test_silence_is_what_the_quiet_rules_say(situation: Situation, minutes: int) -> None:
    rules, now, _taken = situation
    moment = now + minutes * MINUTE
    silent = [each for each in breaches(rules, moment, others=[], now=now) if each.rule is not Rule.DAY]
    assert bool(silent) == (why_not(rules, moment) is not None)
    assert not silent or (why_not(rules, moment) or "") in silent[0].words
