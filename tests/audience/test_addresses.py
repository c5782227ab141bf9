"""How addresses are compared: as mail is sent to them."""

from __future__ import annotations

import pytest

from publisher.audience.addresses import key
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
