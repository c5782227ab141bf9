"""Which channels an item is drafted for."""

from __future__ import annotations

import pytest

from publisher.social.matching import Facts, Wants, matches

FACTS = Facts(language="en", kind="story", topics=frozenset({1, 2}))


@pytest.mark.parametrize(
    ("wants", "expected"),
    [
        (Wants("en"), True),
        (Wants("en-GB"), True),
        (Wants("EN"), True),
        (Wants("zh"), False),
        (Wants("en", kinds=frozenset({"story", "speech"})), True),
        (Wants("en", kinds=frozenset({"speech"})), False),
        (Wants("en", topics=frozenset({2, 9})), True),
        (Wants("en", topics=frozenset({9})), False),
        (Wants("en", enabled=False), False),
    ],
)
def test_a_channel_takes_what_its_rules_name(wants: Wants, expected: bool) -> None:
    assert matches(wants, FACTS) is expected


def test_scripts_and_regions_of_a_language_go_together() -> None:
    assert matches(Wants("zh-CN"), Facts("zh-Hans", "story", frozenset()))


def test_nothing_of_a_source_that_is_switched_off() -> None:
    assert not matches(Wants("en"), Facts("en", "story", frozenset(), source_enabled=False))
