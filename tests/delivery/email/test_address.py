"""Addresses that need no second look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.email.address import is_usual, parse_address

LIKE = st.from_regex(r"[A-Za-z0-9_.+-]{1,40}@[A-Za-z0-9.-]{1,40}", fullmatch=True)


@given(LIKE | st.emails() | st.text(max_size=70))
def test_what_is_called_usual_is_an_address_that_stays_as_it_is(text: str) -> None:
    if is_usual(text):
        assert str(parse_address(text)) == text


def test_most_addresses_are_usual_and_what_could_break_out_is_not() -> None:
    assert is_usual("lin.wei+news@mail.example-office.org")
    for text in (
        "a@b\r\nRCPT TO:<c@d>",
        "a b@c.org",
        "<a@b.org>",
        "a..b@c.org",
        "a@b..org",
        "",
        "a@",
        f"{'a' * 60}@b.org",
    ):
        assert not is_usual(text), text
