"""Which words suggest a tag, in which languages and places."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import UserError
from publisher.review.suggesting import Rule, checked_words, suggested


def found(*words: str, **text: Any) -> tuple[str, ...]:
    given = {"title": "", "image_alt": "", "summary": "", "body": "", "body_html": "", **text}
    return suggested([Rule(7, words)], **given).get(7, ())


@pytest.mark.parametrize("place", ["title", "image_alt", "summary", "body"])
def test_one_word_is_enough_wherever_it_stands(place: str) -> None:
    assert found("map", **{place: "Here is a Map of it"}) == ("Map",)


def test_words_are_found_in_descriptions_of_pictures_within_the_text() -> None:
    assert found("flag", body_html='<p><img src="https://a.example/x.png" alt="A boy with a flag"></p>') == (
        "flag",
    )
    assert found("flag", body_html='<p><img src="https://a.example/flag.png" alt="A boy"></p>') == ()


@pytest.mark.parametrize(
    ("word", "text", "fits"),
    [
        ("map", "mapping", False),
        ("child*", "children", True),
        ("niño*", "Los Niños del valle", True),
        ("карта", "Новая карта региона", True),
        ("карта", "картами", False),
        ("خريطة", "هذه خريطة البلاد", True),
        ("地图", "这是一张地图。", True),
        ("こども", "村のこどもたち", True),
        ("UN", "an unusual year", False),
        ("UN", "the UN said", True),
    ],
)
def test_words_are_found_in_many_languages(word: str, text: str, fits: bool) -> None:
    assert bool(found(word, title=text)) is fits


def test_the_whole_of_a_long_text_is_read() -> None:
    assert found("map", body="rain and soil " * 12_000 + "map") == ("map",)


def test_a_tag_without_words_is_never_suggested() -> None:
    assert found(title="map") == ()


@pytest.mark.parametrize("word", ["*", "a*", "-", "ma*p", "x" * 81, "…"])
def test_words_that_would_match_anything_are_refused(word: str) -> None:
    with pytest.raises(UserError):
        checked_words(word)


def test_words_of_a_form_are_parted_by_lines_and_commas_each_once() -> None:
    assert checked_words("map, maps\n map \n地图、旗") == ["map", "maps", "地图", "旗"]


@given(st.text(max_size=200), st.text(alphabet="ab *地,\n", max_size=30))
def test_no_text_and_no_word_that_is_taken_breaks_it(text: str, words: str) -> None:
    try:
        checked = checked_words(words)
    except UserError:
        return
    found(*checked, title=text, body=text)
