"""Limits as people write them: understood, or refused with what was expected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.pacing.limits import (
    DAY,
    MOST_WARM,
    Kind,
    Limits,
    Rate,
    Warmup,
    parse_domain_rates,
    parse_rates,
    parse_warmup,
)

FIRST = datetime(2026, 12, 1, 9, tzinfo=UTC)


def test_several_rates_are_read_in_their_units() -> None:
    rates = parse_rates("50/s, 20000/h,50000/day")
    assert rates == (Rate(50, 1), Rate(20_000, 3600), Rate(50_000, DAY))
    assert [rate.kind for rate in rates] == [Kind.PACE, Kind.ALLOWANCE, Kind.ALLOWANCE]
    assert [str(rate) for rate in rates] == ["50/s", "20,000/h", "50,000/day"]


def test_nothing_written_is_no_limit() -> None:
    assert (parse_rates(""), parse_domain_rates(""), parse_warmup("")) == ((), {}, None)
    assert Limits().server_at(FIRST) == ()
    assert Limits().of("gmail.com") is None


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_rates, "50", "a rate such as 50/s"),
        (parse_rates, "50/sec", "not '50/sec'"),
        (parse_rates, "-5/s", "a rate such as"),
        (parse_rates, "0.5/s", "a rate such as"),
        (parse_rates, "5/s, 6/s", "each unit of time once"),
        (parse_rates, "20000/s", "at most 10000/s"),
        (parse_rates, "0/s", "at least 1/h"),
        (parse_rates, "10/day", "at least 1/h"),
        (parse_domain_rates, "gmail.com 20/s", "domain=rate"),
        (parse_domain_rates, "gmail=20/s", "a domain such as"),
        (parse_domain_rates, "*.com=20/s", "a domain such as"),
        (parse_domain_rates, "gmail.com=fast", "a rate such as"),
        (parse_domain_rates, "gmail.com=20/s, googlemail.com=30/s", "one rate for gmail.com"),
        (parse_warmup, "200", "the first day"),
        (parse_warmup, "2026-12-01", "the first day"),
        (parse_warmup, "2026-13-01 200", "a day that exists"),
        (parse_warmup, "2026-12-01 0", "1 to 1000000 messages"),
        (parse_warmup, "2026-12-01 200 x9", "a growth from"),
        (parse_warmup, "2026-12-01 200 x1", "a growth from"),
    ],
)
def test_what_is_no_limit_says_what_was_expected(
    parse: Callable[[str], Any], text: str, expected: str
) -> None:
    with pytest.raises(ValueError, match=expected.replace("*", r"\*")):
        parse(text)


def test_domains_of_one_provider_share_its_rate_and_the_star_is_for_all_others() -> None:
    rates = parse_domain_rates("googlemail.com=20/s, yahoo.*=300/min, 例え.jp=2/s, *=100/s")
    limits = Limits(domains=rates)
    assert limits.of("gmail.com") == Rate(20, 1)
    assert limits.of("yahoo.com") == Rate(300, 60)
    assert limits.of("xn--r8jz45g.jp") == Rate(2, 1)
    assert limits.of("office.example.org") == Rate(100, 1)


@given(st.integers(1, 600_000), st.sampled_from([1, 60]))
def test_a_pace_is_never_faster_than_written_and_hardly_slower(count: int, seconds: int) -> None:
    rate = Rate(min(count, 10_000 * seconds), seconds)
    fastest = 1_000_000 / rate.interval_us
    assert fastest <= rate.count / seconds
    assert fastest >= 0.99 * rate.count / seconds
    assert 1 <= rate.burst <= max(1, rate.count)


def test_a_warm_up_grows_by_its_factor_each_day_from_its_first() -> None:
    warmup = parse_warmup("2026-12-01 200 x1.5")
    assert warmup == Warmup(date(2026, 12, 1), 200, 1.5)
    assert [warmup.per_day(FIRST + timedelta(days=day)) for day in (-3, 0, 1, 2, 7)] == [
        200,
        200,
        300,
        450,
        3417,
    ]
    assert warmup.per_day(FIRST + timedelta(days=10_000)) == MOST_WARM


def test_a_warm_up_ends_when_the_server_itself_takes_less() -> None:
    limits = Limits(parse_rates("14/s, 5000/day"), warmup=parse_warmup("2026-12-01 200 x1.5"))
    assert limits.server_at(FIRST) == (Rate(14, 1), Rate(200, DAY))
    assert limits.server_at(FIRST + timedelta(days=8)) == (Rate(14, 1), Rate(5000, DAY))
    alone = Limits(warmup=parse_warmup("2026-12-01 200"))
    assert alone.server_at(FIRST) == (Rate(200, DAY),)
    assert alone.server_at(FIRST + timedelta(days=60)) == ()


@given(st.integers(1, MOST_WARM), st.floats(1.01, 3.0), st.integers(-10, 100_000), st.integers(0, 100))
def test_a_warm_up_never_shrinks(first: int, growth: float, day: int, later: int) -> None:
    warmup = Warmup(date(2026, 12, 1), first, growth)
    days = [FIRST + timedelta(days=each) for each in (day, day + later)]
    assert first <= warmup.per_day(days[0]) <= warmup.per_day(days[1]) <= MOST_WARM
