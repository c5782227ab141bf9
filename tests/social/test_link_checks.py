"""Asking whether links answer, against a real site; what was found out is kept for some minutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from publisher.social.link_checks import Outcome, check, kept
from tests.drawn import PAGE, Site, a_site


@pytest.fixture
def site(settings: Any, inbox: redis.Redis) -> Iterator[Site]:
    """A site that may be asked, and a Redis that is empty."""
    with a_site() as site:
        settings.FETCH_ALLOW = [urlsplit(site.url).netloc]
        yield site


def test_each_link_is_told_by_what_it_answers(site: Site) -> None:
    good, moved = site.put("/good", PAGE), site.put("/moved", f"{site.url}/good")
    broken, gone, guarded = site.put("/broken", 503), site.put("/gone", 410), site.put("/guarded", 403)
    none = f"{site.url}/none"
    found = check([good, moved, broken, gone, guarded, none, "http://10.0.0.1/", "http://[::1"])
    assert {urlsplit(url).path or url: each.outcome for url, each in found.items() if "[" not in url} == {
        "/good": Outcome.GOOD,
        "/moved": Outcome.GOOD,
        "/broken": Outcome.TROUBLE,
        "/gone": Outcome.GONE,
        "/guarded": Outcome.GUARDED,
        "/none": Outcome.GONE,
        "/": Outcome.IMPOSSIBLE,
    }
    assert found["http://[::1"].outcome is Outcome.IMPOSSIBLE


def test_what_was_found_out_is_kept_and_asked_once(site: Site) -> None:
    url = site.put("/good", PAGE)
    assert kept([url]) == {}
    first = check([url, url])
    assert (check([url]), kept([url]), site.asked) == (first, first, ["/good"])


def test_a_large_page_is_not_read(site: Site) -> None:
    url = site.put("/large", b"x" * 50_000_000)
    assert check([url])[url].outcome is Outcome.GOOD


def test_without_redis_links_are_asked_even_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: object, **_given: object) -> None:
        raise redis.ConnectionError("no server")

    monkeypatch.setattr(redis.Redis, "mget", away)
    monkeypatch.setattr(redis.Redis, "pipeline", away)
    url = site.put("/good", PAGE)
    assert check([url])[url].outcome is Outcome.GOOD


def test_without_time_nothing_is_asked(site: Site) -> None:
    url = site.put("/good", PAGE)
    assert check([url], seconds=0)[url].outcome is Outcome.TROUBLE
    assert site.asked == []
