"""A WeChat article: what its text means, whether it fits, and what a person is handed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import Rejected
from publisher.render.social import render_snippet
from publisher.social.networks import registry
from publisher.social.networks.base import Account, ByHand, Network, Part, Picture, Prepared
from publisher.social.networks.wechat import article
from publisher.social.networks.wechat.measure import measure
from publisher.social.networks.wechat.network import WECHAT
from publisher.social.networks.wechat.payload import content
from publisher.social.networks.wechat.rules import LONGEST_CONTENT, PICTURES, Rules
from tests.render.samples import an_item

TEXT = "酸模谷的梯田重新通水\n\n两百户家庭修复了石渠。\n\n## 收成\n\n山谷收获了<荞麦> & 小麦。\n土壤更好了。"
BY_HAND = Account(1, "A", {}, {"author": "  Almaria   Office and more "})
TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=400)


def test_a_text_is_read_as_title_paragraphs_and_headings() -> None:
    read = article.read(TEXT)
    assert read.title == "酸模谷的梯田重新通水"
    assert read.digest == "两百户家庭修复了石渠。"
    lead, rest = read.html()
    assert lead == "<p>两百户家庭修复了石渠。</p>"
    assert rest == "<h2>收成</h2><p>山谷收获了&lt;荞麦&gt; &amp; 小麦。<br>土壤更好了。</p>"


def test_an_article_of_one_line_says_it_below_its_title_too() -> None:
    assert article.read("Rain arrives.").paragraphs == ("Rain arrives.",)
    assert measure("Rain arrives.", Rules()).fits


@given(TEXTS)
def test_whatever_is_written_the_html_holds_only_our_own_tags(text: str) -> None:
    html = "".join(article.read(text).html())
    assert set(re.findall(r"<[^>]*>", html)) <= {"<p>", "</p>", "<h2>", "</h2>", "<br>"}
    assert "<" not in re.sub(r"</?(?:p|h2|br)>", "", html)


@given(TEXTS)
def test_a_summary_is_never_too_long_and_comes_from_the_text(text: str) -> None:
    digest = article.read(text).digest
    assert len(digest) <= 120
    assert digest.removesuffix("…") in " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("雨。" * 70, "雨。" * 59),
        ("word " * 40, ("word " * 24).strip() + "…"),
        ("雨" * 130, "雨" * 119 + "…"),
        ("short", "short"),
    ],
)
def test_a_long_summary_ends_at_a_sentence_or_a_word(text: str, cut: str) -> None:
    assert article.shortened(text.strip(), 120) == cut


@pytest.mark.parametrize(
    ("title", "fits"),
    [
        ("雨" * 32, True),
        ("雨" * 33, False),
        ("a" * 64, True),
        ("a" * 65, False),
        ("雨" * 31 + "ab", True),
        ("雨" * 31 + "abc", False),
        ("😀" * 16, True),
        ("😀" * 17, False),
    ],
)
def test_a_title_is_counted_in_han_characters(title: str, fits: bool) -> None:
    fit = measure(f"{title}\n\nText.", Rules())
    assert fit.fits is fits
    assert ("title" in fit.why) is not fits


def test_a_channel_may_take_the_longer_title_of_the_editor() -> None:
    rules = WECHAT.rules(Account(1, "A", {}, {"title_limit": 64}))
    assert measure("雨" * 64, rules).fits
    assert WECHAT.rules(Account(1, "A", {}, {"title_limit": 65})).title == 32


def test_the_whole_html_counts_and_must_leave_room_for_pictures() -> None:
    assert measure("雨\n\n" + "&" * 3100, Rules()).fits
    assert "too long" in measure("雨\n\n" + "&" * 3300, Rules()).why
    assert measure("", Rules()).why == "the article has no title"


@given(st.lists(st.text(alphabet='雨a"<&', max_size=200), min_size=1, max_size=15))
def test_what_fits_still_fits_with_its_pictures(alts: list[str]) -> None:
    text = "雨\n\n" + "雨" * (Rules().limit - 7)
    assert measure(text, Rules()).fits
    pictures = tuple(Picture("a" * 64, alt) for alt in alts)
    made = WECHAT.prepare(Part(text, pictures=pictures), BY_HAND, "k")
    urls = [f"http://mmbiz.qpic.cn/mmbiz_png/{'x' * 60}/{number}" for number in range(len(alts))]
    whole = content(dict(made.payload), urls)
    assert len(whole) <= LONGEST_CONTENT or any(article.size(alt) > 60 for alt in alts)
    assert whole.count("<img ") == len(alts)


def test_it_is_for_people_with_or_without_drafts() -> None:
    assert isinstance(WECHAT, ByHand)
    assert isinstance(WECHAT, Network)
    assert registry.leaving("wechat") is WECHAT
    assert not WECHAT.lays_drafts(Account(1, "A", {"app_id": "wx1"}))
    assert WECHAT.lays_drafts(Account(1, "A", {"app_id": "wx1", "app_secret": "s"}))


def handed(draft: bool = False, **given: Any) -> Any:
    made = WECHAT.prepare(Part(TEXT, link="https://office.example.org/1", **given), BY_HAND, "k")
    return WECHAT.handout(Prepared(json.loads(json.dumps(dict(made.payload))), "k"), draft=draft)


def test_a_person_is_handed_each_field_of_the_editor() -> None:
    copies = {copy.label.split(" (")[0]: copy for copy in handed().copies}
    assert copies["Title"].text == "酸模谷的梯田重新通水"
    assert copies["Author"].text == "Almaria Office a"
    assert copies["Summary"].text == "两百户家庭修复了石渠。"
    assert copies["Original link"].text == "https://office.example.org/1"
    assert copies["Text"].html.startswith("<p>两百户")
    assert "收成" in copies["Text"].text
    assert "## " not in copies["Text"].text


def test_the_steps_tell_apart_what_lies_there_as_a_draft() -> None:
    assert "begin a new article" in " ".join(handed().steps)
    assert "Open the draft" in " ".join(handed(draft=True).steps)
    assert handed(pictures=(Picture("a" * 64, "雨"),)).pictures == (Picture("a" * 64, "雨"),)


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (Part("雨" * 33), "title"),
        (Part("雨", of=2), "one text"),
        (Part("雨", link="https://e.org/" + "a" * 1000), "link is too long"),
        (Part("雨", pictures=(Picture("a" * 64),) * (PICTURES.most + 1)), "pictures at most"),
    ],
)
def test_what_wechat_refuses_is_refused_before(part: Part, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        WECHAT.prepare(part, BY_HAND, "k")


def test_a_draft_needs_a_cover_and_a_copied_article_does_not() -> None:
    keys = {"app_id": "wx1", "app_secret": "s"}
    with pytest.raises(Rejected, match="cover"):
        WECHAT.prepare(Part("雨"), Account(1, "A", keys), "k")
    made = WECHAT.prepare(Part("雨"), Account(1, "A", keys, {"cover_media_id": "m1"}), "k")
    assert made.payload["cover"] == "m1"
    assert WECHAT.prepare(Part("雨"), BY_HAND, "k").payload["cover"] == ""


@pytest.mark.parametrize("language", ["en", "zh-Hans", "ar"])
def test_the_template_makes_an_article_that_fits(language: str) -> None:
    for number in range(12):
        view = an_item(number, language)
        snippet = render_snippet("wechat", view, limits=Rules(), measure=measure)
        read = article.read(snippet.text)
        assert snippet.fits, snippet.why
        assert article.size(read.title) <= 64
        assert view.summary[:25] in read.digest
        assert view.url not in snippet.text


@given(title=st.text(alphabet="雨ab cé，", min_size=1, max_size=200).filter(lambda text: text.strip()))
def test_a_long_title_is_shortened_until_it_fits(title: str) -> None:
    snippet = render_snippet("wechat", an_item(title=title), limits=Rules(), measure=measure)
    assert snippet.fits, snippet.why


def test_the_body_of_an_item_becomes_its_paragraphs_and_its_summary_is_not_said_twice() -> None:
    body = "First paragraph of it.\n\nSecond paragraph."
    view = an_item(title="Rain", summary="First paragraph of…", text=body)
    snippet = render_snippet("wechat", view, limits=Rules(), measure=measure)
    read = article.read(snippet.text)
    assert read.paragraphs[:2] == ("First paragraph of it.", "Second paragraph.")
    longer = render_snippet(
        "wechat", an_item(title="Rain", text="x " * 9000), limits=Rules(), measure=measure
    )
    assert longer.fits
