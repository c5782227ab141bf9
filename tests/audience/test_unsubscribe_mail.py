"""Unsubscribing by mail: the address carries the request through every mail program."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.audience import unsubscribe_mail
from publisher.audience.tokens import Link
from publisher.core.mail_tokens import writer

ADDRESS = "leave@office.example.org"
ids = st.integers(1, 2**63 - 1)


@given(subscriber=ids, digest=ids)
def test_the_request_is_read_from_the_address_in_any_case(subscriber: int, digest: int) -> None:
    mailto = unsubscribe_mail.writer(ADDRESS)(subscriber, digest)
    parts = urlsplit(mailto)
    address = unquote(parts.path)
    assert (parts.scheme, parts.query) == ("mailto", "subject=unsubscribe")
    assert len(address.partition("@")[0]) <= 64
    token = address.partition("+")[2].partition("@")[0]
    for form in (mailto, address, address.upper(), f"<{address}>", token, token.upper()):
        assert unsubscribe_mail.read(form) == Link(subscriber, digest)


@pytest.mark.parametrize(
    "text",
    ["", ADDRESS, "leave+1-2-aaaaaaaaaaaaaaaa@office.example.org", "unsubscribe", "reader@example.net"],
)
def test_what_we_did_not_write_asks_for_nothing(text: str) -> None:
    assert unsubscribe_mail.read(text) is None


def test_a_return_path_is_no_request_to_leave() -> None:
    assert unsubscribe_mail.read("leave+" + writer("return-path")(1, 2) + "@office.example.org") is None
