"""An accepted item made ready to store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.items.contacts import holds_contact
from tests.items.entries import content

PRESS = (
    "<h1>Centre opens</h1><p>The centre opens on <b>Monday</b>.</p><p>Its courses are free.</p><p><strong>ENDS</strong></p>"
    "<p>Media contact:<br>Ilse Marn<br>Tel: +99 10 5550 1234</p><p>Notes to editors</p><ul><li>The third centre.</li></ul>"
)


def test_tails_go_into_their_own_fields_from_text_and_html_alike() -> None:
    item = content(body=PRESS)
    assert (
        item.body_html
        == "<h2>Centre opens</h2><p>The centre opens on <b>Monday</b>.</p><p>Its courses are free.</p>"
    )
    assert item.body_text == "Centre opens\n\nThe centre opens on Monday.\n\nIts courses are free."
    assert item.contact == "Media contact:\n\nIlse Marn\n\nTel: +99 10 5550 1234"
    assert item.notes == "Notes to editors\n\nThe third centre."


def test_a_text_body_gets_its_html() -> None:
    item = content(body="One.\n\nTwo & three.\nENDS\n", body_format="text")
    assert item.body_html == "<p>One.</p>\n<p>Two &amp; three.</p>"
    assert item.body_text == "One.\n\nTwo & three."


def test_angle_brackets_in_declared_text_are_text() -> None:
    assert content(body="a <b>b</b>", body_format="text").body_text == "a <b>b</b>"


def test_the_language_is_the_producers_else_that_of_the_script_else_the_default() -> None:
    assert content(language="zh-Hant").language == "zh-Hant"
    assert content(language=None, title="两条山谷共用一眼泉水").language == "zh"
    assert content(language=None).language == "en"


def test_neither_the_address_nor_its_key_has_tracking() -> None:
    item = content(url="http://office.example.org/1?utm_medium=mail")
    assert item.url == "http://office.example.org/1"
    assert item.url_key == "https://office.example.org/1"


def test_dates_are_stored_as_strings_in_utc() -> None:
    assert (
        content(published_at="2026-05-01T08:00:00+08:00").as_json()["published_at"] == "2026-05-01T00:00:00Z"
    )


html = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<br>",
            "ENDS",
            "<b>",
            "Media contact: ",
            "a@b.example",
            "Tel: +99 10 5550 1234. ",
            "Water. ",
            "水。",
            "<li>",
        ]
    ),
    max_size=25,
).map("".join)


@given(html | st.text())
def test_no_summary_holds_a_contact_whatever_the_body(body: str) -> None:
    item = content(body=body)
    assert not holds_contact(item.summary)
    assert len(item.summary) <= 280


@pytest.mark.parametrize(
    "body",
    [
        "." * 400_000 + "x",
        "ENDS\n" * 15_000,
        "---\n" * 15_000,
        "a@b.cc. " * 50_000,
        "<br>" * 19_000,
        "<" * 40_000,
    ],
)
def test_bodies_that_repeat_one_thing_are_cleaned_in_linear_time(body: str) -> None:
    """Quadratic work on any of these would run into the suite's time limit."""
    assert len(content(body=body).summary) <= 280
