"""What a preflight makes of what was seen: pure decisions, and words for each of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.digests import preflight, preflight_words, webview
from publisher.digests.mail_outline import outline_of
from publisher.digests.preflight import CHECKS, Finding, HeldItem, Level, Mail
from publisher.digests.subject_hints import columns, first_columns, hint
from tests.builders import NOON

WAY_OUT = "https://news.example.org/u/abc"
HTML = (
    '<!doctype html><html lang="en"><head><title>The week</title></head><body><h1>The week</h1><h2>One</h2>'
    f'<table role="presentation"><tr><td><img alt="" src="x"></td></tr></table><a href="{WAY_OUT}">Leave</a></body></html>'
)


def a_mail(**given: Any) -> Mail:
    fields: dict[str, Any] = {
        "language": "en",
        "subject": "The week in Almaria",
        "html": HTML,
        "text": f"Leave：{WAY_OUT}\n",
        "headers": {
            "list-unsubscribe": f"<{WAY_OUT}>",
            "list-unsubscribe-post": "List-Unsubscribe=One-Click",
        },
        "unsubscribe_url": WAY_OUT,
    } | given
    return Mail(outline=outline_of(fields["html"]), **fields)


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    """The levels and keys; each has its words, and is the same after it was stored."""
    for each in findings:
        assert each.check in CHECKS
        assert each.key in preflight_words.WORDS
        assert "%" not in preflight_words.said(each)
        assert Finding.read(each.as_json()) == each
    return [(each.level.value, each.key) for each in findings]


def held(title: str = "One", **given: Any) -> HeldItem:
    return HeldItem(**{"title": title, "language": "en", "group": hash(title), **given})


@pytest.mark.parametrize(
    ("item", "found"),
    [
        (held(), ("ok", "items-ok")),
        (held(retracted=True), ("block", "items-retracted")),
        (held(embargo_until=NOON + timedelta(hours=1)), ("block", "items-embargo")),
        (held(embargo_until=NOON), ("ok", "items-ok")),
        (held(outdated=True), ("warn", "items-outdated")),
    ],
)
def test_items_that_may_not_go_out_stop_the_edition(item: HeldItem, found: tuple[str, str]) -> None:
    assert told(preflight.items([item], recipients=3, now=NOON)) == [found]


def test_an_edition_that_nobody_gets_is_told_of() -> None:
    assert told(preflight.items([held()], recipients=0, now=NOON)) == [("warn", "items-nobody")]


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("The week", ("ok", "subject-ok")),
        (" ", ("block", "subject-empty")),
        ("{{ title }}", ("block", "subject-raw")),
        ("w" * 71, ("warn", "subject-long")),
        ("周" * 36, ("warn", "subject-long")),
    ],
)
def test_a_subject_must_be_there_and_fit(subject: str, found: tuple[str, str]) -> None:
    assert told(preflight.subject([a_mail(subject=subject)])) == [found]


@pytest.mark.parametrize(
    ("size", "found"),
    [
        (92_160, ("ok", "size-ok")),
        (92_161, ("warn", "size-nearly")),
        (102_400, ("warn", "size-nearly")),
        (102_401, ("warn", "size-over")),
    ],
)
def test_the_largest_mail_is_held_against_what_gmail_shows(size: int, found: tuple[str, str]) -> None:
    assert told(preflight.size({"en": 5_000, "zh": size})) == [found]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ("ok", "unsubscribe-ok")),
        ({"html": HTML.replace(WAY_OUT, "x")}, ("block", "unsubscribe-link")),
        ({"text": "no link"}, ("block", "unsubscribe-link")),
        ({"headers": {}}, ("block", "unsubscribe-header")),
        ({"headers": {"list-unsubscribe": "x"}}, ("warn", "unsubscribe-https")),
    ],
)
def test_a_mail_without_a_way_out_is_never_sent(given: dict[str, Any], found: tuple[str, str]) -> None:
    findings = preflight.unsubscribe([a_mail(**given)])
    assert told(findings) == [found]
    assert findings[0].final == (found[0] == "block")


def test_readers_of_a_language_who_miss_items_are_told_of() -> None:
    both = [held("One", group=1), held("一", group=1, language="zh")]
    assert told(preflight.translations(both, ["en", "zh"])) == [("ok", "translations-ok")]
    assert told(preflight.translations([*both, held("Two", group=2)], ["en", "zh"])) == [
        ("warn", "translations-missing")
    ]
    assert preflight.translations([*both, held("Two", group=2)], ["en", "zh"])[0].details == ("Two",)
    assert told(preflight.translations([held()], ["en", "zh"])) == [("warn", "translations-none")]
    assert told(preflight.translations([held()], ["en"])) == [("ok", "translations-one")]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (HTML.replace('lang="en"', 'lang="fr"'), "en: lang"),
        (HTML.replace("<title>The week</title>", ""), "en: title"),
        (HTML.replace("<h1>The week</h1>", ""), "en: h1"),
        (HTML.replace("h2", "h4"), "en: h1–h6"),
        (HTML.replace(' role="presentation"', ""), "en: role=presentation"),
        (HTML.replace(' alt=""', ""), "en: alt"),
        (HTML.replace("Leave</a>", "</a>"), "en: a"),
    ],
)
def test_markup_that_a_screen_reader_stumbles_over_is_named(broken: str, said: str) -> None:
    (finding,) = preflight.accessibility([a_mail(html=broken)])
    assert (finding.level, finding.details[0]) == (Level.WARN, said)
    assert told(preflight.accessibility([a_mail()])) == [("ok", "accessibility-ok")]


def test_links_pictures_and_the_filter_are_judged_by_what_they_said() -> None:
    assert told(preflight.links(2, {}, {})) == [("ok", "links-ok")]
    assert told(preflight.links(2, {"a": "404"}, {"b": "late"})) == [
        ("block", "links-gone"),
        ("warn", "links-unsure"),
    ]
    assert told(preflight.links(1, {}, {}, ["https://late.example"])) == [("skipped", "links-late")]
    assert told(preflight.pictures([], [], ["https://late.example/a.png"])) == [("skipped", "pictures-late")]
    assert told(preflight.pictures([held(undescribed_picture=True)], ["gone"])) == [
        ("warn", "pictures-gone"),
        ("warn", "pictures-undescribed"),
    ]
    assert told(preflight.spam({"en": (0.3, ())})) == [("ok", "spam-ok")]
    assert told(preflight.spam({"en": (0.3, ()), "zh": (2.0, ("RULE",))})) == [("warn", "spam-nearly")]
    assert told(preflight.spam({"en": (5.0, ("RULE",))})) == [("block", "spam-is")]
    assert told([preflight.not_asked("spam", why) for why in ("not-yet", "no-filter", "no-answer")])
    assert told(preflight.sender("a.example", signs=False, by_provider=False)) == [
        ("warn", "sender-unsigned")
    ]
    assert told(preflight.sender("a.example", signs=False, by_provider=True)) == [("ok", "sender-provider")]
    assert told(preflight.address({"organisation": [], "postal_address": ["en"]})) == [
        ("warn", "address-no-postal_address")
    ]


@given(st.text(max_size=90), st.integers(1, 60))
def test_what_a_phone_shows_has_room_and_is_the_beginning(text: str, most: int) -> None:
    shown = first_columns(text, most)
    assert columns(shown) <= most
    assert shown == text or text.startswith(shown.removesuffix("…"))


@pytest.mark.parametrize(
    ("length", "level"), [(0, "empty"), (50, "good"), (51, "long"), (70, "long"), (71, "cut")]
)
def test_a_subject_is_good_up_to_fifty_columns_and_cut_beyond_seventy(length: int, level: str) -> None:
    assert hint("w" * length).level == level


def test_a_mail_is_shown_in_the_dark_whatever_the_viewer_has_chosen() -> None:
    html = (
        '<meta name="color-scheme" content="light dark"><style>:root { color-scheme: light dark; }'
        "@media (prefers-color-scheme: dark) { a { color: red } }</style><p>(prefers-color-scheme: dark)</p>"
    )
    dark, light = webview.forced(html, "dark"), webview.forced(html, "light")
    assert "@media all {" in dark
    assert "@media not all {" in light
    assert 'content="dark"' in dark
    assert ":root { color-scheme: light; }" in light
    assert all("<p>(prefers-color-scheme: dark)</p>" in each for each in (dark, light))


def test_with_images_off_no_picture_has_a_source_and_each_keeps_its_description() -> None:
    html = '<img alt="One" src="https://a.example/1.jpg" width="3"><p>src="kept"</p><img src=x alt="Two">'
    assert webview.without_pictures(html) == '<img alt="One" width="3"><p>src="kept"</p><img alt="Two">'
