"""Taking messages apart, and keeping providers from filling in what is ours. No socket."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.email.outgoing import Outgoing
from publisher.delivery.email.providers.content import Letter, harmless, letter_of
from publisher.delivery.email.providers.table import PROVIDERS
from publisher.render import slots
from tests.delivery.email.providers.steps import a_template, an_outgoing, as_smtp_brings_it

SYNTAXES = [provider.syntax for provider in PROVIDERS.values() if provider.syntax]
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=80)


def parts_of(letter: Letter) -> tuple[str, str, str]:
    html_text, text = (slots.join(cut, letter.values) for cut in (letter.form.html, letter.form.text))
    return letter.form.subject, html_text, text


@given(NAMES, NAMES)
def test_a_letter_is_the_same_as_its_mime_message(name: str, words: str) -> None:
    message = an_outgoing(1, a_template(extra=html.escape(words)), name=name.strip() or "A")
    letter, expected = letter_of(message), as_smtp_brings_it(message)
    assert parts_of(letter) == (expected.subject, expected.html, expected.text)
    assert (letter.to.name, letter.to.address) == (expected.name, expected.to)
    assert letter.headers["List-Unsubscribe"] == expected.unsubscribe


@given(NAMES)
def test_a_message_of_bytes_alone_is_read_the_same(name: str) -> None:
    message = an_outgoing(1, a_template(), name=name.strip() or "A")
    whole, alone = letter_of(message), letter_of(Outgoing(1, "", message.rcpt_to, message.data))
    assert parts_of(alone) == parts_of(whole)
    assert (alone.to, alone.message_id, alone.form.sender) == (whole.to, whole.message_id, whole.form.sender)
    assert alone.form.headers == {**whole.form.headers, **whole.headers}


def test_a_message_that_is_joined_already_is_not_joined_again() -> None:
    message = an_outgoing(1, a_template())
    assert letter_of(message).raw is message.data


def test_a_long_name_in_another_script_keeps_no_spaces_from_its_encoding() -> None:
    name = "国别办公室" * 8
    message = an_outgoing(1, a_template(), name=name)
    assert letter_of(Outgoing(1, "", message.rcpt_to, message.data)).to.name == name


def test_headers_that_providers_write_themselves_are_not_handed_over() -> None:
    form = letter_of(an_outgoing(1, a_template())).form
    assert set(form.headers) == {"List-Id", "Feedback-ID", "Precedence"}


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.pattern)
@given(text=st.text("%{}*|$recipint.usb_l <&x", max_size=40))
def test_nothing_is_left_that_a_provider_would_fill(syntax: re.Pattern[str], text: str) -> None:
    plain, marked = harmless(text, "text", syntax), harmless(text, "html", syntax)
    assert not syntax.search(plain)
    assert not syntax.search(marked)
    assert plain.replace("\u2060", "") == text
    assert html.unescape(marked) == html.unescape(text)
