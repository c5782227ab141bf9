"""How addresses are compared: as mail is sent to them."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.audience.addresses import MAX_KEY, checked, checked_with_key, key
from publisher.core.errors import UserError
from publisher.delivery.email.address import parse_address


@pytest.mark.parametrize(
    "address",
    ["Lin@Example.ORG", "lin@straße.example", "lin@ΒΌΛΟΣ.example", "lin@例え.example", "lin@faß。example"],
)
def test_the_key_of_an_address_names_the_domain_that_mail_goes_to(address: str) -> None:
    assert key(address).rpartition("@")[2] == parse_address(address).domain.lower()


def test_capitals_do_not_make_another_person_and_plus_tags_do() -> None:
    assert key(" LIN@example.org ") == key("lin@EXAMPLE.org")
    assert key("lin+news@example.org") != key("lin@example.org")


@pytest.mark.parametrize(
    "address",
    ["a\n@example.net", "a@b\n.net", "a@example.net\n.", "a\u200b@example.net", "a\ud800@example.net"],
)
def test_nothing_invisible_gets_into_an_address(address: str) -> None:
    with pytest.raises(UserError):
        checked(address)


def test_an_address_that_grows_too_long_as_mail_is_sent_to_it_is_refused() -> None:
    with pytest.raises(UserError, match="too long as mail is sent"):
        checked("\u0390" * 32 + "@" + "例." * 28 + "org")


ALPHABET = st.sampled_from('aZ09._+-@ ü\n例ß…\t"<' + "\u0390")
ADDRESSES = st.one_of(
    st.emails(),
    st.text(ALPHABET, max_size=40),
    st.builds(
        "{}@{}.{}".format,
        st.text(ALPHABET, min_size=1, max_size=70),
        st.text(ALPHABET, max_size=70),
        st.just("org"),
    ),
    st.from_regex(r"\A[aB.+_-]{0,66}@(-?[a0]{0,65}-?\.){0,4}(-?[a0]{1,64}-?)\n?\Z"),
)


@given(ADDRESSES)
@settings(max_examples=500)
@example("a" * 64 + "@example.org")
@example("a" * 65 + "@example.org")
@example("a@" + "b" * 63 + ".org")
@example("a@" + "b" * 64 + ".org")
@example("a@" + "b." * 125 + "ö")
@example("a@" + "b." * 124 + "org")
@example("a.@example.org")
@example("a@-b.org")
@example("a@b.c\n")
def test_the_short_way_for_plain_addresses_says_what_the_long_one_says(text: str) -> None:
    try:
        expected: object = (checked(text), key(checked(text)))
    except UserError as error:
        expected = error.message
    try:
        found: object = checked_with_key(text)
    except UserError as error:
        found = error.message
    assert found == expected
    if isinstance(found, tuple):
        assert len(found[1]) <= MAX_KEY
        assert found[0].isprintable() or not found[0].isascii()


@given(
    st.from_regex(
        r"[a-z0-9]{1,9}([._+-][a-zA-Z0-9]{1,9}){0,2}@([a-z0-9]{1,9}\.){1,3}[a-z]{2,6}", fullmatch=True
    )
)
def test_the_usual_addresses_take_the_short_way(text: str) -> None:
    with mock.patch("publisher.audience.addresses.checked", side_effect=AssertionError):
        assert checked_with_key(text) == (text, text.lower())
