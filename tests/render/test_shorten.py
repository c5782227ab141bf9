"""Shortening: always fits, never splits a grapheme or a word, prefers whole sentences."""

from __future__ import annotations

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.render.shorten import ELLIPSIS, one_line, paragraphs, shorten

PIECES = [
    *"ab, .。，中文字（）“”العربيةไทย",
    "e\u0301",
    "👩\u200d👩\u200d👧",
    "🇨🇳",
    "\u200d",
    "\ufe0f",
    "क्षि",
    "\n",
]
PIECE = st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(PIECES))
MIXED = st.lists(PIECE, max_size=100).map("".join)


def to(most: int, text: str) -> str:
    return shorten(text, lambda candidate: len(candidate) <= most)


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("A short one.", 50, "A short one."),
        ("One two three four", 12, "One two…"),
        ("One two, three", 9, "One two…"),
        ("Wait (for it) now", 8, "Wait…"),
        ("First sentence here. Then another one.", 30, "First sentence here."),
        ("No. Then a much longer sentence follows here.", 40, "No. Then a much longer sentence follows…"),
        ("Mr. Lin and Ms. Wu arrive. Then they speak for long.", 40, "Mr. Lin and Ms. Wu arrive."),
        ("Prices rose by 3.5 per cent. More.", 28, "Prices rose by 3.5 per cent."),
        ("洪水过去三年，孩子们回到学校。图书馆开放。", 16, "洪水过去三年，孩子们回到学校。"),
        ("洪水过去三年，孩子们回到学校。", 9, "洪水过去三年，孩…"),
        ("洪水过去三年，孩子们回到学校。", 8, "洪水过去三年…"),
        ("他说（很轻）再见", 5, "他说（很…"),
        ("他说（很轻）再见", 4, "他说…"),
        ("Supercalifragilistic", 10, ""),
        (", , ,", 3, ""),
        ("ذهب الأطفال إلى المدرسة؟ نعم ذهبوا اليوم", 26, "ذهب الأطفال إلى المدرسة؟"),
        ("  spaces \n and lines ", 50, "spaces and lines"),
        ("One.\n \n\n Two\nlines. ", 50, "One.\n\nTwo lines."),
        ("A first paragraph.\n\nA second one", 25, "A first paragraph."),
        ("A heading\n\nand words that follow", 12, "A heading…"),
    ],
)
def test_a_text_is_cut_at_a_good_place(text: str, most: int, short: str) -> None:
    assert to(most, text) == short


@given(MIXED, st.integers(0, 130))
def test_a_shortened_text_always_fits(text: str, most: int) -> None:
    assert len(to(most, text)) <= most


@given(MIXED, st.integers(0, 130))
@example("0\n\n0", 9)
def test_no_grapheme_is_ever_split(text: str, most: int) -> None:
    whole = paragraphs(text)
    kept = to(most, text).removesuffix(ELLIPSIS)
    ends = {match.end() for match in regex.finditer(r"\X", whole)} | {0}
    assert whole.startswith(kept)
    assert len(kept) in ends


@given(MIXED, st.integers(0, 129))
def test_more_room_never_gives_less_text(text: str, most: int) -> None:
    assert len(to(most, text)) <= len(to(most + 1, text))


@given(MIXED, st.integers(1, 130))
def test_one_line_is_one_line(text: str, most: int) -> None:
    assert len(one_line(text, most).splitlines()) <= 1


@given(st.text(max_size=900), st.integers(1, 120))
def test_one_line_is_what_shortening_the_whole_text_gives(text: str, most: int) -> None:
    assert one_line(text, most) == shorten(text, lambda candidate: len(candidate) <= most)
