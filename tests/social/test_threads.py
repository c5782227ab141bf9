"""A long text becomes messages that each fit, cut where a reader would cut them."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.render.social import CannotSplit
from publisher.social.networks import registry
from publisher.social.networks.base import Account
from publisher.social.threads import split, takes_threads

NUMBER = re.compile(r"\n(\d+)/(\d+)\Z")


def within(limit: int):
    return lambda text: 0 < len(text) <= limit


def told(text: str, limit: int, *, most: int = 9, numbered: bool = False) -> list[str]:
    return list(split([text], fits=within(limit), most=most, numbered=numbered))


def without_blanks(text: str) -> str:
    return "".join(text.split())


def test_a_text_that_fits_stays_one_message_without_a_number() -> None:
    assert told("  One sentence. Two sentences.\n\nAnd more. ", 60, numbered=True) == [
        "One sentence. Two sentences.\n\nAnd more."
    ]


def test_a_message_ends_at_a_paragraph_before_it_ends_at_a_sentence() -> None:
    text = "The river came back. So did the school.\n\nForty families returned. They had waited for years."
    assert told(text, 70) == [
        "The river came back. So did the school.",
        "Forty families returned. They had waited for years.",
    ]


def test_a_short_paragraph_does_not_take_a_message_of_its_own() -> None:
    text = "Almaria.\n\nForty families returned to the valley. They had waited for years. All of them."
    assert told(text, 60) == [
        "Almaria.\n\nForty families returned to the valley.",
        "They had waited for years. All of them.",
    ]


@pytest.mark.parametrize(
    ("text", "limit", "messages"),
    [
        (
            "Mr. Lin of the U.N. Office in St. Petersburg read No. 5 of them. He paid 3.50 dollars.",
            70,
            ["Mr. Lin of the U.N. Office in St. Petersburg read No. 5 of them.", "He paid 3.50 dollars."],
        ),
        (
            "四十户家庭交流种子、土壤和雨水的经验。他们每月见面！明年会有更多家庭加入吗？会的。",
            20,
            ["四十户家庭交流种子、土壤和雨水的经验。", "他们每月见面！明年会有更多家庭加入吗？", "会的。"],
        ),
        (
            "هل عادت المياه إلى الوادي؟ نعم عادت. والمدرسة أيضا عادت إلى العمل.",
            40,
            ["هل عادت المياه إلى الوادي؟ نعم عادت.", "والمدرسة أيضا عادت إلى العمل."],
        ),
        ("“It is back.” She smiled. The end.", 25, ["“It is back.” She smiled.", "The end."]),
    ],
)
def test_sentences_end_as_their_language_ends_them(text: str, limit: int, messages: list[str]) -> None:
    assert told(text, limit) == messages


def test_a_sentence_longer_than_a_message_is_cut_between_words() -> None:
    text = "Forty families compare notes on seeds and soil and rain in the valley"
    assert told(text, 30) == ["Forty families compare notes", "on seeds and soil and rain in", "the valley"]


def test_messages_are_filled_where_whole_sentences_would_need_too_many() -> None:
    text = "It rained. " + "It rained again and again and again all day. " * 3
    assert len(told(text, 50, most=9)) == 4
    filled = told(text, 50, most=3)
    assert len(filled) == 3
    assert without_blanks("".join(filled)) == without_blanks(text)


def test_links_and_hashtags_below_the_text_stay_with_the_first_message() -> None:
    text = "The river came back. So did the school.\n\n#Water #学校\nhttps://e.org/a?b=1"
    assert told(text, 60, numbered=True) == [
        "The river came back.\n\n#Water #学校\nhttps://e.org/a?b=1\n1/2",
        "So did the school.\n2/2",
    ]


def test_a_link_or_hashtag_within_the_text_is_never_cut() -> None:
    text = "见https://例子.cn/气候行动/很长的地址，以及#气候行动的未来 和更多文字在后面继续写下去"
    for limit in range(24, 45):
        joined = "|".join(told(text, limit))
        assert "https://例子.cn/气候行动/很长的地址" in joined
        assert "#气候行动的未来" in joined


def test_a_name_within_chinese_does_not_hold_the_words_behind_it_together() -> None:
    text = "感谢@almaria" + "的家庭交流经验" * 8
    assert "".join(told(text, 30)) == text


def test_a_grapheme_is_never_cut() -> None:
    family = "👩‍👩‍👧‍👦"
    messages = told(family * 10, 30)
    assert "".join(messages) == family * 10
    assert all(len(message) % len(family) == 0 for message in messages)


def test_numbers_are_counted_in_also_those_of_two_digits() -> None:
    text = " ".join(f"Sentence {n} of many." for n in range(40))
    messages = told(text, 60, most=25, numbered=True)
    assert len(messages) > 9
    assert [NUMBER.search(message)[0] for message in messages] == [  # type: ignore[index]
        f"\n{n}/{len(messages)}" for n in range(1, len(messages) + 1)
    ]
    assert all(len(message) <= 60 for message in messages)


def test_a_template_says_where_a_message_begins() -> None:
    pieces = ["The title", "", "A sentence. Another sentence.", "Read more:\nhttps://e.org/1"]
    assert split(pieces, fits=within(500), most=5) == (
        "The title\n1/3",
        "A sentence. Another sentence.\n2/3",
        "Read more:\nhttps://e.org/1\n3/3",
    )


def test_a_template_with_more_messages_than_allowed_is_told() -> None:
    with pytest.raises(CannotSplit, match="its template makes 4 messages, and at most 3 are allowed"):
        split(["a", "", "b", "c"], fits=within(500), most=3)


@pytest.mark.parametrize(
    ("text", "limit", "most", "why"),
    [
        ("A sentence of words. " * 20, 50, 3, "it needs more than 3 messages"),
        ("Words.\n\nhttps://e.org/" + "a" * 60, 50, 5, "leave no room for words"),
        ("Look: https://e.org/" + "a" * 60, 50, 5, "longer than a message"),
        ("https://e.org/" + "a" * 60, 50, 5, "longer than a message"),
        (" \n", 50, 5, "empty"),
    ],
)
def test_what_cannot_be_a_thread_says_why(text: str, limit: int, most: int, why: str) -> None:
    with pytest.raises(CannotSplit, match=why):
        told(text, limit, most=most)


WORDS = st.sampled_from(
    [
        *[
            "a",
            "I",
            "rain",
            "families",
            "Mr.",
            "U.N.",
            "No.",
            "5",
            "3.50",
            "end.",
            "why?",
            "so!",
            "(yes)",
            "“well.”",
            "四十户家庭交流。",
            "会的！",
            "مرحبا؟",
            "👩\u200d👩\u200d👧\u200d👦",
            "é",
        ],
        "https://example.org/a_b?c=d#e",
        "#ClimateAction",
        "@ana@e.org",
        "\n",
        "\n\n",
        "a.b.c",
    ]
)
PROSE = st.one_of(st.lists(WORDS, min_size=1, max_size=120).map(" ".join), st.text(max_size=300))


@settings(max_examples=300)
@given(text=PROSE, limit=st.integers(30, 200), numbered=st.booleans())
def test_every_message_fits_and_together_they_are_the_text(text: str, limit: int, numbered: bool) -> None:
    try:
        messages = split([text], fits=within(limit), most=25, numbered=numbered)
    except CannotSplit:
        return
    assert all(0 < len(message) <= limit for message in messages)
    bodies = [NUMBER.sub("", message) if numbered and len(messages) > 1 else message for message in messages]
    assert all(body.strip() for body in bodies)
    if len(messages) == 1:
        assert messages[0] == text.strip()
    # What stood below the text stands below the first message now.
    tail = re.search(r"(?:(?:^|\n)(?:[ \t\r\f\v]*(?:https?://|[#＃])\S+)+\s*)+\Z", text.strip())
    if tail is None or len(messages) == 1:
        assert without_blanks("".join(bodies)) == without_blanks(text)
    else:
        assert sorted(without_blanks("".join(bodies))) == sorted(without_blanks(text))
    for kept in ("https://example.org/a_b?c=d#e", "#ClimateAction"):
        assert sum(body.count(kept) for body in bodies) == text.count(kept)


@settings(max_examples=100)
@given(text=PROSE, limit=st.integers(30, 200))
def test_what_is_split_already_is_not_split_again(text: str, limit: int) -> None:
    try:
        messages = split([text], fits=within(limit), most=25)
    except CannotSplit:
        return
    for message in messages:
        assert split([message], fits=within(limit), most=25) == (message.strip(),)


@pytest.mark.parametrize("network", ["x", "mastodon", "bluesky", "telegram", "sandbox", "webhook"])
@settings(max_examples=25)
@given(text=st.lists(WORDS, min_size=60, max_size=400).map(" ".join))
def test_messages_fit_by_the_networks_own_measure(network: str, text: str) -> None:
    room = import_module(f"publisher.social.networks.{network}.measure")
    rules = room.Rules()
    try:
        messages = split([text], fits=lambda part: room.measure(part, rules).fits, most=25)
    except CannotSplit:
        return
    assert all(room.measure(message, rules).fits for message in messages)


@pytest.mark.parametrize(
    ("network", "given", "takes"),
    [
        ("x", {}, False),
        ("x", {"threads": True}, True),
        ("x", {"threads": "yes"}, False),
        ("mastodon", {}, True),
        ("telegram", {}, True),
        ("linkedin", {"threads": True}, False),
    ],
)
def test_threads_go_where_network_and_account_take_them(network: str, given: dict, takes: bool) -> None:  # type: ignore[type-arg]
    assert takes_threads(registry.get(network), Account(1, "a", {}, given)) is takes
