"""A return path names its delivery, survives servers that fold case, and cannot be made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery import return_path
from publisher.delivery.email.address import BadAddress, parse_address

DOMAIN = "bounces.office.example.org"


@given(delivery=st.integers(1, 2**63 - 1))
def test_every_delivery_has_a_return_path_that_is_an_address_and_reads_back(delivery: int) -> None:
    address = return_path.writer(DOMAIN)(delivery)
    assert len(parse_address(address).local) <= 64
    for form in (address, address.upper(), f"<{address}>", address.partition("@")[0], f" {address} "):
        assert return_path.read(form) == delivery


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bounce",
        "news@office.example.org",
        "bounce+@office.example.org",
        "bounce+2n9c-aaaaaaaaaaaaaaaa@office.example.org",
        "bounce+2n9c@office.example.org",
        "mailer-daemon@example.net",
    ],
)
def test_an_address_that_we_did_not_write_names_nothing(address: str) -> None:
    assert return_path.read(address) is None


def test_a_changed_number_names_nothing() -> None:
    address = return_path.writer(DOMAIN)(4711)
    assert return_path.read(address.replace("+3mv-", "+3mw-")) is None


def test_an_impossible_domain_is_refused() -> None:
    with pytest.raises(BadAddress):
        return_path.writer("no domain")
