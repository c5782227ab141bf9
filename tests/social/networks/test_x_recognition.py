"""Our post on X's timeline: its links shortened, its pictures a link, its characters escaped. And the fake's length and ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.social.networks.x.measure import measure
from publisher.social.networks.x.recognition import Likeness, expanded, likeness
from publisher.social.networks.x.rules import Rules
from tests.fakes import x_rules

LINKS = [
    "https://office.example.org/rain",
    "https://office.example.org/rain?a=1&b=2#c",
    "https://office.example.org/rain/",
    "http://Example.com",
    "example.com/a",
    "https://e.org/降雨",
    "https://e.org/%E9%99%8D",
    "https://e.org/été",
]
WORD = st.one_of(
    st.text(
        st.characters(categories=["Ll", "Lu", "Lo", "Nd", "Po", "Sm"], exclude_characters="@.。．｡:/"),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(
        [*LINKS, "&amp;", "<b>", "a&b", "@ana", "#tag", "👩‍👩‍👧‍👦", "气候行动", "cafe\u0301", "\n\n"]
    ),
)
TEXT = st.lists(WORD, min_size=1, max_size=12).map(" ".join).filter(str.strip)
PLAIN = st.lists(
    st.one_of(
        st.text(st.characters(max_codepoint=0x24F, categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=8),
        st.sampled_from(
            [
                *LINKS,
                "👩‍👩‍👧‍👦",
                "👍🏽",
                "🇨🇳",
                "气候行动",
                "cafe\u0301",
                "مرحبا",
                "한국",
                "–",
                "“q”",
                "☀️",
                "1️⃣",
            ]
        ),
    ),
    min_size=1,
    max_size=40,
).map(" ".join)


def stored(text: str, number: int = 0) -> dict[str, object]:
    return {"text": text, "number": number, "pictures": []}


def on_the_timeline(text: str, media: list[str] | None = None) -> dict[str, object]:
    made, urls = x_rules.shown(text, 7, media or [])
    return {"id": "7", "text": made, "entities": {"urls": urls}}


@given(TEXT, st.sampled_from([[], ["3_1"], ["3_1", "3_2"]]))
def test_our_post_is_known_whatever_it_says(text: str, media: list[str]) -> None:
    assert likeness(on_the_timeline(text, media), stored(text)) is Likeness.SAME


@given(TEXT, TEXT)
def test_another_text_is_never_taken_for_ours(text: str, more: str) -> None:
    assert likeness(on_the_timeline(f"{text} zebra {more}"), stored(text)) is not Likeness.SAME


@pytest.mark.parametrize(
    ("shown", "long", "ours"),
    [
        ("Rain https://t.co/a", "http://example.com", "Rain example.com"),
        ("Rain https://t.co/a", "https://example.com/", "Rain https://example.com"),
        ("Rain https://t.co/a", "https://xn--bcher-kva.example.com/a", "Rain https://bücher.example.com/a"),
        ("Rain https://t.co/a", "https://e.org/%C3%A9t%C3%A9", "Rain https://e.org/été"),
        (
            "Rain &amp; sun https://t.co/a",
            "https://e.org/?a=1&copy=2",
            "Rain & sun https://e.org/?a=1&copy=2",
        ),
    ],
)
def test_a_link_is_the_same_however_x_writes_it(shown: str, long: str, ours: str) -> None:
    post = {"id": "7", "text": shown, "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": long}]}}
    assert likeness(post, stored(ours)) is Likeness.SAME


@pytest.mark.parametrize(
    ("theirs", "alike"),
    [
        ("Rain. https://e.org/b", Likeness.ALIKE),
        ("RAIN! https://e.org/a", Likeness.ALIKE),
        ("Rain.", Likeness.ALIKE),
        ("Snow. https://e.org/a", Likeness.OTHER),
        ("Rain again. https://e.org/a", Likeness.OTHER),
    ],
)
def test_the_same_words_with_another_link_are_alike(theirs: str, alike: Likeness) -> None:
    assert likeness(on_the_timeline(theirs), stored("Rain. https://e.org/a")) is alike


@pytest.mark.parametrize("entities", [None, [], {"urls": None}, {"urls": [7, {}, {"url": 3}]}])
def test_entities_of_any_form_are_read(entities: object) -> None:
    assert expanded({"text": "Rain", "entities": entities}) == "Rain"


@given(PLAIN)
def test_the_length_is_that_of_an_independent_count(text: str) -> None:
    assert measure(text, Rules(limit=10_000)).length == x_rules.weighted(text)
