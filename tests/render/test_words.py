"""Fixed words, dates and directions in each language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.render.dates import long_date
from publisher.render.words import (
    GREETINGS,
    KIND_NAMES,
    KINDS,
    PHRASES,
    direction,
    greeting,
    kind_label,
    phrase,
)

FIRST = datetime(2026, 8, 1, 22, 30, tzinfo=UTC)


def test_every_language_has_every_word() -> None:
    assert KINDS.keys() == PHRASES.keys() == GREETINGS.keys()
    assert {len(labels) for labels in KINDS.values()} == {len(KIND_NAMES)}
    assert {frozenset(phrases) for phrases in PHRASES.values()} == {frozenset(PHRASES["en"])}


@pytest.mark.parametrize(
    ("language", "zone", "written"),
    [
        ("en", "UTC", "1 August 2026"),
        ("en", "Asia/Shanghai", "2 August 2026"),
        ("zh-Hans", "UTC", "2026年8月1日"),
        ("fr", "UTC", "1er août 2026"),
        ("fr", "Asia/Shanghai", "2 août 2026"),
        ("es", "UTC", "1 de agosto de 2026"),
        ("ar", "UTC", "1 أغسطس 2026"),
        ("sw", "UTC", "1 August 2026"),
    ],
)
def test_a_date_is_written_as_the_language_does(language: str, zone: str, written: str) -> None:
    assert long_date(FIRST, language, zone) == written


@pytest.mark.parametrize(
    ("language", "way"),
    [
        *(("ar", "rtl"), ("he", "rtl"), ("fa-IR", "rtl"), ("ur", "rtl"), ("AR_eg", "rtl")),
        *(("en", "ltr"), ("zh-Hant", "ltr"), ("az-Arab", "rtl"), ("ku-Latn", "ltr"), ("", "ltr")),
    ],
)
def test_direction_follows_language_and_script(language: str, way: str) -> None:
    assert direction(language) == way


def test_a_kind_has_its_name_in_each_language() -> None:
    labels = [kind_label("press_release", language) for language in ("en", "zh", "fr", "es", "ar")]
    assert labels == ["Press release", "新闻稿", "Communiqué de presse", "Comunicado de prensa", "بيان صحفي"]
    assert kind_label("never heard of", "en") == "News"


def test_a_greeting_does_without_a_name() -> None:
    assert greeting("en", "Ana") == "Dear Ana,"
    assert greeting("en") == greeting("en", "  ") == "Dear reader,"
    assert greeting("zh-Hans", "林晓") == "林晓，您好！"
    assert greeting("de", "Ana") == "Dear Ana,"


@given(st.text(), st.sampled_from(sorted(GREETINGS)))
def test_a_name_is_never_read_as_a_pattern(name: str, language: str) -> None:
    line = greeting(language, name + "{name}{0}%s")
    assert "{name}{0}%s" in line
    assert "\n" not in line


def test_a_phrase_takes_titles_with_braces() -> None:
    assert phrase("read", "en", title="{title} {x}") == "Read: {title} {x}"
