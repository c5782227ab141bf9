"""Two addresses of one page have one key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.items.urls import url_key, url_problem, without_tracking

KEY = "https://office.example.org/story?id=7"


@pytest.mark.parametrize(
    "url",
    [
        "https://office.example.org/story?id=7",
        "HTTP://Office.Example.org:80/story/?id=7",
        "https://office.example.org:443/story?utm_source=mail&id=7&fbclid=x#top",
        "https://office.example.org./story?id=7&gclid=1&mc_cid=2&spm=a.b",
        "  https://office.example.org/%73tory?id=7 ",
        "https://office.example.org/story?id=7&gad_source=1&srsltid=a&trk=b&at_medium=c",
        "https://office.example.org/story?id=7&from=timeline&isappinstalled=0",
        "https://office.example.org/story?id=7&amp;utm_source=mail&amp;utm_medium=x",
    ],
)
def test_spellings_of_one_address_share_a_key(url: str) -> None:
    assert url_key(url) == KEY


def test_other_pages_have_other_keys() -> None:
    urls = [
        KEY,
        KEY + "8",
        "https://office.example.org/Story?id=7",
        "https://office.example.org/story",
        "https://office.example.org/a%2Fb",
        "https://office.example.org/a/b",
        "https://office.example.org:8443/story?id=7",
        "https://office.example.org/story?from=almaria",
        "https://office.example.org/#!/story/7",
        "https://office.example.org/#/story/8",
    ]
    assert len({url_key(url) for url in urls}) == len(urls)


def test_the_order_of_parameters_does_not_count() -> None:
    assert url_key("https://a.example/?b=2&a=1&a=0") == url_key("https://a.example/?a=0&a=1&b=2")


def test_international_host_names_are_compared_in_ascii() -> None:
    assert url_key("https://Bücher.example/x") == url_key("https://xn--bcher-kva.example/x/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "office.example.org",
        "mailto:a@b.example",
        "https://",
        "https://[",
        "http://a:99999/",
        "https://a b/",
    ],
)
def test_what_is_no_web_address_has_no_key(url: str) -> None:
    assert url_key(url) == ""


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://office.example.org/a?b=c#d", None),
        ("ftp://office.example.org", "absolute"),
        ("https://user:secret@office.example.org", "password"),
        ("https://office.example.org/a b", "percent-encoded"),
        ("https://office.example.org/" + "a" * 2000, "limit"),
        ("https:///path", "absolute"),
    ],
)
def test_a_problem_of_an_address_is_said(url: str, problem: str | None) -> None:
    found = url_problem(url)
    assert (found is None) if problem is None else (problem in (found or ""))


pieces = st.lists(
    st.sampled_from(
        [
            "http://",
            "HTTPS://",
            "a.example",
            "Ü.example",
            ":80",
            ":8080",
            "/",
            "//",
            "a",
            "%2f",
            "%C3%A9",
            "é",
            "%zz",
            "%",
            "?",
            "&",
            "=",
            "utm_x=1",
            "b=2",
            "#",
            "+",
            " ",
            "@",
            ".",
            "..",
            ";",
            "水",
            "[::1]",
            "\\",
        ]
    ),
    max_size=12,
).map("".join)


@given(pieces | st.text() | st.builds("https://a.example/{}".format, st.text()))
def test_a_key_is_its_own_key(url: str) -> None:
    key = url_key(url)
    assert url_key(key) == key
    assert key == "" or key.isascii()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://a.example/x?utm_source=rss&id=7&fbclid=1#part", "https://a.example/x?id=7#part"),
        ("https://a.example/x?utm_source=rss", "https://a.example/x"),
        ("https://a.example/x?q=a%20b&Z=1", "https://a.example/x?q=a%20b&Z=1"),
        ("https://a.example/x?q=%B1%B1%BE%A9&utm_source=rss", "https://a.example/x?q=%B1%B1%BE%A9"),
        ("https://a.example/x?12345&utm_source=rss", "https://a.example/x?12345"),
        ("https://a.example/x?pk_id=42&mc_id=9&scene=7", "https://a.example/x?pk_id=42&mc_id=9&scene=7"),
        ("https://a.example/x?id=1&amp;utm_source=rss", "https://a.example/x?id=1"),
        ("", ""),
    ],
)
def test_readers_are_not_sent_with_the_marks_of_the_feed(given: str, kept: str) -> None:
    assert without_tracking(given) == kept
