"""X over real HTTP: what is sent, what each answer means, and pictures, threads, deletion and credentials."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.media import store
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account, Grade, Network, NotFound, Part, Picture, Prepared, Receipt
from publisher.social.networks.x.errors import error_of
from publisher.social.networks.x.network import X
from tests.fakes.x import SECRETS, FakeX, Refused, account_at, fake_x, in_seconds

TEXT = "Rain arrives in the north & east.\n\nhttps://office.example.org/rain?a=1&b=2"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
NO_TIME = timedelta()


@pytest.fixture
def server() -> Iterator[FakeX]:
    with fake_x() as running:
        yield running


@pytest.fixture(autouse=True)
def pictures_in(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def a_message(text: str = TEXT, *pictures: Picture, key: str = "k1") -> Prepared:
    made = X.prepare(Part(text, pictures=pictures), account_at("http://127.0.0.1:1"), key)
    return replace(made, payload=json.loads(json.dumps(made.payload)))


def a_picture(
    alt: str = "", *, kind: str = "PNG", frames: int = 1, shade: int = 0, side: int = 40
) -> Picture:
    out = io.BytesIO()
    images = [Image.new("RGB", (side, side), (shade, number, 90)) for number in range(frames)]
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(out, kind, **more)
    return Picture(store.put(out.getvalue()), alt)


def test_it_is_a_whole_network() -> None:
    assert isinstance(X, Network)
    assert X.grade is Grade.BY_LOOKING


def test_the_library_is_not_loaded_before_something_is_sent() -> None:
    code = (
        "import sys; import publisher.social.networks.x.network; "
        "assert not {'tweepy', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_post_is_published_as_it_was_prepared(server: FakeX) -> None:
    receipt = X.publish(account_at(server.url), a_message())
    assert server.texts == [TEXT]
    assert receipt == Receipt(server.posts[0].id, f"https://x.com/i/status/{server.posts[0].id}")
    assert server.requests == ["POST /2/tweets"]


def test_pictures_go_up_first_with_their_descriptions(server: FakeX) -> None:
    pictures = [
        a_picture("Rain over a field.", shade=1),
        a_picture(shade=2),
        a_picture("雨", kind="GIF", frames=3),
    ]
    X.publish(account_at(server.url), a_message(TEXT, *pictures))
    media = [server.media[each] for each in server.posts[0].media]
    assert [each.alt for each in media] == ["Rain over a field.", "", "雨"]
    assert {each.category for each in media} == {"tweet_image"}, "X shows a GIF only when it is alone"


def test_a_large_picture_goes_up_in_pieces(server: FakeX, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("publisher.social.networks.x.media.PIECE", 50)
    X.publish(account_at(server.url), a_message(TEXT, a_picture()))
    assert len(server.media[server.posts[0].media[0]].pieces) > 1


def test_a_gif_alone_stays_one_and_is_waited_for(server: FakeX) -> None:
    server.processing = 2
    X.publish(account_at(server.url), a_message(TEXT, a_picture(kind="GIF", frames=3)))
    assert server.media[server.posts[0].media[0]].category == "tweet_gif"
    assert server.requests.count("GET /2/media/upload") == 2


def test_a_picture_that_x_cannot_process_is_refused(server: FakeX) -> None:
    server.processing, server.processing_fails = 1, True
    with pytest.raises(Rejected, match="process"):
        X.publish(account_at(server.url), a_message(TEXT, a_picture(kind="GIF", frames=3)))
    assert not server.posts


def test_a_picture_that_is_gone_is_refused(server: FakeX) -> None:
    with pytest.raises(Rejected, match="not in the store"):
        X.publish(account_at(server.url), a_message(TEXT, Picture("0" * 64)))
    assert not server.posts


def test_the_payload_survives_json_and_names_the_pictures() -> None:
    payload = a_message("Rain.", Picture("ab" * 32, "Rain", (0.5, -1.0))).payload
    assert payload == {
        "text": "Rain.",
        "number": 0,
        "pictures": [{"digest": "ab" * 32, "alt": "Rain", "focus": [0.5, -1.0]}],
    }


@pytest.mark.parametrize(
    "part",
    [
        Part("a" * 281),
        Part(""),
        Part("Rain.", pictures=(Picture("a"),) * 5),
        Part("Rain.", pictures=(Picture("a", "a" * 1001),)),
        Part("Rain.", of=2),
    ],
    ids=["long", "empty", "five pictures", "long description", "thread"],
)
def test_what_x_is_sure_to_refuse_is_not_prepared(part: Part) -> None:
    with pytest.raises(Rejected):
        X.prepare(part, Account(1, "A"), "k")


def test_a_thread_goes_out_where_the_channel_allows_it(server: FakeX) -> None:
    account = account_at(server.url, threads=True)
    receipts: list[Receipt] = []
    for number, text in enumerate(("One.", "Two.", "Three.")):
        message = X.prepare(Part(text, number=number, of=3), account, f"k{number}")
        receipts.append(X.publish(account, message, receipts))
        assert X.reconcile(account, message, since=NO_TIME) == receipts[-1]
    assert [post.reply_to for post in server.posts] == ["", *(post.id for post in server.posts[:2])]


def test_a_thread_goes_on_after_a_part_that_a_person_confirmed(server: FakeX) -> None:
    account = account_at(server.url, threads=True)
    first = server.add("One.")
    message = X.prepare(Part("Two.", number=1, of=2), account, "k")
    X.publish(account, message, [Receipt("", f"https://x.com/almaria/status/{first.id}?s=20")])
    assert server.posts[1].reply_to == first.id
    with pytest.raises(Rejected, match="address"):
        X.publish(account, message, [Receipt("", "")])


def test_a_token_that_was_revoked_stops_the_channel(server: FakeX) -> None:
    server.revoked = True
    for deed in (
        lambda: X.publish(account_at(server.url), a_message()),
        lambda: X.verify_credentials(account_at(server.url)),
        lambda: X.reconcile(account_at(server.url), a_message(), since=NO_TIME),
        lambda: X.retract(account_at(server.url), "1"),
    ):
        with pytest.raises(ChannelDown):
            deed()


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_each_credential_is_needed_and_none_is_shown(server: FakeX, name: str) -> None:
    with pytest.raises(ChannelDown, match=name):
        X.verify_credentials(replace(account_at(server.url), credentials=SECRETS | {name: ""}))
    wrong = replace(account_at(server.url), credentials=SECRETS | {name: "hush-hush\n"})
    with pytest.raises(OtherSideError) as raised:
        X.publish(wrong, a_message())
    assert "hush" not in raised.value.reason
    assert not server.posts


def test_the_credentials_name_the_account(server: FakeX) -> None:
    assert X.verify_credentials(account_at(server.url)).name == "@almaria"


def test_a_rate_limit_says_how_long_to_wait(server: FakeX) -> None:
    server.remaining = 0
    for reset, least, most in ((in_seconds(300), 280, 305), (0, 900, 900)):
        server.reset_at = reset
        with pytest.raises(Retry) as raised:
            X.publish(account_at(server.url), a_message())
        assert raised.value.after is not None
        assert least <= raised.value.after.total_seconds() <= most
    assert server.requests == ["POST /2/tweets"] * 2, "nothing is repeated or waited for in the client"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-rate-limit-reset": f"{NOW.timestamp() + 60:.0f}"}, 61),
        ({"x-rate-limit-reset": "soon"}, 900),
        ({"x-rate-limit-reset": "1"}, 1),
        ({"x-rate-limit-reset": "99999999999"}, 86400),
        ({"retry-after": "30"}, 30),
        (
            {
                "x-rate-limit-remaining": "7",
                "x-rate-limit-reset": f"{NOW.timestamp() + 60:.0f}",
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": f"{NOW.timestamp() + 7200:.0f}",
            },
            7201,
        ),
    ],
)
def test_the_limit_that_is_used_up_counts(headers: dict[str, str], seconds: int) -> None:
    error = error_of(Answer(429, headers), NOW)
    assert isinstance(error, Retry)
    assert error.after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("status", "problem", "error"),
    [
        (400, {"detail": "One or more parameters was invalid."}, Rejected),
        (401, {"title": "Unauthorized"}, ChannelDown),
        (402, {"title": "CreditsDepleted"}, ChannelDown),
        (403, {"detail": "You are not permitted to perform this action."}, Rejected),
        (403, {"detail": "You are not allowed to create a Tweet with duplicate content."}, Unknown),
        (403, {"type": "https://api.twitter.com/2/problems/oauth1-permissions"}, ChannelDown),
        (403, {"reason": "client-not-enrolled"}, ChannelDown),
        (403, {"errors": [{"code": 326, "message": "This account is temporarily locked."}]}, ChannelDown),
        (403, {"detail": "You have been blocked from replying to this author."}, Rejected),
        (404, {}, ChannelDown),
        (429, {"type": "https://api.twitter.com/2/problems/usage-capped"}, ChannelDown),
        (302, {}, Unknown),
        (408, {}, Unknown),
        (500, {}, Unknown),
        (503, {"title": "Service Unavailable"}, Unknown),
    ],
)
def test_each_answer_is_told_as_what_it_means(
    status: int, problem: dict[str, Any], error: type[OtherSideError]
) -> None:
    assert type(error_of(Answer(status, body=json.dumps(problem).encode()), NOW)) is error


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"no"', b'{"errors": {}}', b'{"errors": [7]}', b"\xff"]
)
def test_an_error_of_any_form_is_read(body: bytes) -> None:
    for status in (400, 401, 403, 429, 500):
        assert error_of(Answer(status, body=body), NOW)


@pytest.mark.parametrize("body", [[], None, "no", {"errors": {}}, {"errors": None}])
@pytest.mark.parametrize("status", [400, 403, 500])
def test_an_error_of_any_form_passes_the_library(server: FakeX, body: Any, status: int) -> None:
    server.refuses = Refused(status, "", **{"x-rate-limit-reset": "soon"})
    server.refuses.body = body
    with pytest.raises(OtherSideError):
        X.publish(account_at(server.url), a_message())


def test_a_text_that_is_too_long_is_refused_by_x_too(server: FakeX) -> None:
    with pytest.raises(Rejected, match="too long"):
        X.publish(account_at(server.url), Prepared({"text": "a" * 281}, "k"))


def test_a_post_is_deleted_and_one_that_is_gone_is_no_error(server: FakeX) -> None:
    account = account_at(server.url)
    receipt = X.publish(account, a_message())
    X.retract(account, receipt.remote_id)
    X.retract(account, receipt.remote_id)
    assert not server.posts


def test_a_post_cannot_be_edited(server: FakeX) -> None:
    with pytest.raises(Rejected):
        X.edit(account_at(server.url), "1", a_message())


@pytest.mark.parametrize("url", ["http://api.x.com", "ftp://127.0.0.1:1", "nonsense"])
def test_an_address_that_cannot_be_used_stops_the_channel(url: str) -> None:
    with pytest.raises(ChannelDown):
        X.publish(account_at(url), a_message())


def test_the_account_is_asked_for_where_the_token_does_not_name_it(
    server: FakeX, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECRETS, "access_token", "opaque")
    assert isinstance(X.reconcile(account_at(server.url), a_message(), since=NO_TIME), NotFound)
    assert server.requests[0] == "GET /2/users/me"
