"""Facebook over real HTTP against a fake of the Graph API: what leaves, what each answer means, and who is asked about what."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.media import store
from publisher.social.networks import registry
from publisher.social.networks.base import Account, Answer, Card, Part, Picture, Prepared, Receipt
from publisher.social.networks.facebook.measure import measure
from publisher.social.networks.facebook.network import FACEBOOK
from publisher.social.networks.facebook.rules import Rules
from tests.fakes import facebook as fakes
from tests.fakes.facebook import APP_SECRET, PAGE, TOKEN, FakeFacebook, account_at, limited
from tests.fakes.switches import as_json, serving

LINK = "https://office.example.org/rain?a=1&b=2"
TEXT = f"Rain <arrives> in the north & south 🌧\n\nBring a coat.\n\n#Rain\n{LINK}"
PART = Part(TEXT, link=LINK, card=Card("Rain arrives"))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def there(settings: Any, tmp_path: Path) -> Iterator[FakeFacebook]:
    settings.MEDIA_ROOT = tmp_path / "media"
    fake = FakeFacebook()
    with serving(fake):
        settings.FETCH_ALLOW = (*settings.FETCH_ALLOW, f"127.0.0.1:{fake.port}")
        yield fake


def prepared(part: Part = PART) -> Prepared:
    made = FACEBOOK.prepare(part, Account(1, "Almaria"), "k1")
    return Prepared(json.loads(json.dumps(made.payload)), made.idempotency_key)


def a_picture(number: int = 0, size: tuple[int, int] = (640, 480)) -> Picture:
    file = io.BytesIO()
    Image.new("RGB", size, (number * 20, 80, 120)).save(file, "PNG")
    return Picture(store.put(file.getvalue()), f"Picture {number}")


def test_it_is_a_network_that_can_be_sent_to() -> None:
    assert registry.sending("facebook") is FACEBOOK


def test_a_post_appears_as_it_was_written_with_the_preview_of_its_link(there: FakeFacebook) -> None:
    receipt = FACEBOOK.publish(account_at(there.url), prepared())
    assert there.texts == [TEXT]
    assert there.posts[receipt.remote_id].link == LINK
    assert receipt.url == f"https://www.facebook.com/{receipt.remote_id}"
    assert [request.path for request in there.requests] == [f"/v26.0/{PAGE}/feed"]


def test_pictures_are_shown_in_order_with_what_they_show_and_without_a_preview(there: FakeFacebook) -> None:
    pictures = tuple(a_picture(number) for number in range(3))
    receipt = FACEBOOK.publish(account_at(there.url), prepared(Part(TEXT, link=LINK, pictures=pictures)))
    post = there.posts[receipt.remote_id]
    assert [there.photos[each].alt for each in post.photos] == ["Picture 0", "Picture 1", "Picture 2"]
    assert (post.link, len(there.posts)) == ("", 1)


def test_a_large_picture_is_made_smaller_before_it_leaves(there: FakeFacebook) -> None:
    message = prepared(Part("A field.", pictures=(a_picture(size=(5000, 3000)),)))
    FACEBOOK.publish(account_at(there.url), message)
    (photo,) = there.photos.values()
    shown = Image.open(io.BytesIO(photo.data))
    assert (max(shown.size), len(photo.data) <= 4_000_000) == (2048, True)


def test_the_token_travels_in_a_header_and_each_request_is_signed_where_the_secret_is_known(
    there: FakeFacebook,
) -> None:
    there.needs_proof = True
    account = account_at(there.url, app=True)
    receipt = FACEBOOK.publish(account, prepared(Part("A field.", pictures=(a_picture(),))))
    FACEBOOK.edit(account, receipt.remote_id, prepared())
    FACEBOOK.reconcile(account, prepared(), since=timedelta())
    FACEBOOK.retract(account, receipt.remote_id)
    assert len(there.requests) == 5
    assert all(request.headers["authorization"] == f"Bearer {TOKEN}" for request in there.requests)
    assert all(TOKEN not in request.path and APP_SECRET not in request.path for request in there.requests)
    with pytest.raises(OtherSideError):
        FACEBOOK.publish(account_at(there.url), prepared())


def test_a_threads_later_messages_are_comments_on_its_first(there: FakeFacebook) -> None:
    account = account_at(there.url)
    first = FACEBOOK.publish(account, prepared(Part("One. 1/3", of=3)))
    second = FACEBOOK.publish(account, prepared(Part("Two. 2/3", number=1, of=3)), [first])
    third = FACEBOOK.publish(account, prepared(Part("Three. 3/3", number=2, of=3)), [first, second])
    assert [there.posts[each.remote_id].parent for each in (second, third)] == [first.remote_id] * 2
    FACEBOOK.edit(account, third.remote_id, prepared(Part("Drei. 3/3", number=2, of=3)))
    FACEBOOK.retract(account, second.remote_id)
    assert there.texts == ["One. 1/3", "Drei. 3/3"]


@pytest.mark.parametrize(
    ("receipt", "parent"),
    [
        (Receipt("", f"https://www.facebook.com/almaria/posts/rain-arrives/{77}"), f"{PAGE}_77"),
        (Receipt("", f"https://www.facebook.com/permalink.php?story_fbid=77&id={PAGE}"), f"{PAGE}_77"),
    ],
)
def test_what_a_person_found_can_be_answered_by_its_address(
    there: FakeFacebook, receipt: Receipt, parent: str
) -> None:
    there.posts[parent] = fakes.Post(parent, "One. 1/2", datetime.now(UTC))
    made = FACEBOOK.publish(account_at(there.url), prepared(Part("Two.", number=1, of=2)), [receipt])
    assert there.posts[made.remote_id].parent == parent


@pytest.mark.parametrize("url", ["", "https://www.facebook.com/almaria/posts/pfbid0AbC12dEf"])
def test_what_cannot_be_answered_is_told(there: FakeFacebook, url: str) -> None:
    with pytest.raises(Rejected, match="write the comment there"):
        FACEBOOK.publish(account_at(there.url), prepared(Part("Two.", number=1, of=2)), [Receipt("", url)])
    assert there.requests == []


def test_a_post_is_not_sent_as_a_comment_where_nobody_would_look_for_it(there: FakeFacebook) -> None:
    post = there.add("One.")
    with pytest.raises(Rejected, match="prepare it anew"):
        FACEBOOK.publish(account_at(there.url), prepared(), [Receipt(post.id)])
    with pytest.raises(Rejected, match="prepare it anew"):
        FACEBOOK.publish(account_at(there.url), prepared(Part("Two.", number=1, of=2)))
    assert there.requests == []


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (Part("a" * 63_207), "1 characters too long"),
        (Part("a" * 8001, number=1, of=2), "a comment on Facebook"),
        (Part(" \r\n "), "empty"),
        (Part("Fields.", pictures=tuple(Picture(str(number)) for number in range(11))), "at most 10"),
        (Part("A field.", pictures=(Picture("a", "b" * 1001),)), "description of picture 1"),
        (Part("Two.", number=1, of=2, pictures=(Picture("a"),)), "shows no pictures"),
    ],
)
def test_what_facebook_would_refuse_is_not_prepared(part: Part, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        prepared(part)


@given(st.text(max_size=80))
def test_the_length_is_that_of_javascript_without_the_space_around(text: str) -> None:
    stripped = text.replace("\r\n", "\n").strip()
    expected = sum(2 if ord(character) > 0xFFFF else 1 for character in stripped)
    assert measure(text, Rules()).length == expected


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": 190, "error_subcode": 463}, ChannelDown),
        (400, {"code": 102}, ChannelDown),
        (400, {"code": 2500}, ChannelDown),
        (403, {"code": 10}, ChannelDown),
        (403, {"code": 200}, ChannelDown),
        (403, {"code": 299}, ChannelDown),
        (400, {"code": 368}, ChannelDown),
        (400, {"code": 4, "is_transient": True}, Retry),
        (400, {"code": 17}, Retry),
        (400, {"code": 32}, Retry),
        (400, {"code": 613}, Retry),
        (403, {"code": 80001}, Retry),
        (429, {"code": 1}, Retry),
        (500, {"code": 1}, Unknown),
        (500, {"code": 2, "is_transient": True}, Unknown),
        (400, {"code": 1}, Unknown),
        (400, {"code": 506}, Unknown),
        (503, {"code": 100}, Unknown),
        (400, {"code": 999, "is_transient": True}, Unknown),
        (400, {"code": 100}, Rejected),
        (400, {"code": 1609005}, Rejected),
        (200, {"code": 100}, Rejected),
        (200, "odd", Unknown),
    ],
)
def test_what_each_code_means(status: int, error: Any, kind: type[OtherSideError]) -> None:
    answer = Answer(status, body=json.dumps({"error": error}).encode())
    assert type(FACEBOOK.classify(Account(1, "A"), answer, now=NOW)) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(301, ChannelDown), (401, ChannelDown), (404, ChannelDown), (408, Unknown), (409, Unknown), (413, Rejected),
     (400, Unknown), (429, Retry), (500, Unknown), (502, Unknown)],
)  # fmt: skip
def test_what_a_gates_page_means(status: int, kind: type[OtherSideError]) -> None:
    answer = Answer(status, body=b"<html>Please wait</html>")
    assert type(FACEBOOK.classify(Account(1, "A"), answer, now=NOW)) is kind


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (limited(7), timedelta(minutes=7)),
        (limited(10**9), timedelta(days=1)),
        (limited(0), timedelta(minutes=15)),
        ({"X-App-Usage": '{"call_count": 100, "total_time": 3}'}, timedelta(hours=1)),
        ({"X-App-Usage": '{"call_count": 40, "total_time": 3}'}, timedelta(minutes=15)),
        ({"Retry-After": "90"}, timedelta(seconds=90)),
        ({"X-Business-Use-Case-Usage": "[["}, timedelta(minutes=15)),
        ({"X-Business-Use-Case-Usage": '{"1": [3], "2": {"a": 1}}'}, timedelta(minutes=15)),
    ],
)
def test_the_channel_waits_as_long_as_facebook_says(
    there: FakeFacebook, headers: dict[str, str], wait: timedelta
) -> None:
    there.refuses = fakes.Refused(32, "(#32) Page request limit reached", headers=headers)
    with pytest.raises(Retry) as raised:
        FACEBOOK.publish(account_at(there.url), prepared())
    assert raised.value.after == wait
    assert there.posts == {}


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_a_dead_token_pauses_the_channel(there: FakeFacebook, state: str) -> None:
    there.token_state = state
    with pytest.raises(ChannelDown, match="new access token"):
        FACEBOOK.publish(account_at(there.url), prepared())


def test_an_answer_that_quotes_a_secret_tells_none(there: FakeFacebook) -> None:
    other = "EAAGsomebodysTOKEN"
    account = account_at(there.url)
    wrong = Account(1, "A", {"access_token": other, "app_secret": "hush-hush"}, account.settings)
    with pytest.raises(ChannelDown) as raised:
        FACEBOOK.publish(wrong, prepared())
    assert "Malformed access token …" in raised.value.reason
    assert other not in str(raised.value) + raised.value.reason
    there.faults.append(as_json(400, {"error": {"code": 100, "message": "proof by hush-hush"}}))
    with pytest.raises(Rejected) as refused:
        FACEBOOK.publish(wrong, prepared())
    assert "hush-hush" not in str(refused.value)


def test_a_repeated_text_is_unclear_and_then_found(there: FakeFacebook) -> None:
    first = FACEBOOK.publish(account_at(there.url), prepared())
    with pytest.raises(Unknown, match="Duplicate"):
        FACEBOOK.publish(account_at(there.url), prepared())
    found = FACEBOOK.reconcile(account_at(there.url), prepared(), since=timedelta(minutes=1))
    assert isinstance(found, Receipt)
    assert found.remote_id == first.remote_id


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b"", b'{"id": 7}', b'{"id": "../7"}', b"<html>"])
def test_a_success_that_names_no_post_is_unclear(there: FakeFacebook, body: bytes) -> None:
    there.faults.append(fakes.Answer(200, body))
    with pytest.raises(Unknown):
        FACEBOOK.publish(account_at(there.url), prepared())


def test_a_picture_that_facebook_refuses_fails_the_post(there: FakeFacebook) -> None:
    there.faults.append(as_json(400, {"error": {"code": 324, "message": "Missing or invalid image file"}}))
    with pytest.raises(Rejected, match="invalid image"):
        FACEBOOK.publish(account_at(there.url), prepared(Part("A field.", pictures=(a_picture(),))))
    assert there.posts == {}


def test_uploads_that_take_too_long_publish_nothing(
    there: FakeFacebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.social.networks.facebook.wire.WHOLE_SECONDS", 20.0)
    with pytest.raises(Retry, match="too slowly"):
        FACEBOOK.publish(account_at(there.url), prepared(Part("A field.", pictures=(a_picture(),))))
    assert there.posts == {}


def test_a_post_is_corrected_and_keeps_its_link(there: FakeFacebook) -> None:
    account = account_at(there.url)
    receipt = FACEBOOK.publish(account, prepared())
    assert FACEBOOK.edit(account, receipt.remote_id, prepared(Part("Corrected."))) == receipt
    post = there.posts[receipt.remote_id]
    assert (post.message, post.link) == ("Corrected.", LINK)


def test_a_post_that_is_gone_cannot_be_corrected_and_needs_no_deleting(there: FakeFacebook) -> None:
    account = account_at(there.url)
    receipt = FACEBOOK.publish(account, prepared())
    FACEBOOK.retract(account, receipt.remote_id)
    FACEBOOK.retract(account, receipt.remote_id)
    with pytest.raises(Rejected, match="deleted"):
        FACEBOOK.edit(account, receipt.remote_id, prepared())


def test_a_post_that_the_token_may_not_see_is_not_taken_for_deleted(there: FakeFacebook) -> None:
    account = account_at(there.url)
    receipt = FACEBOOK.publish(account, prepared())
    there.whose = ("5", "Ana")
    with pytest.raises(ChannelDown, match="that of “Ana”"):
        FACEBOOK.retract(account, receipt.remote_id)
    assert there.texts == [TEXT]


@pytest.mark.parametrize("remote_id", ["", "../me", "1_2_3", "abc", "1?x=1"])
def test_what_names_no_post_is_neither_changed_nor_deleted(there: FakeFacebook, remote_id: str) -> None:
    for deed in (
        lambda: FACEBOOK.edit(account_at(there.url), remote_id, prepared()),
        lambda: FACEBOOK.retract(account_at(there.url), remote_id),
    ):
        with pytest.raises(Rejected, match="change or delete it there"):
            deed()
    assert there.requests == []


@pytest.mark.parametrize("said", [{"success": False}, {}, []])
def test_a_change_without_a_clear_answer_is_unclear(there: FakeFacebook, said: Any) -> None:
    account = account_at(there.url)
    for deed in (
        lambda: FACEBOOK.edit(account, "1_2", prepared()),
        lambda: FACEBOOK.retract(account, "1_2"),
    ):
        there.faults.append(as_json(200, said))
        with pytest.raises(Unknown):
            deed()
