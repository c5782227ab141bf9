"""Which codes name a region."""

from __future__ import annotations

import pytest

from publisher.audience.regions import region_code


@pytest.mark.parametrize(
    ("text", "code"),
    [("CN", "CN"), (" cn ", "CN"), ("uk", "GB"), ("XK", "XK"), ("001", "001"), ("156", "156")],
)
def test_a_region_is_known_by_its_code(text: str, code: str) -> None:
    assert region_code(text) == code


@pytest.mark.parametrize(
    "text", ["", "XX", "ZZ", "QQ", "AA", "EU", "CHN", "China", "000", "999", "1", "C1", "ıD", "１５６"]
)
def test_what_is_no_region_is_not_taken_for_one(text: str) -> None:
    assert region_code(text) is None
