"""The summary of an item: whole sentences, no cut words, no phone numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.items.contacts import holds_contact
from publisher.items.sentences import sentence_ends
from publisher.items.summary import LIMIT, cut, summarise

SHORT = "Dr. Tolen met the farmers. They spoke for an hour. "


def sentences(text: str) -> list[str]:
    ends = list(sentence_ends(text))
    return [text[a:b].strip() for a, b in zip([0, *ends], ends, strict=False)]


def test_the_producers_summary_wins() -> None:
    assert summarise("  Two valleys\nshare. ", "Body text.", "en") == "Two valleys share."


def test_without_one_the_first_whole_sentences_are_taken() -> None:
    assert summarise("", SHORT * 20, "en") == (SHORT * 5).strip()


def test_a_producers_summary_that_is_a_whole_text_is_shortened() -> None:
    assert summarise(SHORT * 20, "", "en") == (SHORT * 5).strip()


def test_a_first_sentence_that_is_too_long_is_cut_between_words() -> None:
    text = "The valley " + "and the river " * 40 + "end."
    summary = summarise("", text, "en")
    assert summary.endswith(("river…", "the…", "and…"))
    assert 265 < len(summary) <= LIMIT


def test_chinese_sentences_stay_whole() -> None:
    sentence = "两条山谷就旱季用水达成了一致，并指定了守闸人。"
    assert summarise("", sentence * 30, "zh") == sentence * (LIMIT // len(sentence))


def test_a_chinese_sentence_that_is_too_long_is_cut_between_characters() -> None:
    summary = summarise("", "山谷，" * 200, "zh")
    assert summary == "山谷，" * 92 + "山谷，"[: LIMIT - 1 - 276].rstrip("，") + "…"


def test_chinese_paragraphs_are_joined_without_a_space() -> None:
    assert summarise("", "山谷有水。\n\n河流也有。", "zh") == "山谷有水。河流也有。"


def test_subheads_and_pointers_are_left_out() -> None:
    body = (
        "A spring.\n\nA long way\n\nFor readers on the islands, please click this link\n\nIt took nine years."
    )
    assert summarise("", body, "en") == "A spring. It took nine years."


def test_a_body_of_one_unfinished_line_is_its_own_summary() -> None:
    assert summarise("", "Photographs of the harbour", "en") == "Photographs of the harbour"


@pytest.mark.parametrize(
    "contact",
    [
        "Tel: +8610-8532 0000",
        "press@almaria.example",
        "电话：010-85320000",
        "Call (010) 8532-0000 today",
        "tél. : 01 44 00 00 00",
        "Phone 555-010-0199",
        "+99 10 5550 1234",
        "手机 13800138000",
        "jo [at] almaria.example",
    ],
)
def test_no_summary_holds_a_phone_number_or_an_address(contact: str) -> None:
    assert holds_contact(contact)
    assert summarise(f"The spring is open. {contact}.", "", "en") == "The spring is open."
    assert not holds_contact(summarise("", f"{contact}\n\nThe spring is open.", "en"))


@pytest.mark.parametrize(
    "harmless",
    [
        "3.5 million hectares since 2016",
        "19 – 21 November 2025",
        "From 2020-2021",
        "US$ 3.4 billion",
        "10,000 Chinese yuan",
        "ISO 9001:2015",
        "1990 1995 2000 2005",
        "Goal 12.3 by 2030",
    ],
)
def test_figures_are_not_taken_for_phone_numbers(harmless: str) -> None:
    assert not holds_contact(harmless)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Relle and Dr. Tolen came. They spoke.", ["Mr. Relle and Dr. Tolen came.", "They spoke."]),
        ("The U.S. Government paid. It said so.", ["The U.S. Government paid.", "It said so."]),
        ("See No. 5 in St. Karo. It rains.", ["See No. 5 in St. Karo.", "It rains."]),
        ("He said no. Then he left.", ["He said no.", "Then he left."]),
        (
            "Some, e.g. Karo, grew 3.5 per cent. Others fell.",
            ["Some, e.g. Karo, grew 3.5 per cent.", "Others fell."],
        ),
        ("“Is it?” she asked. “It is.” He sat.", ["“Is it?” she asked.", "“It is.”", "He sat."]),
        ("J. R. Marn wrote it. M. Ost read it.", ["J. R. Marn wrote it.", "M. Ost read it."]),
        ("La Sra. Marn llegó. ¿Quién habló?", ["La Sra. Marn llegó.", "¿Quién habló?"]),
        ("M. Dupont est venu. Mme. Ost aussi.", ["M. Dupont est venu.", "Mme. Ost aussi."]),
        ("他问：“是吗？”她说是。走了。", ["他问：“是吗？”", "她说是。", "走了。"]),
        ("Time flies… It is late!", ["Time flies…", "It is late!"]),
    ],
)
def test_sentences_end_where_a_reader_sees_them_end(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


words = st.text(alphabet="abcdefgÄß水.", min_size=1, max_size=12)
texts = st.lists(
    st.sampled_from(
        ["a", "valley", "Mr.", "end.", "ends!", "“So?”", "水", "山谷。", "3.5", "\n\n", "x" * 40]
    ),
    max_size=80,
).map(" ".join)


@given(texts, st.sampled_from(["en", "zh"]), st.integers(1, 400))
def test_a_summary_never_exceeds_its_limit(text: str, language: str, limit: int) -> None:
    assert len(summarise("", text, language, limit)) <= limit


@given(texts.map(lambda text: text.replace("\n\n", " ")), st.integers(45, 400))
def test_a_summary_of_one_paragraph_is_a_prefix_that_cuts_no_word(text: str, limit: int) -> None:
    line = " ".join(text.split())
    summary = summarise("", text, "en", limit)
    kept = summary.removesuffix("…") if not line.startswith(summary) else summary
    assert line.startswith(kept)
    rest = line[len(kept) :]
    assert (
        not rest
        or not kept
        or not (kept[-1].isascii() and kept[-1].isalnum() and rest[0].isascii() and rest[0].isalnum())
    )


@given(st.text(), st.integers(0, 60))
def test_a_cut_is_within_the_limit_and_only_marked_when_something_is_missing(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert short == text or limit == 0 or short.endswith("…")


@given(st.text(), st.text(), st.sampled_from(["en", "zh", "ja", "th"]))
def test_any_text_can_be_summarised(given_summary: str, body: str, language: str) -> None:
    assert "\n" not in summarise(given_summary, body, language)
