"""LinkedIn over real HTTP: what every answer, and every lack of one, means to us, and that a post appears once."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.media import store
from publisher.social.networks import registry
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import (
    Account,
    CannotTell,
    Card,
    NotFound,
    Part,
    Picture,
    Prepared,
    Receipt,
)
from publisher.social.networks.linkedin.network import LINKEDIN
from publisher.social.networks.linkedin.wire import Wire
from tests.fakes.linkedin import FakeLinkedIn, Fault

SOON = timedelta(seconds=30)
TEXT = "Rain (heavy) arrives in the north_east.\n\n#Rain #Water\nhttps://office.example.org/rain_1#now"
PART = Part(TEXT, link="https://office.example.org/rain_1#now", card=Card("Rain arrives", "It is heavy."))


@pytest.fixture
def there() -> Iterator[FakeLinkedIn]:
    with FakeLinkedIn() as fake:
        yield fake


@pytest.fixture
def pictures(tmp_path: Path, settings: Any) -> list[Picture]:
    settings.MEDIA_ROOT = tmp_path / "media"
    return [Picture(store.put(drawn(colour)), f"A {colour} field") for colour in ("red", "green")]


def drawn(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 200), colour).save(out, "PNG")
    return out.getvalue()


def account_at(there: FakeLinkedIn, *, timeout: float = 0.4, **credentials: Any) -> Account:
    settings = {
        "organization": "2414183",
        "api": there.url,
        "oauth": there.url,
        "timeout_seconds": timeout,
    }
    return Account(1, "Almaria", {"access_token": "the-right-token"} | credentials, settings)


def prepared(there: FakeLinkedIn, part: Part = PART) -> Prepared:
    made = LINKEDIN.prepare(part, account_at(there), "k1")
    return Prepared(json.loads(json.dumps(made.payload)), made.idempotency_key)


def test_a_post_appears_as_it_was_written_with_its_preview(there: FakeLinkedIn) -> None:
    receipt = LINKEDIN.publish(account_at(there), prepared(there))
    assert there.texts == [TEXT]
    post = there.posts[receipt.remote_id]
    assert post["content"]["article"]["source"] == PART.link
    assert receipt.url == f"https://www.linkedin.com/feed/update/{receipt.remote_id}/"
    assert there.steps == ["publish"]
    assert there.headers[0]["linkedin-version"] == "202607"


def test_it_is_a_network_that_can_be_sent_to() -> None:
    assert registry.sending("linkedin") is LINKEDIN


def test_pictures_are_shown_in_order_with_what_they_show(
    there: FakeLinkedIn, pictures: list[Picture]
) -> None:
    there.processing = 1
    message = prepared(there, Part("Two fields.", pictures=tuple(pictures)))
    receipt = LINKEDIN.publish(account_at(there), message)
    images = there.posts[receipt.remote_id]["content"]["multiImage"]["images"]
    assert [image["altText"] for image in images] == ["A red field", "A green field"]
    assert there.steps.index("publish") == len(there.steps) - 1
    assert all(there.images[image["id"]]["type"] == "image/jpeg" for image in images)


def test_one_picture_is_no_album(there: FakeLinkedIn, pictures: list[Picture]) -> None:
    receipt = LINKEDIN.publish(account_at(there), prepared(there, Part("A field.", pictures=(pictures[0],))))
    assert there.posts[receipt.remote_id]["content"]["media"]["altText"] == "A red field"


def test_a_picture_that_linkedin_cannot_show_fails_the_post(
    there: FakeLinkedIn, pictures: list[Picture]
) -> None:
    there.pictures_fail = True
    with pytest.raises(Rejected, match="attach another"):
        LINKEDIN.publish(account_at(there), prepared(there, Part("A field.", pictures=(pictures[0],))))
    assert there.posts == {}


def test_a_picture_that_is_never_ready_is_tried_again(
    there: FakeLinkedIn, pictures: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.social.networks.linkedin.images.WITHIN_SECONDS", 1.0)
    there.processing = 1000
    with pytest.raises(Retry, match="too long"):
        LINKEDIN.publish(account_at(there), prepared(there, Part("A field.", pictures=(pictures[0],))))
    assert there.posts == {}


@pytest.mark.parametrize("step", ["initialize", "put", "image"])
@pytest.mark.parametrize(
    "kind",
    [
        "reset",
        "error",
        "busy",
        "limit_told",
        "html_before",
        "drop",
        "error_after",
        "slow",
        "html_after",
        "truncated",
    ],
)
def test_whatever_happens_to_a_picture_is_safe_to_try_again(
    there: FakeLinkedIn, pictures: list[Picture], step: str, kind: str
) -> None:
    there.slow_seconds = 0.8
    there.faults.append(Fault(step, kind))
    message = prepared(there, Part("A field.", pictures=(pictures[0],)))
    try:
        LINKEDIN.publish(account_at(there), message)
    except Retry:
        assert there.posts == {}
        LINKEDIN.publish(account_at(there), message)
    assert there.texts == ["A field."]


BEFORE = ["reset", "error", "busy", "html_before"]
AFTER = ["drop", "error_after", "slow", "html_after", "truncated"]


@pytest.mark.parametrize("knows_repeats", [True, False], ids=["repeats refused", "repeats taken"])
@pytest.mark.parametrize("kind", BEFORE + AFTER)
def test_a_lost_answer_is_unclear_and_the_post_appears_once(
    there: FakeLinkedIn, kind: str, *, knows_repeats: bool
) -> None:
    there.knows_repeats = knows_repeats
    there.slow_seconds = 0.8
    there.faults.append(Fault("publish", kind))
    account, message = account_at(there), prepared(there)
    with pytest.raises(Unknown):
        LINKEDIN.publish(account, message)
    assert there.steps == ["publish"], "nothing is repeated inside the client"
    assert len(there.posts) == (kind in AFTER)
    found = LINKEDIN.reconcile(account, message, since=SOON)
    if kind in AFTER:
        assert isinstance(found, Receipt)
        assert [found.remote_id] == list(there.posts)
    else:
        assert found == NotFound()
        LINKEDIN.publish(account, message)
    assert there.texts == [TEXT]


@pytest.mark.parametrize("kind", AFTER)
def test_even_sent_again_blindly_it_appears_once_and_is_recognised(there: FakeLinkedIn, kind: str) -> None:
    there.slow_seconds = 0.8
    there.faults.append(Fault("publish", kind))
    with pytest.raises(Unknown):
        LINKEDIN.publish(account_at(there), prepared(there))
    receipt = LINKEDIN.publish(account_at(there), prepared(there))
    assert [receipt.remote_id] == list(there.posts)


def test_an_answer_that_names_the_post_is_proof_without_its_body(there: FakeLinkedIn) -> None:
    there.faults.append(Fault("publish", "cut_body"))
    receipt = LINKEDIN.publish(account_at(there), prepared(there))
    assert [receipt.remote_id] == list(there.posts)


@pytest.mark.parametrize("kind", ["reset", "error", "html_after", "truncated", "slow", "limit"])
def test_a_search_that_fails_decides_nothing(there: FakeLinkedIn, kind: str) -> None:
    there.slow_seconds = 0.8
    LINKEDIN.publish(account_at(there), prepared(there))
    there.faults.append(Fault("list", kind))
    with pytest.raises(Retry):
        LINKEDIN.reconcile(account_at(there), prepared(there), since=SOON)


def test_a_server_that_is_not_there_is_safe_to_try_again(settings: Any) -> None:
    with FakeLinkedIn() as there:
        account, message = account_at(there), prepared(there)
    settings.FETCH_ALLOW = [f"127.0.0.1:{there.port}"]
    with pytest.raises(Retry):
        LINKEDIN.publish(account, message)
    with pytest.raises(Retry):
        LINKEDIN.reconcile(account, message, since=SOON)


def test_a_limit_says_how_long_the_channel_waits(there: FakeLinkedIn) -> None:
    waits = {}
    for kind in ("limit_told", "limit", "limit_day"):
        there.faults.append(Fault("publish", kind))
        with pytest.raises(Retry) as raised:
            LINKEDIN.publish(account_at(there), prepared(there))
        waits[kind] = raised.value.after
    assert waits["limit_told"] == timedelta(seconds=90)
    assert waits["limit"] == timedelta(minutes=15)
    until = datetime.now(UTC) + (waits["limit_day"] or timedelta())
    assert (until.hour, until.minute) in {(0, 4), (0, 5)}
    assert there.posts == {}


def test_a_token_that_may_not_read_leaves_the_doubt_to_a_person(there: FakeLinkedIn) -> None:
    there.faults.append(Fault("publish", "drop"))
    there.scopes = "w_organization_social"
    account, message = account_at(there), prepared(there)
    with pytest.raises(Unknown):
        LINKEDIN.publish(account, message)
    found = LINKEDIN.reconcile(account, message, since=SOON)
    assert isinstance(found, CannotTell)
    assert "r_organization_social" in found.reason
    with pytest.raises(Unknown, match=next(iter(there.posts))):
        LINKEDIN.publish(account, message)
    assert there.texts == [TEXT]


def test_a_text_that_stood_there_long_ago_is_refused_with_its_address(there: FakeLinkedIn) -> None:
    old = there.add(prepared(there).payload["post"], age=30 * 86400)
    with pytest.raises(Rejected, match=old):
        LINKEDIN.publish(account_at(there), prepared(there))
    assert LINKEDIN.reconcile(account_at(there), prepared(there), since=SOON) == NotFound()


def test_the_repeat_of_a_deleted_post_is_never_called_published(there: FakeLinkedIn) -> None:
    receipt = LINKEDIN.publish(account_at(there), prepared(there))
    LINKEDIN.retract(account_at(there), receipt.remote_id)
    with pytest.raises(Unknown, match="Look there"):
        LINKEDIN.publish(account_at(there), prepared(there))


def test_the_search_goes_back_to_the_first_try_and_no_further(there: FakeLinkedIn) -> None:
    account, message = account_at(there), prepared(there)
    ours = there.add(message.payload["post"], age=3600)
    for number in range(70):
        there.add({**message.payload["post"], "commentary": f"Other {number}"}, age=number)
    found = LINKEDIN.reconcile(account, message, since=timedelta(hours=2))
    assert isinstance(found, Receipt)
    assert found.remote_id == ours
    assert LINKEDIN.reconcile(account, message, since=SOON) == NotFound()
    for number in range(200):
        there.add({**message.payload["post"], "commentary": f"More {number}"}, age=100)
    assert isinstance(LINKEDIN.reconcile(account, message, since=timedelta(hours=2)), CannotTell)


def test_a_post_is_found_though_linkedin_shortened_its_link(there: FakeLinkedIn) -> None:
    account, message = account_at(there), prepared(there)
    receipt = LINKEDIN.publish(account, message)
    post = there.posts[receipt.remote_id]
    post["commentary"] = post["commentary"].replace(
        r"https://office.example.org/rain\_1\#now", "https://lnkd.in/e4xY"
    )
    assert LINKEDIN.reconcile(account, message, since=SOON) == receipt


def test_a_post_can_be_edited_and_deleted(there: FakeLinkedIn) -> None:
    account = account_at(there)
    receipt = LINKEDIN.publish(account, prepared(there))
    assert LINKEDIN.edit(account, receipt.remote_id, prepared(there, Part("Corrected (twice)."))) == receipt
    assert there.texts == ["Corrected (twice)."]
    LINKEDIN.retract(account, receipt.remote_id)
    LINKEDIN.retract(account, receipt.remote_id)
    assert there.texts == []
    with pytest.raises(Rejected):
        LINKEDIN.edit(account, receipt.remote_id, prepared(there))
    with pytest.raises(Rejected, match="not known which post"):
        LINKEDIN.retract(account, "")


@pytest.mark.parametrize("kind", ["drop", "error", "slow"])
def test_a_lost_answer_to_a_change_or_deletion_is_unclear(there: FakeLinkedIn, kind: str) -> None:
    there.slow_seconds = 0.8
    receipt = LINKEDIN.publish(account_at(there), prepared(there))
    there.faults += [Fault("edit", kind), Fault("delete", kind)]
    with pytest.raises(Unknown):
        LINKEDIN.edit(account_at(there), receipt.remote_id, prepared(there, Part("Corrected.")))
    with pytest.raises(Unknown):
        LINKEDIN.retract(account_at(there), receipt.remote_id)


@pytest.mark.parametrize("state", ["revoked", "expired"])
def test_a_token_that_ended_stops_the_channel(there: FakeLinkedIn, state: str) -> None:
    there.token_state = state
    account, message = account_at(there), prepared(there)
    for call in (
        lambda: LINKEDIN.publish(account, message),
        lambda: LINKEDIN.reconcile(account, message, since=SOON),
        lambda: LINKEDIN.verify_credentials(account),
    ):
        with pytest.raises(ChannelDown, match="Make a new access token"):
            call()


def test_a_version_that_was_switched_off_names_the_setting(there: FakeLinkedIn) -> None:
    there.versions = ("202707",)
    with pytest.raises(ChannelDown, match="linkedin_version"):
        LINKEDIN.publish(account_at(there), prepared(there))
    account = account_at(there)
    newer = Account(1, "A", account.credentials, {**account.settings, "linkedin_version": "202707"})
    assert LINKEDIN.publish(newer, prepared(there))


def test_another_page_or_no_right_stops_the_channel(there: FakeLinkedIn) -> None:
    there.scopes = "r_organization_social"
    with pytest.raises(ChannelDown, match="w_organization_social"):
        LINKEDIN.publish(account_at(there), prepared(there))


@pytest.mark.parametrize("given", [{}, {"organization": "almaria"}])
def test_without_a_page_nothing_is_prepared(given: dict[str, str]) -> None:
    account = Account(1, "A", {"access_token": "t"}, given)
    with pytest.raises(Rejected, match="organization"):
        LINKEDIN.prepare(PART, account, "k")
    with pytest.raises(ChannelDown, match="organization"):
        LINKEDIN.verify_credentials(account)


def test_what_linkedin_would_refuse_is_refused_before(there: FakeLinkedIn) -> None:
    for part in (
        Part("(" * 1501),
        Part("One.", number=0, of=2),
        Part("Many.", pictures=tuple(Picture("0" * 64) for _ in range(10))),
    ):
        with pytest.raises(Rejected):
            LINKEDIN.prepare(part, account_at(there), "k")
    post = {**prepared(there).payload["post"], "commentary": "a" * 3001}
    with pytest.raises(Rejected, match="3001"):
        LINKEDIN.publish(account_at(there), Prepared({"post": post, "pictures": []}, "k"))


@pytest.mark.parametrize("token", ["hush-hush", "hush-hush\n", "hush-hüsh"])
def test_a_token_never_shows_in_an_error_or_a_repr(there: FakeLinkedIn, token: str) -> None:
    account = account_at(there, access_token=token)
    assert "hush" not in repr(account)
    with pytest.raises(OtherSideError) as raised:
        LINKEDIN.publish(account, prepared(there))
    assert "hush" not in raised.value.reason


def test_the_page_is_named_and_the_end_of_its_token(there: FakeLinkedIn) -> None:
    now = time.time()
    assert LINKEDIN.verify_credentials(account_at(there)).name == "Almaria Office"
    assert LINKEDIN.verify_credentials(account_at(there, issued_at=now)).name == "Almaria Office"
    told = LINKEDIN.verify_credentials(account_at(there, issued_at=now - 50.5 * 86400)).credentials_end_at
    assert told == datetime.fromtimestamp(now + 9.5 * 86400, UTC)
    with pytest.raises(ChannelDown, match="ended on"):
        LINKEDIN.verify_credentials(account_at(there, issued_at=now - 61 * 86400))


def test_linkedin_is_asked_how_long_the_token_lives_when_the_app_is_known(there: FakeLinkedIn) -> None:
    account = account_at(there, client_id="app", client_secret="app-secret", issued_at=time.time())
    there.expires_at = int(time.time() + 3.5 * 86400)
    assert LINKEDIN.verify_credentials(account).credentials_end_at == datetime.fromtimestamp(
        there.expires_at, UTC
    )
    there.scopes = "r_organization_social"
    with pytest.raises(ChannelDown, match="w_organization_social"):
        LINKEDIN.verify_credentials(account)
    there.token_state = "revoked"
    with pytest.raises(ChannelDown, match="is revoked"):
        LINKEDIN.verify_credentials(account)
    with pytest.raises(ChannelDown, match="client_id"):
        LINKEDIN.verify_credentials(account_at(there, client_id="app", client_secret="wrong"))


@pytest.mark.parametrize("step", ["introspect", "organization"])
@pytest.mark.parametrize("kind", ["reset", "busy", "html_after", "limit"])
def test_a_check_that_gets_no_answer_says_nothing_of_the_token(
    there: FakeLinkedIn, step: str, kind: str
) -> None:
    there.faults.append(Fault(step, kind))
    with pytest.raises(Retry):
        LINKEDIN.verify_credentials(account_at(there, client_id="app", client_secret="app-secret"))


def test_a_place_for_a_picture_on_a_private_network_gets_nothing(
    there: FakeLinkedIn, pictures: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def elsewhere(wire: Wire, method: str, path: str, **given: Any) -> Answer:
        asked.append(path)
        place = {"uploadUrl": "http://10.0.0.7/secret", "image": "urn:li:image:C1"}
        return Answer(200, {}, json.dumps({"value": place}).encode())

    monkeypatch.setattr(Wire, "ask", elsewhere)
    with pytest.raises(Retry, match="cannot be used"):
        LINKEDIN.publish(account_at(there), prepared(there, Part(TEXT, pictures=tuple(pictures))))
    assert asked == ["/rest/images?action=initializeUpload"]


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("https://www.linkedin.com/dms-uploads/1", True),
        ("http://www.linkedin.com/dms-uploads/1", False),
        ("https://linkedin.com.example.org/1", False),
        ("https://evil.example/?https://www.linkedin.com/", False),
    ],
)
def test_the_token_goes_to_linkedin_only_and_never_in_the_clear(
    there: FakeLinkedIn, url: str, goes: bool
) -> None:
    assert Wire(account_at(there)).is_linkedin(url) is goes
