"""Slots: what is cut and joined again, whatever the content and the values hold."""

from __future__ import annotations

import html
import quopri
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.render.digest import render_digest
from publisher.render.slots import (
    MARK_LENGTH,
    PREFIX,
    SLOT_NAMES,
    SlotError,
    cut,
    fill,
    join,
    mark,
    neutralise,
)
from tests.render.samples import a_digest, an_item

VALUES = {
    "greeting": "Dear Ana,",
    "preferences_url": "https://almaria.example.org/p?a=1&b=2",
    "unsubscribe_url": "https://almaria.example.org/u/token",
    "web_url": "https://almaria.example.org/w",
}
MARKS = st.sampled_from([mark(name) for name in SLOT_NAMES])
HOSTILE = st.one_of(
    st.text(), MARKS.map(str), st.just(PREFIX), st.builds("{}{}{}".format, st.text(), MARKS, st.text())
)


def test_marks_are_letters_and_digits_of_one_length() -> None:
    assert all(mark(name).isascii() and mark(name).isalnum() for name in SLOT_NAMES)
    assert {len(mark(name)) for name in SLOT_NAMES} == {MARK_LENGTH}
    assert len({mark(name) for name in SLOT_NAMES}) == len(SLOT_NAMES)


def test_marks_survive_html_escaping() -> None:
    assert html.escape(mark("greeting")) == mark("greeting")


def test_a_text_without_slots_is_one_part() -> None:
    assert cut("plain", "text").parts == ("plain",)
    assert join(cut("plain", "text"), {}) == "plain"


def test_values_are_escaped_for_html_text_and_attributes() -> None:
    pieces = cut(f'<a href="{mark("web_url")}">{mark("greeting")}</a>', "html")
    joined = join(pieces, {"greeting": "<b>“O'Neil”</b> & co", "web_url": "https://e.org/?a=1&b='x'"})
    assert joined == (
        '<a href="https://e.org/?a=1&amp;b=&#x27;x&#x27;">&lt;b&gt;“O&#x27;Neil”&lt;/b&gt; &amp; co</a>'
    )


def test_values_in_a_text_part_stay_as_they_are() -> None:
    assert join(cut(mark("greeting"), "text"), {"greeting": "Dear O'Neil & co,"}) == "Dear O'Neil & co,"


@pytest.mark.parametrize(
    "name", ["Ana\r\nBcc: x@example.org", "Ana\u2028Bcc", "Ana\x00", "Ana\u202egnp", "Ana\ud800"]
)
def test_a_name_cannot_start_a_line_or_turn_the_text_around(name: str) -> None:
    joined = join(cut(mark("greeting"), "text"), {"greeting": name})
    assert joined.isprintable()
    joined.encode("utf-8")


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "", "https://e.org/ x", 'https://e.org/"onclick=', "//e.org"],
)
def test_an_address_slot_takes_web_and_mail_addresses_only(address: str) -> None:
    with pytest.raises(SlotError, match="web_url"):
        join(cut(mark("web_url"), "html"), {"web_url": address})


def test_a_missing_value_is_an_error_that_names_the_slot() -> None:
    with pytest.raises(SlotError, match="preferences_url"):
        join(cut(mark("preferences_url"), "html"), {})


@given(HOSTILE)
def test_content_never_makes_a_slot(content: str) -> None:
    assert cut(neutralise(content), "html").names == ()


@given(st.lists(st.sampled_from(SLOT_NAMES)), st.text())
def test_cut_finds_every_slot_in_order_and_loses_nothing(names: list[str], filler: str) -> None:
    text = neutralise(filler) + "".join(mark(name) + "|" + neutralise(filler) for name in names)
    pieces = cut(text, "text")
    assert list(pieces.names) == names
    whole = pieces.parts[0] + "".join(
        mark(name) + part for name, part in zip(pieces.names, pieces.parts[1:], strict=True)
    )
    assert whole == text


@settings(max_examples=30)
@given(title=HOSTILE, summary=HOSTILE, topic=HOSTILE, alt=HOSTILE)
def test_no_item_changes_the_slots_of_a_digest(title: str, summary: str, topic: str, alt: str) -> None:
    honest = render_digest(a_digest(items=(an_item(),)))
    hostile = an_item(title=title, summary=summary, topics=(topic,), image_alt=alt)
    mail = render_digest(a_digest(items=(hostile,), subject="News"))
    assert cut(mail.html, "html").names == cut(honest.html, "html").names
    assert cut(mail.text, "text").names == cut(honest.text, "text").names
    assert PREFIX not in mail.subject + mail.preheader
    mail.html.encode("utf-8")


@settings(max_examples=50)
@given(name=st.text(max_size=80), filler=st.text(max_size=300))
def test_the_contract_holds_for_quoted_printable(name: str, filler: str) -> None:
    """Parts and values encoded apart, with soft breaks between, decode to what joining gives."""
    text = f"{neutralise(filler)} {mark('greeting')} {neutralise(filler)}".replace("\r", "")
    pieces = cut(text, "text")
    values = {"greeting": name}
    wire = _soft(pieces.parts[0])
    for value, part in zip(fill(pieces, values), pieces.parts[1:], strict=True):
        wire += b"=\n" + _soft(value) + b"=\n" + _soft(part)
    assert all(len(line) <= 76 for line in wire.split(b"\n"))
    assert quopri.decodestring(wire).decode("utf-8") == join(pieces, values)


def test_every_slot_is_in_html_and_text_of_digest_and_alert() -> None:
    mail = render_digest(a_digest())
    assert set(cut(mail.html, "html").names) == set(SLOT_NAMES) - {"reader"}  # only where people are counted
    assert set(cut(mail.text, "text").names) == set(SLOT_NAMES) - {"reader"}
    assert PREFIX not in join(cut(mail.html, "html"), VALUES)


def test_a_mark_in_the_digests_own_settings_is_text_too() -> None:
    view = replace(
        a_digest(), title=str(mark("web_url")), intro=str(mark("greeting")), address=str(mark("web_url"))
    )
    honest = render_digest(a_digest())
    assert cut(render_digest(view).html, "html").names == cut(honest.html, "html").names


def _soft(text: str) -> bytes:
    """`text` in quoted-printable, with room for a soft break behind its last line."""
    encoded = quopri.encodestring(text.encode("utf-8"), quotetabs=True)
    last = encoded.rfind(b"\n") + 1
    if len(encoded) - last < 76:
        return encoded
    escape = encoded.rfind(b"=", last + 70, last + 73)
    place = escape if escape >= 0 else last + 73
    return encoded[:place] + b"=\n" + encoded[place:]
