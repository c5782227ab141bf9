"""What is sent to Bluesky, and what its answers mean. Nothing here asks anybody."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.networks.base import Account, Answer, Card, Part, Picture
from publisher.social.networks.bluesky.errors import NotThere, Swapped, TokenEnded
from publisher.social.networks.bluesky.network import BLUESKY
from publisher.social.networks.bluesky.payload import payload, with_dids
from publisher.social.networks.bluesky.rules import Rules
from publisher.social.networks.bluesky.session import Session, login_of, session_in, stored
from publisher.social.networks.bluesky.tid import tid
from publisher.social.sessions import Kept

NOON = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
LINK = "https://office.example.org/rain"
CARD = Card(
    "Rain", "It rains.", "https://office.example.org/rain.png", "A cloud", Picture("b" * 64, "A cloud")
)
ACCOUNT = Account(1, "Office", {"identifier": "office.test", "app_password": "secret-word"})
KEY = "0123456789abcdef"


def a_payload(part: Part) -> dict[str, object]:
    return payload(part, Rules(), KEY, NOON)


def test_key_and_time_are_chosen_before_anything_is_sent() -> None:
    body = a_payload(Part("Rain"))
    assert body["record"]["createdAt"] == "2026-06-01T12:00:00.123456Z"  # type: ignore[index]
    assert body["rkey"] == a_payload(Part("Rain"))["rkey"]
    assert json.loads(json.dumps(body)) == body


@given(st.timedeltas(timedelta(0), timedelta(days=30_000)), st.integers(0, 1023), st.integers(0, 1023))
def test_keys_are_tids_that_sort_by_time(later_by: timedelta, first: int, second: int) -> None:
    now = NOON + later_by
    earlier, later = tid(now, first), tid(now + timedelta(microseconds=1), second)
    assert earlier < later
    assert len(later) == 13
    assert later[0] in "234567abcdefghij"  # the highest bit is 0


def test_a_known_tid() -> None:
    """The layout of atproto.com/specs/tid: ten bits for the clock, above them the microseconds, five bits a digit."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert tid(epoch, 0) == "2222222222222"
    assert tid(epoch, 1) == "2222222222223"
    assert tid(epoch + timedelta(microseconds=1), 0) == "2222222222322"


def test_pictures_take_the_place_of_the_card_and_both_belong_to_the_first_message() -> None:
    part = Part(f"Rain {LINK}", LINK, card=CARD, of=2)
    picture = Picture("a" * 64, "A cloud")
    assert a_payload(part)["card"] == {
        "uri": LINK,
        "title": "Rain",
        "description": "It rains.",
        "picture": "b" * 64,
    }
    assert a_payload(replace(part, card=replace(CARD, picture=None)))["card"]["picture"] == ""  # type: ignore[index]
    with_picture = a_payload(replace(part, pictures=(picture,)))
    assert "card" not in with_picture
    assert with_picture["pictures"] == [{"digest": "a" * 64, "alt": "A cloud"}]
    second = a_payload(replace(part, pictures=(picture,), number=1))
    assert {"card", "pictures"}.isdisjoint(second)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part("a" * 301), "1 characters too long"),
        (Part("👩‍👩‍👧‍👦" * 121), "bytes too long"),
        (Part(""), "empty"),
        (Part("Rain", pictures=(Picture("a" * 64),) * 5), "4 pictures at most"),
        (Part("Rain", pictures=(Picture("a" * 64, "a" * 2001),)), "description"),
    ],
)
def test_what_would_be_refused_is_refused_before_it_is_sent(part: Part, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        BLUESKY.prepare(part, ACCOUNT, KEY)


@pytest.mark.parametrize(
    ("language", "langs"),
    [("zh-Hans", ["zh-Hans"]), ("en-GB", ["en-GB"]), ("de-1996-x-a", ["de"]), ("english", None), ("", None)],
)
def test_the_language_is_named(language: str, langs: list[str] | None) -> None:
    assert a_payload(Part("Rain", language=language))["record"].get("langs") == langs  # type: ignore[attr-defined]


def test_a_handle_that_nobody_has_stays_plain_text() -> None:
    record = payload(Part("@a.test and @b.test"), Rules(), KEY, NOON)["record"]
    (facet,) = with_dids(record, {"b.test": "did:plc:b"})["facets"]
    assert facet["features"] == [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:b"}]
    assert (facet["index"]["byteStart"], facet["index"]["byteEnd"]) == (12, 19)
    assert "facets" not in with_dids(record, {})


def said(status: int, name: str = "", headers: dict[str, str] | None = None) -> OtherSideError | None:
    body = json.dumps({"error": name, "message": "Something."}).encode() if name else b"<html>"
    return BLUESKY.classify(ACCOUNT, Answer(status, headers or {}, body), now=NOON)


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "ExpiredToken", TokenEnded),
        (400, "InvalidToken", TokenEnded),
        (401, "AuthenticationRequired", ChannelDown),
        (401, "AuthFactorTokenRequired", ChannelDown),
        (401, "AccountTakedown", ChannelDown),
        (401, "AccountDeactivated", ChannelDown),
        (403, "Forbidden", ChannelDown),
        (400, "InvalidSwap", Swapped),
        (400, "RecordNotFound", NotThere),
        (400, "InvalidRequest", Rejected),
        (413, "PayloadTooLarge", Rejected),
        (413, "", Rejected),
        (501, "MethodNotImplemented", ChannelDown),
        (500, "InternalServerError", Unknown),
        (502, "", Unknown),
        (408, "", Unknown),
        (404, "", ChannelDown),
        (307, "", ChannelDown),
        (200, "", Unknown),
        (429, "RateLimitExceeded", Retry),
    ],
)
def test_what_an_answer_means(status: int, name: str, kind: type[OtherSideError]) -> None:
    assert type(said(status, name)) is kind


def test_success() -> None:
    for body in (b"{}", b""):
        assert BLUESKY.classify(ACCOUNT, Answer(200, {}, body), now=NOON) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit-reset": str(int(NOON.timestamp()) + 90)}, 90),
        ({"ratelimit-reset": "90", "date": "Thu, 01 Jan 1970 00:00:30 GMT"}, 60),
        ({"retry-after": "7", "ratelimit-reset": "1"}, 7),
        ({"ratelimit-reset": "soon"}, 300),
        ({"ratelimit-reset": "99999999999999"}, 86400),
        ({}, 300),
    ],
)
def test_how_long_it_asks_to_wait(headers: dict[str, str], seconds: int) -> None:
    error = said(429, "RateLimitExceeded", headers)
    assert isinstance(error, Retry)
    assert error.after is not None
    assert round(error.after.total_seconds()) == seconds


def test_a_session_is_good_for_the_credentials_that_made_it() -> None:
    session = Session("did:plc:a", "office.test", "access", "refresh")
    kept = stored(session, login_of(ACCOUNT))
    assert session_in(kept, login_of(ACCOUNT)) == session
    for other in (
        replace(ACCOUNT, credentials={**ACCOUNT.credentials, "app_password": "other"}),
        replace(ACCOUNT, credentials={**ACCOUNT.credentials, "identifier": "other.test"}),
        replace(ACCOUNT, settings={"service": "https://pds.example.org"}),
    ):
        assert session_in(kept, login_of(other)) is None


def test_no_secret_is_shown() -> None:
    login = login_of(ACCOUNT)
    session = Session("did:plc:a", "office.test", "the-access", "the-refresh")
    assert "secret-word" not in repr(login) + repr(ACCOUNT) + str(stored(session, login))
    assert "the-" not in repr(session) + repr(Kept(stored(session, login)))


@pytest.mark.parametrize("credentials", [{}, {"identifier": "office.test"}, {"app_password": "x"}])
def test_a_channel_without_credentials_is_down(credentials: dict[str, str]) -> None:
    with pytest.raises(ChannelDown, match="app_password"):
        BLUESKY.verify_credentials(replace(ACCOUNT, credentials=credentials))
