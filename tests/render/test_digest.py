"""The digest and the alert as mails: what is in them, in every language, for every mail program."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from publisher.render import look
from publisher.render.colour import contrast
from publisher.render.digest import GMAIL_CLIP, render_alert, render_digest, render_subject
from publisher.render.failure import TemplateFailure
from publisher.render.slots import cut, join, mark
from tests.render.samples import a_digest, an_item

LANGUAGES = ["en", "zh-Hans", "ar"]
LONG = {
    "en": "A sentence about a river that came back to its old bed. ",
    "zh-Hans": "洪水过去三年，孩子们回到了学校。",
}


class Outline(HTMLParser):
    """What a screen reader would list: headings, links with their texts, pictures, tables."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.pictures: list[dict[str, str | None]] = []
        self.tables: list[str | None] = []
        self.root: dict[str, str | None] = {}
        self._link: list[str] | None = None
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.root = values
        elif tag in {"h1", "h2", "h3"}:
            self.headings.append(tag)
        elif tag == "a":
            self._link = [values["href"] or "", ""]
        elif tag == "img":
            self.pictures.append(values)
            if self._link:
                self._link[1] += values["alt"] or ""
        elif tag == "table":
            self.tables.append(values.get("role"))

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        if self._link:
            self._link[1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            self.links.append((self._link[0], self._link[1].strip()))
            self._link = None


@pytest.mark.parametrize("language", LANGUAGES)
def test_twelve_items_stay_far_below_what_gmail_cuts(language: str) -> None:
    assert len(render_digest(a_digest(language)).html.encode()) < 60_000


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_twelve_items_with_pictures_and_long_summaries_are_not_cut_by_gmail(language: str) -> None:
    summary = (LONG[language] * 40)[:600]
    items = tuple(
        replace(
            item, summary=summary, image_url=f"https://almaria.example.org/media/{'p' * 120}/{item.id}.jpg"
        )
        for item in a_digest(language).items
    )
    assert len(render_digest(a_digest(language, items=items)).html.encode()) < GMAIL_CLIP


@pytest.mark.parametrize(("language", "way"), [("en", "ltr"), ("zh-Hans", "ltr"), ("ar", "rtl")])
def test_language_and_direction_are_set(language: str, way: str) -> None:
    for mail in (render_digest(a_digest(language)), render_alert(a_digest(language))):
        root = Outline(mail.html).root
        assert (root["lang"], root["dir"]) == (language, way)


def test_right_to_left_turns_every_table() -> None:
    assert "direction:ltr" not in render_digest(a_digest("ar")).html


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_first_heading_then_one_an_item(language: str) -> None:
    assert Outline(render_digest(a_digest(language)).html).headings == ["h1"] + ["h2"] * 12
    assert Outline(render_alert(a_digest(language)).html).headings == ["h1"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_makes_sense_alone(language: str) -> None:
    view = a_digest(language)
    for mail in (render_digest(view), render_alert(view)):
        links = Outline(mail.html).links
        assert all(len(text) >= 4 for _, text in links)
        for item in view.items[:1]:
            assert any(address == item.url and item.title in text for address, text in links)
    titles = {text for address, text in Outline(render_digest(view).html).links if "/latest/" in address}
    assert {item.title for item in view.items} <= titles


def test_every_layout_table_says_so() -> None:
    assert set(Outline(render_digest(a_digest()).html).tables) == {"presentation"}


def test_every_picture_has_a_text_the_title_if_no_other() -> None:
    pictures = Outline(render_digest(a_digest()).html).pictures
    assert [picture["alt"] for picture in pictures] == [
        "Children walk over the new stone embankment",
        "Two minutes with the women who repair the mountain grid",
        "A bus line for the night shift",
    ]


def test_nothing_but_the_items_pictures_is_fetched() -> None:
    items = tuple(replace(item, image_url="") for item in a_digest().items)
    html = render_digest(a_digest(items=items)).html
    assert "src=" not in html
    assert "@import" not in html
    assert "<link" not in html


def test_dark_mode_is_declared_and_styled_for_outlook_com_too() -> None:
    html = render_digest(a_digest()).html
    assert '<meta name="color-scheme" content="light dark"' in html
    assert "prefers-color-scheme: dark" in html
    assert "[data-ogsc]" in html


@pytest.mark.parametrize(
    "accent", ["#0b6bb8", "#ffee00", "#000000", "#ffffff", "#808080", "red; } body {", ""]
)
def test_text_is_readable_whatever_accent_is_chosen(accent: str) -> None:
    for palette in (look.light(accent), look.dark(accent)):
        for colour, background in [
            (palette.ink, palette.card),
            (palette.soft, palette.card),
            (palette.soft, palette.page),
            (palette.accent, palette.card),
            (palette.card, palette.accent),
        ]:
            assert contrast(colour, background) >= 4.5
    render_digest(a_digest(accent=accent))


def test_an_accent_that_is_readable_stays_as_chosen() -> None:
    assert look.light("#0b6bb8").accent == "#0b6bb8"


def test_an_item_in_another_language_carries_its_own() -> None:
    view = a_digest("en", items=(an_item(0, "ar"), an_item(1)))
    html = render_digest(view).html
    assert len(re.findall(r'<(?:h2|p)[^>]* lang="ar" dir="rtl"', html)) == 2
    assert html.count(' lang="en"') == 2  # the document and the body's article


def test_hostile_items_are_shown_as_text() -> None:
    item = an_item(title="<script>alert(1)</script> & {{ 7 * 7 }} </mj-text>", summary="<!-- x --> ]]> <b>")
    mail = render_digest(a_digest(items=(item,)))
    assert "<script>" not in mail.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7 * 7 }} &lt;/mj-text&gt;" in mail.html
    assert "&lt;!-- x --&gt; ]]&gt; &lt;b&gt;" in mail.html
    assert item.title in mail.text


def test_hostile_addresses_cannot_leave_their_attribute() -> None:
    item = an_item(url='https://e.org/"><img src=x onerror=alert(1)>', image_url='https://e.org/"onload="x')
    html = render_digest(a_digest(items=(item,))).html
    assert "<img src=x" not in html
    assert 'onload="x' not in html


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", " javascript:x", "file:///etc/passwd"]
)
def test_an_item_with_a_dangerous_address_is_shown_without_link(address: str) -> None:
    mail = render_digest(a_digest(items=(an_item(url=address, image_url=address),)))
    assert address.strip() not in mail.html
    assert address.strip() not in mail.text
    assert an_item().title in mail.html


def test_the_text_part_is_written_not_stripped() -> None:
    text = render_digest(a_digest()).text
    assert text.startswith("Almaria Weekly\nCountry Office of Almaria · 9 March 2026\n\n" + mark("greeting"))
    assert (
        "2. Almaria and eleven partners agree on a plan for clean city air\nPress release · 8 March" in text
    )
    assert "\n\nhttps://almaria.example.org/en/latest/2\n\n" in text
    assert "<" not in text
    assert "&" not in text
    assert "\n\n\n\n" not in text


def test_dates_are_written_in_the_digests_zone_and_language() -> None:
    item = an_item(published_at=a_digest().issued_at.replace(hour=20))
    assert "2026年3月10日" in render_digest(a_digest("zh-Hans", items=(item,))).text
    assert "2026年3月9日" in render_digest(a_digest("zh-Hans", items=(item,), zone="UTC")).text


@pytest.mark.parametrize(
    ("template", "subject"),
    [
        ("{{ title }}: {{ first.title }}", "Almaria Weekly: The river came back, and so did the school"),
        (
            "{{ count }} new from {{ organisation }}, {{ date }}",
            "12 new from Country Office of Almaria, 9 March 2026",
        ),
        ("{{ kind }}{{ colon }}{{ first.url }}", "Story: https://almaria.example.org/en/latest/1"),
        ("   ", "Almaria Weekly"),
        ("a\r\nBcc: x@example.org", "a Bcc: x@example.org"),
    ],
)
def test_the_subject_is_made_by_a_template_of_the_staff(template: str, subject: str) -> None:
    assert render_subject(a_digest(), template) == subject


def test_a_long_subject_is_cut_at_a_word() -> None:
    subject = render_subject(a_digest(), "{{ first.title }} {{ items[1].title }} {{ items[4].title }}")
    assert subject.endswith("Bread, rice and rain: food prices in…")
    assert len(subject) <= 150


def test_a_broken_subject_names_its_line() -> None:
    with pytest.raises(
        TemplateFailure, match=r"subject, line 1: “tilte” is not known here; did you mean “title”\?"
    ):
        render_digest(a_digest(subject="{{ tilte }}"))


def test_the_preheader_is_the_introduction_or_what_else_is_inside() -> None:
    assert render_digest(a_digest()).preheader.startswith("This week: a school that moved back")
    assert render_digest(a_digest(intro="")).preheader.startswith("Almaria and eleven partners")
    assert len(render_digest(a_digest()).preheader) <= 110


def test_a_digest_of_one_bare_item_renders() -> None:
    item = an_item(summary="", topics=(), image_url="")
    mail = render_digest(a_digest(items=(item,), intro="", address=""))
    assert "Topics" not in mail.html + mail.text


def test_rendering_is_the_same_every_time() -> None:
    assert render_digest(a_digest()) == render_digest(a_digest())


def test_joined_mails_differ_in_the_slots_only() -> None:
    pieces = cut(render_digest(a_digest()).html, "html")
    links = dict.fromkeys(("preferences_url", "unsubscribe_url", "web_url"), "https://e.org/")
    ana = join(pieces, {**links, "greeting": "Dear Ana,"})
    assert ana.replace("Dear Ana,", "Dear Bo,") == join(pieces, {**links, "greeting": "Dear Bo,"})
