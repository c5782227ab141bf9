"""Which requests are counted: those of people, who do not ask otherwise."""

from __future__ import annotations

import pytest
from django.http import HttpHeaders
from hypothesis import given
from hypothesis import strategies as st

from publisher.counting.asking import counts

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PEOPLE = [
    FIREFOX,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
    "Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Thunderbird/128.0",
]
PROGRAMS = [
    "",
    "Mozilla/5.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "curl/8.5.0",
    "python-requests/2.32",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (compatible; Mimecast URL scanner)",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
]


def said(**more: str) -> HttpHeaders:
    return HttpHeaders(
        {f"HTTP_{name.upper()}": value for name, value in {"User_Agent": FIREFOX, **more}.items()}
    )


@pytest.mark.parametrize("program", PEOPLE)
def test_what_people_use_counts(program: str) -> None:
    assert counts("GET", said(User_Agent=program))


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_that_say_so_do_not_count(program: str) -> None:
    assert not counts("GET", said(User_Agent=program))


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", ""])
def test_only_a_get_counts(method: str) -> None:
    assert not counts(method, said())


@pytest.mark.parametrize(
    "header",
    [
        {"DNT": "1"},
        {"Sec_GPC": "1"},
        {"Purpose": "prefetch"},
        {"Sec_Purpose": "prefetch;prerender"},
        {"X_Moz": "prefetch"},
        {"X_Purpose": "preview"},
    ],
)
def test_who_asks_not_to_be_followed_and_what_is_loaded_ahead_does_not_count(header: dict[str, str]) -> None:
    assert not counts("GET", said(**header))


def test_a_header_that_asks_for_nothing_changes_nothing() -> None:
    assert counts("GET", said(DNT="0", Sec_GPC="0", Sec_Purpose="navigation"))


@given(st.dictionaries(st.sampled_from(["User_Agent", "DNT", "Sec_GPC", "Purpose"]), st.text()))
def test_any_headers_get_an_answer(headers: dict[str, str]) -> None:
    assert counts("GET", said(**headers)) in (True, False)
