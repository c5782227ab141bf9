"""Letters in HTML: every address can be clicked and leads where it says, and each line runs its own way."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.render.letter import render_letter
from publisher.render.words import greeting

LINK = "https://news.office.example.org/p/11.9~xts_A-b-"


def html_of(text: str, language: str = "en", *, links: bool = True) -> str:
    return render_letter("Hello", text, language=language, links=links).partition("<body")[2]


def links_in(html: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<a href="([^"]*)"', html)]


@pytest.mark.parametrize(
    "line",
    [
        "更改订阅内容：{}",
        "更改订阅内容：{}。",
        "您在{}上订阅了",
        "غيّر ما يصلك: {}",
        "تصلك عبر {}.",
        "اضغط {}، ثم",
        "Change it: {}.",
        "({})",
        "“{}”",
        "{}",
    ],
)
def test_an_address_is_a_link_by_itself_whatever_stands_beside_it(line: str) -> None:
    html = html_of(line.format(LINK), "zh")
    assert links_in(html) == [LINK]
    assert f">{LINK}</a>" in html
    assert links_in(html_of(line.format(LINK), links=False)) == []


def test_a_line_of_the_other_direction_has_its_own() -> None:
    html = html_of(f"تصلك هذه الرسالة.\n{LINK}\n\nOffice\n1 Harbour Road, Almaria", "ar")
    assert '<span dir="ltr">1 Harbour Road, Almaria</span>' in html
    assert html.count("<span dir=") == 2
    assert "<span dir=" not in html_of("One\n\n" + LINK)
    assert '<span dir="rtl">الشهر في ألماريا</span>' in html_of("الشهر في ألماريا")


def test_a_greeting_in_arabic_runs_from_right_to_left_whatever_the_name() -> None:
    assert "<span dir=" not in html_of(greeting("ar", "Sofia"), "ar")


def test_paragraphs_and_lines_stay() -> None:
    html = html_of("One\ntwo\n\nthree\n")
    assert "One<br>two</p>" in html
    assert html.count("<p ") == 2


@given(st.text(max_size=200))
def test_whatever_the_text_says_no_markup_comes_of_it(text: str) -> None:
    html = html_of(f"<b onload=x> {text} <script>")
    assert "<script" not in html
    assert "<b " not in html
    assert all(each.startswith(("http://", "https://")) for each in links_in(html))
