"""Weibo: its count of characters and links against a counter written anew, and what a person is handed."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import Rejected
from publisher.render.social import render_snippet
from publisher.social.networks import registry
from publisher.social.networks.base import Account, ByHand, Network, Part, Picture, Prepared
from publisher.social.networks.registry import CannotSend
from publisher.social.networks.weibo.measure import measure
from publisher.social.networks.weibo.network import WEIBO
from publisher.social.networks.weibo.rules import Rules
from tests.render.samples import an_item

LINK = "https://office.example.org/stories/rain"


def as_its_editor_counts(text: str) -> int:
    """`kit.extra.count` of Weibo's scripts, line by line: the text as UTF-16, two bytes for each unit above U+00FF."""

    def bytes_of(part: str) -> int:
        units = part.encode("utf-16-le", "surrogatepass")
        return sum(1 if units[place + 1] == 0 else 2 for place in range(0, len(units), 2))

    total, rest = 0, text.strip()
    for link in re.findall(r"https?://[-A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%|]+", text.strip()):
        size = bytes_of(link)
        if (
            re.match(r"https?://(www\.)?(weibo\.com|weibo\.cn)([/:?#]|$)|https?://t\.cn([/:?#]|$)", link)
            and size <= 41
        ):
            total += size
        else:
            total += 20 if size <= 140 else size - 140 + 20
        rest = rest.replace(link, "", 1)
    return math.ceil((total + bytes_of(rest)) / 2)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("雨", 1),
        ("ab", 1),
        ("abc", 2),
        ("雨a", 2),
        ("é", 1),
        ("，。", 2),
        ("😀", 2),
        ("雨" * 140, 140),
        ("a" * 280, 140),
        (LINK, 10),
        (f"雨{LINK}雨", 12),
        (f"雨 {LINK}", 12),
        ("https://e.org/" + "a" * 126, 10),
        ("https://e.org/" + "a" * 128, 11),
        ("https://weibo.com/123/abc", 13),
        ("https://weibo.com.evil.example/1", 10),
        ("  雨  \n", 1),
        ("雨\n雨", 3),
    ],
)
def test_the_count_is_weibos(text: str, length: int) -> None:
    assert measure(text, Rules()).length == length


@given(
    st.lists(
        st.one_of(
            st.text(max_size=20),
            st.sampled_from(
                [LINK, "https://weibo.com/1/a", "http://t.cn/A6", "雨" * 30, "😀", " ", "\n", "é"]
            ),
            st.integers(100, 200).map(lambda size: "https://e.org/" + "a" * size),
        ),
        max_size=12,
    ).map(" ".join)
)
def test_the_count_agrees_with_one_written_anew(text: str) -> None:
    text = text.replace("\r", "")
    fit = measure(text, Rules(5000, 5000))
    assert fit.length == as_its_editor_counts(text)


@given(st.text(alphabet="雨a#é😀 \n", max_size=400))
def test_what_fits_is_what_is_within_the_limit(text: str) -> None:
    fit = measure(text, Rules())
    assert fit.fits == (0 < fit.length <= 140)
    assert bool(fit.why) != fit.fits


def test_a_second_link_does_not_fit_unless_the_channel_says_so() -> None:
    text = f"雨 {LINK} {LINK}2"
    assert "2 links, and one link" in measure(text, Rules()).why
    account = Account(1, "A", {}, {"links": 2})
    assert measure(text, WEIBO.rules(account)).fits


@pytest.mark.parametrize(
    ("own", "limit"),
    [
        ({}, 140),
        ({"max_characters": 2000}, 2000),
        ({"max_characters": 9999}, 140),
        ({"max_characters": True}, 140),
    ],
)
def test_a_channel_may_take_the_limit_of_the_editor(own: Any, limit: int) -> None:
    assert WEIBO.rules(Account(1, "A", {}, own)).limit == limit


def test_it_is_for_people_and_is_never_sent_to() -> None:
    assert isinstance(WEIBO, ByHand)
    assert not isinstance(WEIBO, Network)
    assert registry.can_send("weibo")
    assert registry.leaving("weibo") is WEIBO
    assert not WEIBO.lays_drafts(Account(1, "A", {"app_id": "a", "app_secret": "b"}))
    with pytest.raises(CannotSend):
        registry.sending("weibo")


def test_a_person_is_handed_the_exact_text_and_the_pictures_in_order() -> None:
    pictures = tuple(Picture(f"{n}" * 64, f"图{n}") for n in range(9))
    made = WEIBO.prepare(Part(f" 雨来了\r\n#水# {LINK} ", link=LINK, pictures=pictures), Account(1, "A"), "k")
    stored = Prepared(json.loads(json.dumps(dict(made.payload))), made.idempotency_key)
    handout = WEIBO.handout(stored, draft=False)
    assert [copy.text for copy in handout.copies] == [f"雨来了\n#水# {LINK}"]
    assert handout.pictures == pictures
    assert "pictures" in " ".join(handout.steps)
    assert handout.start == "https://weibo.com/"


def test_what_weibo_refuses_is_refused_before() -> None:
    with pytest.raises(Rejected, match="1 characters too long"):
        WEIBO.prepare(Part("雨" * 141), Account(1, "A"), "k")
    with pytest.raises(Rejected, match="9 pictures at most"):
        WEIBO.prepare(Part("雨", pictures=(Picture("a" * 64),) * 10), Account(1, "A"), "k")


def test_the_template_closes_hashtags_and_fits_in_both_languages() -> None:
    zh = render_snippet(
        "weibo", an_item(0, "zh-Hans", tags=("气候行动", "水")), limits=Rules(), measure=measure
    )
    en = render_snippet(
        "weibo", an_item(0, "en", tags=("Climate action", "Water")), limits=Rules(), measure=measure
    )
    assert zh.text.startswith("【")
    for snippet in (zh, en):
        assert snippet.fits
        [tags] = [line for line in snippet.text.splitlines() if line.startswith("#")]
        assert all(re.fullmatch(r"#[^#\s]+#", tag) for tag in tags.split())
