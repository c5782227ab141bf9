"""A “Latest” page: entries are found in four languages, and every line is accounted for."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.items.content import Content, build_content
from publisher.items.pages.listing import MAX_PAGE, ListingResult, read_listing
from tests.items.entries import FIXTURES, NOW

LANGUAGES = ["en", "zh", "fr", "es"]


def page(language: str = "en") -> str:
    return (FIXTURES / f"latest-{language}.txt").read_text(encoding="utf-8")


def read(text: str, language: str = "en") -> ListingResult:
    return read_listing(text, source="almaria", default_language=language, now=NOW)


def contents(text: str) -> list[Content]:
    return [build_content(listed.item, default_language="en") for listed in read(text).accepted]


def accounted(result: ListingResult) -> list[int]:
    """The numbers of all lines that ended up somewhere."""
    taken = [number for listed in result.accepted for number in listed.lines]
    refused = [number for listed in result.rejected for number in listed.lines]
    return sorted([*taken, *refused, *(furniture.line for furniture in result.furniture)])


def filled(text: str) -> list[int]:
    """The numbers of the lines with something on them, as an editor counts."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [number for number, line in enumerate(lines, start=1) if line.strip()]


def test_entries_of_the_page_are_found_and_those_without_title_refused() -> None:
    result = read(page())
    assert Counter(listed.item.kind for listed in result.accepted) == {"story": 3, "press_release": 3}
    assert [(r.refusal.code, r.lines, r.raw) for r in result.rejected] == [
        ("no_title", (66, 67), "Resources\n18 September 2025"),
        ("no_title", (68, 69), "Resources\n28 March 2025"),
    ]


@pytest.mark.parametrize("language", ["zh", "fr", "es"])
def test_pages_in_other_languages_are_read_even_on_an_english_site(language: str) -> None:
    found = contents(page(language))
    assert [(each.kind, each.language) for each in found] == [
        ("story", language),
        ("press_release", language),
    ]
    assert [bool(each.attribution) for each in found] == [True, False]
    assert [bool(each.contact) for each in found] == [False, True]
    assert "1234" not in "".join(each.summary + each.body_text for each in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_a_page_is_accounted_for_once(language: str) -> None:
    assert accounted(read(page(language))) == filled(page(language))


def test_what_is_not_an_entry_is_named() -> None:
    what = {furniture.line: furniture.what for furniture in read(page()).furniture}
    assert (what[1], what[2], what[14], what[31], what[64], what[65]) == (
        "section_head",
        "introduction",
        "counter",
        "teaser_end",
        "section_head",
        "counter",
    )


def test_a_title_may_look_like_anything() -> None:
    assert contents(page())[1].title.endswith("Episode 7 with Tomas Relle, Keeper of the Harbour Lights")


def test_subheads_and_speakers_stay_in_the_body() -> None:
    story, podcast = contents(page())[:2]
    assert "A long way to agreement" in story.body_text
    assert "Ana Belmar took office" in podcast.body_text


def test_contacts_and_notes_are_cut_off_and_no_summary_holds_them() -> None:
    centre, envoy, seminar = contents(page())[3:]
    assert centre.notes.startswith("Notes to the editors:\n\nAbout the centre")
    assert centre.contact.endswith("please contact press@almaria.example.")
    assert envoy.notes.startswith("About the envoy")
    assert envoy.contact.startswith("For further information")
    assert seminar.contact.endswith("ilse.marn@almaria.example")
    assert [each.body_text.splitlines()[-1] for each in (centre, envoy, seminar)] == [
        "The centre will train 300 companies a year. Its courses are free.",
        "Helmets save lives, and so do slower streets. The envoy will ask for both.",
        "Teachers from forty schools met in Orlen to compare how they teach reading.",
    ]


def test_the_date_is_the_day_in_utc() -> None:
    assert [f"{listed.item.published_at:%Y-%m-%d %H:%M}" for listed in read(page("fr")).accepted] == [
        "2025-08-01 00:00",
        "2025-12-01 00:00",
    ]


def entry(
    title: str = "A bus that brings the library",
    body: str = "It stops here.",
    label: str = "Story",
    date: str = "19 June 2025",
) -> str:
    return f"{label}\n{date}\n{title}\n{body}\n"


def ids(*texts: str) -> list[str]:
    return [read(text).accepted[0].item.id for text in texts]


def test_a_corrected_body_is_the_same_item_and_so_is_a_title_set_anew() -> None:
    same = ids(
        entry(),
        entry(body="It stops there."),
        entry(title="A Bus That Brings the Library!"),
        entry(label="Stories", date="2025-06-19"),
    )
    assert len(set(same)) == 1


def test_another_title_date_or_kind_is_another_item() -> None:
    other = ids(
        entry(), entry(title="A bus that brings the post"), entry(date="20 June 2025"), entry(label="Video")
    )
    assert len(set(other)) == 4


def test_sources_do_not_share_ids() -> None:
    two = {
        read_listing(entry(), source=s, default_language="en", now=NOW).accepted[0].item.id
        for s in ("a", "b")
    }
    assert len(two) == 2


def test_the_same_entry_twice_is_refused_with_the_line_of_the_first() -> None:
    result = read(entry() + "1 of 2\n" + entry(body="Again."))
    assert [(r.refusal.code, r.lines) for r in result.rejected] == [("duplicate_entry", (6, 7, 8, 9))]
    assert "line 1" in result.rejected[0].refusal.reason


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("31 February 2025", "bad_date"),
        ("10 August 1870", "date_out_of_range"),
        ("10 August 2090", "date_out_of_range"),
        ("2025-13-01", "bad_date"),
    ],
)
def test_an_impossible_date_refuses_the_entry_not_the_page(date: str, code: str) -> None:
    result = read(entry(date=date) + entry(title="Another"))
    assert [r.refusal.code for r in result.rejected] == [code]
    assert [listed.item.title for listed in result.accepted] == ["Another"]


def test_an_unknown_kind_behind_a_counter_is_refused_and_not_swallowed() -> None:
    result = read(entry() + "1 of 2\n" + entry(label="Puppet show", title="Mira and the sluice"))
    assert [(r.refusal.code, r.raw.splitlines()[2]) for r in result.rejected] == [
        ("unknown_kind", "Mira and the sluice")
    ]


@pytest.mark.parametrize("date", ["10/08/2025", "10 - 12 August 2025", "10/8/25"])
def test_an_entry_under_an_unreadable_date_is_refused_wherever_it_stands(date: str) -> None:
    unclear = entry(date=date, title="Under another date")
    for text in (unclear + entry(), entry() + unclear, entry() + "1 of 2\n" + unclear):
        result = read(text)
        assert [r.refusal.code for r in result.rejected] == ["bad_date"]
        assert "Under another date" in result.rejected[0].raw
        assert [listed.item.title for listed in result.accepted] == ["A bus that brings the library"]
        assert date in result.rejected[0].refusal.reason


def test_a_kind_without_any_date_where_an_entry_must_begin_is_refused() -> None:
    result = read(entry() + "1 of 2\nStory\nA title at once\nIts text.\n")
    assert [(r.refusal.code, r.lines) for r in result.rejected] == [("bad_date", (6, 7, 8))]


def test_other_dates_of_the_page_tell_which_number_is_the_day() -> None:
    result = read(entry(date="10/08/2025") + entry(date="25/08/2025", title="Another"))
    assert [f"{listed.item.published_at:%m-%d}" for listed in result.accepted] == ["08-10", "08-25"]


def test_a_menu_of_kinds_above_the_entries_belongs_to_the_page() -> None:
    result = read("News\nVideo\nEvents\n" + entry())
    assert (len(result.accepted), result.rejected) == (1, ())
    assert [f.line for f in result.furniture] == [1, 2, 3]


def test_an_unknown_kind_at_the_beginning_of_the_page_is_refused() -> None:
    result = read(entry(label="Puppet show", title="Mira and the sluice") + entry())
    assert [r.refusal.code for r in result.rejected] == ["unknown_kind"]
    assert len(result.accepted) == 1


def test_a_place_above_a_date_within_a_body_does_not_begin_an_entry() -> None:
    result = read(entry(body="It stops here.\nOrlen\n12 May 2025\nIt was a good day."))
    assert len(result.accepted) == 1
    assert result.rejected == ()


def test_a_counter_within_a_body_does_not_end_it() -> None:
    assert (
        contents(entry(body="First picture.\n1 of 3\nThe text goes on."))[0].body_text
        == "First picture.\n\nThe text goes on."
    )


def test_a_section_behind_a_counter_belongs_to_the_page() -> None:
    result = read(entry() + "1 of 5\nLatest News\nWhat we did this month:\n" + entry(title="Another"))
    assert [(f.line, f.what) for f in result.furniture] == [
        (5, "counter"),
        (6, "section_head"),
        (7, "introduction"),
    ]
    assert (
        contents(entry() + "1 of 5\nLatest News\nWhat we did this month:\n")[0].body_text == "It stops here."
    )


def test_the_end_of_a_teaser_is_no_text_on_its_own_line_or_at_the_end_of_one() -> None:
    assert contents(entry(body="It stops here.\nLearn more"))[0].body_text == "It stops here."
    assert contents(entry(body="It stops here. Learn more"))[0].body_text == "It stops here."
    assert contents(entry(body="We want to learn more."))[0].body_text == "We want to learn more."


def test_a_page_in_html_is_read_by_its_blocks() -> None:
    html = "<!DOCTYPE html><html><head><title>x</title><script>1</script></head><body>" + "".join(
        f"<div>{line}</div>" for line in page().splitlines() if line
    )
    assert [listed.item for listed in read(html).accepted] == [
        listed.item for listed in read(page()).accepted
    ]


CARD = '<article><span class="kind">{kind}</span>{between}{date}<h3><a href="/x">{title}</a></h3><p>Its text.</p></article>'


@pytest.mark.parametrize(
    "date",
    [
        "<span>19 November 2025</span>",
        '<time datetime="2025-11-19T08:00">three days ago</time>',
        "<time datetime=2025-11-19>19 November</time>",
        " · 19 November 2025",
    ],
)
@pytest.mark.parametrize("between", ["", " ", "\n"])
def test_kind_and_date_side_by_side_in_a_card_begin_an_entry(date: str, between: str) -> None:
    cards = "".join(
        CARD.format(kind="Story", between=between, date=date, title=title) for title in ("First", "Second")
    )
    result = read(f"<!doctype html><html><body>{cards}</body></html>")
    assert [(each.item.title, f"{each.item.published_at:%Y-%m-%d}") for each in result.accepted] == [
        ("First", "2025-11-19"),
        ("Second", "2025-11-19"),
    ]


@pytest.mark.parametrize(
    "line", ["Story | 19 June 2025", "Story 19 June 2025", "Press Release: 19 June 2025"]
)
def test_kind_and_date_may_stand_on_one_line(line: str) -> None:
    result = read(f"{line}\nA title\nIts text.\n")
    assert [each.item.title for each in result.accepted] == ["A title"]
    assert result.accepted[0].lines == (1, 1, 2, 3)


@pytest.mark.parametrize("date", ["Yesterday", "2 days ago", "16 November"])
def test_an_entry_of_no_certain_day_is_refused_and_not_swallowed(date: str) -> None:
    result = read(entry() + entry(date=date, title="Of no certain day"))
    assert [r.refusal.code for r in result.rejected] == ["bad_date"]


def test_a_page_without_entries_says_so() -> None:
    assert [r.refusal.code for r in read("Nothing here\nat all").rejected] == ["no_entries"]
    assert [r.refusal.code for r in read(" \n").rejected] == ["no_entries"]


def test_a_page_that_is_too_large_or_too_deep_is_refused_whole() -> None:
    assert [r.refusal.code for r in read("x" * (MAX_PAGE + 1)).rejected] == ["page_too_large"]
    assert [r.refusal.code for r in read("<div>" * 1000).rejected] == ["bad_markup"]


LINES = [
    "Story",
    "Press Release",
    "10 August 2025",
    "2025年8月10日",
    "1 of 5",
    "Learn more",
    "Latest Resources",
    "ENDS",
    "",
    "  ",
    "A title",
    "Resources",
    "Puppet show",
    "31 February 2025",
    "A sentence of a body. ",
    "\u202e",
    "\x00",
]


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(LINES) | st.text(max_size=20), max_size=30),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_no_line_is_ever_dropped_unseen(lines: list[str], ending: str) -> None:
    lines = [line.replace("\r", "").replace("\n", "") for line in lines]
    if lines and lines[0].lstrip().startswith("<"):
        return
    result = read(ending.join(lines))
    seen = accounted(result)
    assert len(seen) == len(set(seen))
    visible = [number for number, line in enumerate(lines, start=1) if line.strip(" \u202e\x00\t")]
    assert {n for n in visible if lines[n - 1].isascii() and lines[n - 1].isprintable()} <= set(seen)


def test_shuffled_entries_are_the_same_items() -> None:
    entries = page().split("1 of 5\n")[1:-1]
    random.Random(7).shuffle(entries)
    again = {listed.item.id for listed in read("1 of 5\n".join(entries)).accepted}
    assert again < {listed.item.id for listed in read(page()).accepted}
    assert len(again) == 5


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert isinstance(read(text), ListingResult)
    assert isinstance(read("<p>" + text), ListingResult)
