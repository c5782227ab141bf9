"""Cutting texts into what they are found by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from publisher.items.search import words


def stands(said: str) -> list[str]:
    return [query.stands for query in words.queries(said)]


def test_chinese_is_cut_into_signs_and_neighbours() -> None:
    assert words.signs("清洁饮水 and 水") == sorted(["清", "洁", "饮", "水", "清洁", "洁饮", "饮水"])
    assert words.parted("清洁饮水 and 水").split() == ["and"]


def test_a_chinese_query_asks_for_every_pair() -> None:
    assert stands("清洁饮水") == ["'清洁' & '洁饮' & '饮水'"]
    assert stands("水") == ["'水'"]


def test_words_match_by_their_beginnings_and_quoted_ones_whole() -> None:
    assert stands("terr water") == ["'terr':*", "'water':*"]
    assert stands('"clean water"') == ["'clean' <-> 'water'"]
    assert stands("“clean water” SDG6") == ["'clean' <-> 'water'", "'SDG6':*"]


def test_a_dictionary_is_asked_for_the_word_and_not_for_its_beginning() -> None:
    assert [query.forms for query in words.queries("terrasse")] == ["'terrasse'"]


def test_mixed_scripts_are_asked_for_each_by_its_own_rule() -> None:
    assert stands("SDG清洁") == ["'清洁'", "'SDG':*"]


def test_signs_of_the_querys_own_language_do_no_harm() -> None:
    assert stands("a & !b | (c) :* '") == ["'a':*", "'b':*", "'c':*"]
    assert stands("!!! () \\ ") == []


def test_the_configuration_follows_the_language() -> None:
    assert words.configuration("en-GB") == "english"
    assert words.configuration("zh-Hans") == "simple"


@given(st.text(max_size=300))
def test_any_text_gives_queries_that_are_bounded(text: str) -> None:
    assert len(words.queries(text)) <= 4 * words.MOST_LETTERS


@given(st.text(alphabet="清洁饮水ab ", max_size=60))
def test_what_is_parted_and_the_signs_hold_the_whole_text(text: str) -> None:
    rest = set(words.parted(text).split())
    assert not any(word in rest for word in ("清", "洁", "饮", "水"))
    assert {sign for sign in words.signs(text) if len(sign) == 1} == set(text) & set("清洁饮水")
