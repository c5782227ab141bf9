"""A text is known again on LinkedIn, no other is taken for it, and its length is what another parser counts."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import ChannelDown, Rejected, Retry, Unknown
from publisher.social.networks.answer import Answer
from publisher.social.networks.linkedin.errors import duplicate_of, error_of
from publisher.social.networks.linkedin.looking import plain, same
from publisher.social.networks.linkedin.measure import escape, measure
from publisher.social.networks.linkedin.rules import Rules
from publisher.social.networks.linkedin.token import ends_at
from tests.fakes.linkedin import seen

NOW = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from("\\|{}@[]()<>#*_~ aZ9气é\n"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=120,
)


def as_read(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


@given(NASTY)
def test_readers_see_every_text_whole(text: str) -> None:
    assert seen(escape(text)) == text


@given(NASTY)
def test_the_length_is_what_the_network_counts(text: str) -> None:
    counted = sum(2 if ord(character) > 0xFFFF else 1 for character in escape(text))
    assert measure(text, Rules()).length == counted


@given(NASTY)
def test_a_text_is_known_again(text: str) -> None:
    assert plain(escape(text)) == as_read(text)
    assert same(escape(text), escape(text))


@given(NASTY, NASTY)
def test_no_other_text_is_taken_for_it(one: str, other: str) -> None:
    if "lnkd.in" not in other and as_read(one).replace("/", "") != as_read(other).replace("/", ""):
        assert not same(escape(one), escape(other))


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("A https://e.org/a", "A https://lnkd.in/x1", True),
        ("A https://e.org/a", "A https://e.org/a/", True),
        ("A https://e.org/a", "A https://e.org/b", False),
        ("A https://e.org/a", "B https://lnkd.in/x1", False),
        ("A https://e.org/a", "A", False),
        (r"{hashtag|\#|Rain} today", r"{hashtag|#|Rain}  today ", True),
        (r"\#Rain", r"{hashtag|\#|Rain}", True),
        ("With Ana Lee", "With @[Ana Lee](urn:li:person:abc)", True),
    ],
)
def test_what_linkedin_changes_makes_no_difference(ours: str, theirs: str, *, expected: bool) -> None:
    assert same(ours, theirs) is expected


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"message": "bad"}', Rejected),
        (400, b'{"code": "VERSION_MISSING"}', ChannelDown),
        (401, b"", ChannelDown),
        (403, b"<html>", ChannelDown),
        (404, b"", ChannelDown),
        (302, b"", ChannelDown),
        (408, b"", Unknown),
        (409, b"", Unknown),
        (413, b"", Rejected),
        (422, b"[1]", Rejected),
        (426, b"", ChannelDown),
        (429, b"", Retry),
        (500, b"", Unknown),
        (504, b"<html>", Unknown),
    ],
)
def test_each_answer_is_told_as_what_it_means(status: int, body: bytes, error: type[Exception]) -> None:
    assert type(error_of(Answer(status, {}, body), now=NOW)) is error


def test_the_limit_of_a_day_ends_at_midnight_utc() -> None:
    told = error_of(Answer(429, {}, b'{"message": "APPLICATION DAY limit reached"}'), now=NOW)
    assert isinstance(told, Retry)
    assert told.after == timedelta(hours=2, minutes=5)


def test_a_repeat_names_its_original_and_nothing_else_is_a_repeat() -> None:
    body = (
        b'{"message": "Content is a duplicate of urn:li:ugcPost:71", "status": 422,'
        b' "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]}}'
    )
    assert duplicate_of(Answer(422, {}, body)) == "urn:li:ugcPost:71"
    assert duplicate_of(Answer(422, {}, b'{"code": "DUPLICATE_POST"}')) == ""
    assert duplicate_of(Answer(422, {}, b'{"message": "duplicate field urn:li:share:1"}')) is None
    assert duplicate_of(Answer(500, {}, body)) is None


def test_days_are_counted_from_when_the_token_was_made() -> None:
    assert ends_at({}) is None
    assert ends_at({"issued_at": "yesterday"}) is None
    assert ends_at({"issued_at": "2026-10-01"}) == datetime(2026, 11, 30, tzinfo=UTC)
    assert ends_at({"issued_at": 1_790_812_800, "expires_in": 86400}) == datetime(2026, 10, 2, tzinfo=UTC)
