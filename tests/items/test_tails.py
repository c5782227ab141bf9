"""Contact blocks, notes and attributions are cut off; text that only looks like them stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.items.tails import Part, split_tails

BODY = [
    "Teachers from forty schools met in Orlen to compare how they teach reading.",
    "They will meet again in spring.",
]
PHONE = "Ms. Ilse Marn, Tel: +99 10 5550 1234"


def parts(*lines: str) -> list[str]:
    return [part.value for part in split_tails([*BODY, *lines]).parts[len(BODY) :]]


@pytest.mark.parametrize(
    "marker", ["ENDS", "- ENDS -", "—End—", "###", "# # #", "***ENDS***", "-30-", "（完）", "FIN", "– Fin –"]
)
def test_a_text_ends_at_its_end_mark(marker: str) -> None:
    assert parts(marker, "About the centre", "It was founded in 1990.") == ["marker", "notes", "notes"]


@pytest.mark.parametrize(
    "head",
    [
        "For further information, please contact:",
        "For more information or interviews contact",
        "For media enquiries, please write to:",
        "Media contact",
        "Media contacts:",
        "Press contact details:",
        "Contact: Ilse Marn",
        "媒体联系人：",
        "如需更多信息，请联系：",
        "新闻联系",
        "Contacts presse",
        "Pour plus d’informations, veuillez contacter :",
        "Contacto de prensa:",
        "Para más información, comuníquese con:",
    ],
)
def test_a_contact_block_begins_with_its_head_in_any_language(head: str) -> None:
    assert parts(head, PHONE) == ["contact", "contact"]
    assert parts("---", head, PHONE) == ["marker", "contact", "contact"]


@pytest.mark.parametrize(
    "head",
    [
        "Notes to editors",
        "Notes to the editors:",
        "Note to editors:",
        "Editor’s note",
        "编者注：",
        "Notes aux rédactions",
        "Nota para los editores",
    ],
)
def test_notes_to_editors_are_notes_in_any_language(head: str) -> None:
    assert parts(head, "The seminar was the third of its kind.") == ["notes", "notes"]


@pytest.mark.parametrize(
    "line",
    [
        "This story was originally published by the Water Board",
        "This article was first published in the Almaria Times on 3 May.",
        "Originally published by the Water Board",
        "This story first appeared on the website of the Water Board.",
        "This press release was originally issued by the Water Board",
        "本文最初由水务局发布",
        "来源：水务局",
        "Cet article a été initialement publié par l’Office des eaux",
        "Este artículo fue publicado originalmente por la Junta de Aguas",
    ],
)
def test_where_a_text_came_from_is_told_apart_wherever_it_stands(line: str) -> None:
    assert parts(line) == ["attribution"]
    assert split_tails([line, *BODY]).body == "\n\n".join(BODY)


def test_boilerplate_about_somebody_is_a_note_only_behind_a_tail() -> None:
    assert parts("About the spring", "It rises at 1,900 metres.") == ["body", "body"]
    assert parts("ENDS", "About the spring", "It rises at 1,900 metres.") == ["marker", "notes", "notes"]


def test_a_contact_line_ahead_of_the_end_mark_is_found() -> None:
    line = "For further information or media inquiries, please contact Jo Ferr at jo.ferr@almaria.example"
    assert parts(line, "###", "About the envoy: she speaks for road safety.") == [
        "contact",
        "marker",
        "notes",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Deepa Relle is Vice-President of the Harbour Foundation. Tomas Ost is the Resident Coordinator.",
        "For many families, information is scarce; they call their neighbours.",
        "Contact between the two valleys had been rare for nine years, and both sides say that this was the harm.",
        "This story was on everybody’s lips.",
        "The report was published by the Water Board.",
        "Ends of the rope were tied.",
        "Notes of the flute rose over the valley.",
        "Sobre todo, el agua.",
    ],
)
def test_sentences_that_only_resemble_a_tail_stay(line: str) -> None:
    assert parts(line) == ["body"]


def test_a_rule_between_sections_is_no_end() -> None:
    assert parts("***", "The second day began with reading aloud in small groups.") == ["body", "body"]


OFFICER = "Ada Lindgren, Communications Officer, Office of the Resident Coordinator in Almaria"


@pytest.mark.parametrize("marker", ["ENDS", "- ENDS -", "（完）", "*** FIN ***", "###"])
@pytest.mark.parametrize(
    "tail",
    [
        ["Media contacts:", f"{OFFICER}, ada@example.org"],
        [OFFICER, "Tel. +86 10 8532 0000, ada@example.org"],
        [f"For media enquiries: {OFFICER}"],
    ],
)
def test_the_end_mark_of_a_text_shorter_than_its_tail_is_found(marker: str, tail: list[str]) -> None:
    answer = split_tails(["The bridge is open.", marker, *tail])
    assert answer.body == "The bridge is open."
    assert OFFICER in answer.contact + answer.notes


@pytest.mark.parametrize(
    "tail",
    [
        [
            "About the Fund",
            "The Fund lends money to villages that rebuild their channels. " * 5,
            "press@example.org",
        ],
        ["Notes to editors", "The seminar was the third of its kind, and the largest so far. " * 5],
        ["编者按", "这次研讨会是第三次，也是迄今为止规模最大的一次，来自四十个村庄的代表参加了会议。" * 7],
    ],
)
def test_the_boilerplate_of_a_short_release_may_be_a_paragraph(tail: list[str]) -> None:
    answer = split_tails(["The bridge over the Sorrel is open to all from Monday on.", "ENDS", *tail])
    assert answer.body == "The bridge over the Sorrel is open to all from Monday on."
    assert answer.notes


def test_an_early_mark_before_a_line_with_an_address_does_not_swallow_the_article() -> None:
    article = [
        f"{n}. " + "The families rebuilt the channels that their grandparents laid. " * 6 for n in range(9)
    ]
    answer = split_tails(["It begins.", "###", "Register at events@example.org by Friday.", *article])
    assert all(paragraph in answer.body for paragraph in article)


def test_an_end_mark_at_the_top_does_not_swallow_the_text() -> None:
    assert split_tails(["###", *BODY]).parts[1:] == (Part.BODY, Part.BODY)


def test_text_goes_on_behind_a_contact_in_the_middle() -> None:
    long = "The seminar then turned to the question of how long a lesson should be. " * 4
    assert parts("For more information, contact:", PHONE, long) == ["contact", "contact", "body"]


LINES = st.lists(
    st.sampled_from(
        [
            *BODY,
            "ENDS",
            "###",
            "---",
            "Media contact:",
            PHONE,
            "Notes to editors",
            "About X",
            "Originally published by X",
            "x" * 300,
        ]
    )
    | st.text(min_size=1, max_size=40),
    max_size=15,
)


@given(LINES)
def test_every_line_is_in_exactly_one_part(lines: list[str]) -> None:
    tails = split_tails(lines)
    assert len(tails.parts) == len(lines)
    kept = sum(part is not Part.MARKER for part in tails.parts)
    texts = [text for text in (tails.body, tails.contact, tails.notes, tails.attribution) if text]
    assert sum(len(text.split("\n\n")) for text in texts) >= (1 if kept else 0)
    for line, part in zip(lines, tails.parts, strict=True):
        if part is not Part.MARKER:
            assert line in getattr(tails, part.value)
