"""Signed numbers for addresses: read back in any case, and refused when anything else about them changed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from publisher.core import mail_tokens

ids = st.integers(min_value=0, max_value=2**63 - 1)


@given(numbers=st.lists(ids, min_size=1, max_size=2))
def test_numbers_are_read_back_in_any_case(numbers: list[int]) -> None:
    token = mail_tokens.writer("a")(*numbers)
    assert mail_tokens.read("a", token) == mail_tokens.read("a", token.upper()) == tuple(numbers)
    assert len(token) <= 44


@given(
    numbers=st.lists(ids, min_size=1, max_size=2), place=st.integers(0, 43), letter=st.sampled_from("az09-é~")
)
def test_one_changed_sign_is_found_out(numbers: list[int], place: int, letter: str) -> None:
    token = mail_tokens.writer("a")(*numbers)
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]
    assert changed == token or mail_tokens.read("a", changed) is None


@given(text=st.text(max_size=60))
def test_what_we_did_not_write_is_nothing(text: str) -> None:
    assert mail_tokens.read("a", text) is None


def test_a_token_is_good_for_its_purpose_only() -> None:
    assert mail_tokens.read("b", mail_tokens.writer("a")(7)) is None


def test_a_token_outlives_a_new_key_as_long_as_the_old_one_is_named(settings: Any) -> None:
    token = mail_tokens.writer("a")(7)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of thirty-two characters or more"
    assert mail_tokens.read("a", token) == (7,)
    settings.SECRET_KEY_FALLBACKS = []
    assert mail_tokens.read("a", token) is None
