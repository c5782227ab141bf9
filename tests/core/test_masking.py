"""What is left of the addresses in a filter that the audit trail keeps for ever."""

from __future__ import annotations

import pytest

from publisher.core.masking import masked_query


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("state=bounced&state=failed", "state=bounced&state=failed"),
        ("address=lin.wei%40example.net&exact=yes", "address=l…&exact=yes"),
        ("address=lin.w&state=", "address=l…&state="),
        ("email=LIN@example.net", "email=L…"),
        ("person=ask+lin%40example.net+please", "person=ask+l…@example.net+please"),
    ],
)
def test_an_address_that_was_searched_for_is_masked_and_the_rest_stays(query: str, kept: str) -> None:
    assert masked_query(query) == kept
