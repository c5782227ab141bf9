"""What answers tell of rate limits: the tightest, by the right clock, within bounds, and nothing where they tell nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.networks.answer import LONGEST_WAIT, SHORTEST_WAIT, Answer
from publisher.social.networks.base import Pace, Receipt
from publisher.social.networks.bluesky.errors import pace as bluesky_pace
from publisher.social.networks.facebook.errors import pace as facebook_pace
from publisher.social.networks.mastodon.errors import pace as mastodon_pace
from publisher.social.networks.x.errors import pace as x_pace

NOW = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)


def x_headers(name: str, remaining: int, seconds: int) -> dict[str, str]:
    reset = int(NOW.timestamp()) + seconds
    return {f"{name}-limit": "300", f"{name}-remaining": str(remaining), f"{name}-reset": str(reset)}


def test_x_tells_the_window_and_of_several_the_tightest_counts() -> None:
    window = x_headers("x-rate-limit", 12, 600)
    assert x_pace(window, NOW) == Pace(12, timedelta(seconds=601), 300)
    day = x_headers("x-user-limit-24hour", 3, 40_000)
    assert x_pace(window | day, NOW) == Pace(3, timedelta(seconds=40_001), 300)


def test_of_those_that_are_used_up_the_last_to_be_renewed_counts() -> None:
    headers = x_headers("x-rate-limit", 0, 600) | x_headers("x-user-limit-24hour", 0, 40_000)
    found = x_pace(headers | x_headers("x-app-limit-24hour", 5, 90_000), NOW)
    assert found == Pace(0, timedelta(seconds=40_001), 300)


def test_mastodon_counts_by_its_own_clock() -> None:
    ahead = NOW + timedelta(hours=3)
    headers = {
        "date": format_datetime(ahead, usegmt=True),
        "x-ratelimit-limit": "300",
        "x-ratelimit-remaining": "7",
        "x-ratelimit-reset": (ahead + timedelta(seconds=120)).isoformat(),
    }
    assert mastodon_pace(headers, NOW) == Pace(7, timedelta(seconds=120), 300)
    del headers["date"], headers["x-ratelimit-limit"]
    assert mastodon_pace(headers, NOW) == Pace(7, timedelta(hours=3, seconds=120))


def test_bluesky_counts_points_by_the_clock_of_the_server() -> None:
    ahead = NOW + timedelta(hours=3)
    headers = {
        "date": format_datetime(ahead, usegmt=True),
        "ratelimit-limit": "5000",
        "ratelimit-remaining": "4997",
        "ratelimit-reset": str(int(ahead.timestamp()) + 3600),
        "ratelimit-policy": "5000;w=3600",
    }
    assert bluesky_pace(headers, NOW) == Pace(4997, timedelta(hours=1), 5000)
    assert bluesky_pace(headers | {"ratelimit-reset": str(int(ahead.timestamp()))}, NOW) is None


def facebook_says(**use: object) -> Answer:
    uses = {"1042": [{"type": "pages", "call_count": 100, "total_time": 40}, {"type": "pages", **use}]}
    return Answer(200, {"x-business-use-case-usage": json.dumps(uses)}, b"{}")


def test_facebook_tells_percents_so_only_a_limit_that_is_used_up_is_a_pace() -> None:
    assert facebook_pace(facebook_says(estimated_time_to_regain_access=7)) == Pace(0, timedelta(minutes=7))
    assert facebook_pace(facebook_says(estimated_time_to_regain_access=0, call_count=28)) is None
    assert facebook_pace(facebook_says(estimated_time_to_regain_access="soon")) is None
    assert facebook_pace(Answer(200, {"x-app-usage": '{"call_count": 99}'}, b"{}")) is None
    assert facebook_pace(Answer(200, {"x-business-use-case-usage": "[]"}, b"{}")) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-rate-limit-remaining": "0", "x-ratelimit-remaining": "0"},
        {"x-rate-limit-reset": "1", "x-rate-limit-remaining": "0"},
        {"x-ratelimit-reset": "1", "x-ratelimit-remaining": "0"},
        {"x-ratelimit-reset": "soon", "x-ratelimit-remaining": "few"},
        {"ratelimit-reset": "1", "ratelimit-remaining": "0"},
        {"ratelimit-remaining": "0"},
    ],
)
def test_what_tells_no_number_or_no_future_end_tells_nothing(headers: dict[str, str]) -> None:
    assert x_pace(headers, NOW) is None
    assert mastodon_pace(headers, NOW) is None
    assert bluesky_pace(headers, NOW) is None


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *(f"{name}-{end}" for name in ("x-rate-limit", "x-ratelimit", "ratelimit", "x-user-limit-24hour")
              for end in ("remaining", "limit", "reset")),
            "date",
        ]
    ),
    st.one_of(st.integers(-5, 10**14).map(str), st.text(max_size=12), st.datetimes().map(str)),
)  # fmt: skip


@given(HEADERS)
def test_whatever_headers_say_a_pace_is_within_bounds(headers: dict[str, str]) -> None:
    for found in (x_pace(headers, NOW), mastodon_pace(headers, NOW), bluesky_pace(headers, NOW)):
        if found is not None:
            assert found.remaining >= 0
            assert SHORTEST_WAIT <= found.renewed_in <= LONGEST_WAIT


def test_two_receipts_of_one_post_are_the_same_whatever_the_pace_was() -> None:
    assert Receipt("1", pace=Pace(1, timedelta(1))) == Receipt("1")
