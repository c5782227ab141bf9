"""Markup from outside becomes harmless, and text becomes one normal form."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.items.cleaning import (
    MarkupError,
    clean_html,
    drop_lines,
    html_lines,
    html_to_text,
    looks_like_html,
    text_to_html,
)
from publisher.items.text import find_bad_character, one_line, paragraphs

fragments = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<script>",
            "</script>",
            "<a href='javascript:x'>",
            "<img src=x onerror=y>",
            "<br>",
            "<!--",
            "-->",
            "&#x202e;",
            "&lt;script&gt;",
            "<svg><style>",
            "text ",
            "水",
            "\x00",
            "<h1>",
            "</h1>",
            "<td>",
            '"',
            "&",
        ]
    ),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
        ('<p style="color:red" onclick="x()" class="y">a</p>', "<p>a</p>"),
        ('<a href="javascript:alert(1)">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ('<img src="data:image/png;base64,xx" alt="">', '<img alt="">'),
        ("<h1>Head</h1>", "<h2>Head</h2>"),
        ("<iframe src='https://video.example'></iframe><p>a</p>", "<p>a</p>"),
        ("<div><p> </p></div><p>a</p>", "<p>a</p>"),
        ("&#x202e;<p>evil</p>", "<p>evil</p>"),
    ],
)
def test_only_allowed_markup_stays(dirty: str, clean: str) -> None:
    assert clean_html(dirty) == clean


def test_mail_links_stay_and_relative_links_need_the_address_of_the_page() -> None:
    assert 'href="mailto:a@b.example"' in clean_html('<a href="mailto:a@b.example">a</a>')
    assert 'href="https://office.example.org/more"' in clean_html(
        '<a href="/more">a</a>', "https://office.example.org/1"
    )
    assert "href" not in clean_html('<a href="/more">a</a>')


@pytest.mark.parametrize(
    "bomb", ["<div>" * 500, "<b>" * 500, "<div><!--</div>-->" * 30_000, "<svg><style>" + "<g>" * 400]
)
def test_a_bomb_of_nested_markup_is_not_even_parsed(bomb: str) -> None:
    with pytest.raises(MarkupError, match="limit"):
        clean_html(bomb)


def test_unclosed_paragraphs_and_list_items_are_no_bomb() -> None:
    assert clean_html("<p>a" * 300 + "<ul>" + "<li>b" * 300).count("<li>") == 300


def test_blocks_become_paragraphs_and_breaks_lines() -> None:
    assert (
        html_to_text("<h2>Head</h2><p>One <b>two</b><br>three</p><ul><li>x<li>y</ul>")
        == "Head\n\nOne two\nthree\n\nx\n\ny"
    )


def test_text_becomes_paragraphs_with_nothing_of_it_read_as_markup() -> None:
    assert text_to_html("a <b> & c\nd\n\ne") == "<p>a &lt;b&gt; &amp; c<br>d</p>\n<p>e</p>"


def test_dropped_lines_take_their_empty_elements_along() -> None:
    html = clean_html("<div><p>One</p><p><strong>ENDS</strong></p></div>")
    gone = [line for line in html_lines(html) if line.text == "ENDS"]
    assert drop_lines(html, gone) == "<div><p>One</p></div>"


@given(fragments)
def test_cleaning_what_is_clean_changes_nothing_dangerous_back(dirty: str) -> None:
    try:
        clean = clean_html(dirty)
    except MarkupError:
        return
    assert not re.search(r"<script|<svg|<style|onerror|javascript:", re.sub(r"&lt;[^&]*", "", clean))
    assert find_bad_character(clean) is None
    assert html_to_text(clean) == html_to_text(clean_html(clean))


@given(st.text())
def test_text_through_html_and_back_is_the_same_text(text: str) -> None:
    assert html_to_text(text_to_html(text)).split() == paragraphs(text).split()


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_the_normal_form_of_text_is_final_and_storable(text: str) -> None:
    for form in (one_line, paragraphs):
        once = form(text)
        assert form(once) == once
        assert unicodedata.is_normalized("NFC", once)
        assert find_bad_character(once) is None
    assert "\n" not in one_line(text)


def test_bidi_overrides_and_invisible_characters_go_and_joiners_stay() -> None:
    assert one_line("a\u202eb\u200bc\ufeff \u200d\u200fd") == "abc \u200d\u200fd"


@pytest.mark.parametrize(
    ("text", "html"), [("<p>a</p>", True), ("a < b and c > d", False), ("see <https://x.y>", False)]
)
def test_markup_is_told_from_text_with_angle_brackets(text: str, html: bool) -> None:
    assert looks_like_html(text) is html
