"""Telegram over real HTTP against a fake of its Bot API: what leaves, what answers mean, and that nothing is sent twice."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.social.media import store
from publisher.social.networks.base import Account, CannotTell, Network, Part, Picture, Prepared, Receipt
from publisher.social.networks.telegram import client
from publisher.social.networks.telegram.measure import measure
from publisher.social.networks.telegram.network import TELEGRAM
from publisher.social.networks.telegram.rules import Rules
from tests.fakes.switches import Answer, Fault, as_json, patient_until_it_hangs, serving
from tests.fakes.telegram import CHAT, TOKEN, FakeTelegram, account_at

NO_TIME = timedelta()
LINK = "https://office.example.org/rain?a=1&b=2"
TEXT = f"Rain <arrives> in the north & south\n\nBring a coat.\n\n{LINK}"


@pytest.fixture
def telegram(settings: Any, tmp_path: Path) -> Iterator[FakeTelegram]:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
    }
    fake = FakeTelegram()
    with serving(fake):
        settings.FETCH_ALLOW = (*settings.FETCH_ALLOW, f"127.0.0.1:{fake.port}")
        yield fake


def prepared(account: Account, text: str = TEXT, *pictures: Picture, key: str = "k1") -> Prepared:
    made = TELEGRAM.prepare(Part(text, link=LINK, pictures=pictures), account, key)
    return Prepared(json.loads(json.dumps(made.payload)), made.idempotency_key)


def a_picture(number: int = 0, size: tuple[int, int] = (640, 480)) -> Picture:
    file = io.BytesIO()
    Image.new("RGB", size, (number * 20, 80, 120)).save(file, "PNG")
    return Picture(store.put(file.getvalue()), alt=f"Picture {number}")


def test_it_is_a_whole_network() -> None:
    assert isinstance(TELEGRAM, Network)


def test_a_text_arrives_as_it_was_written(telegram: FakeTelegram) -> None:
    account = account_at(telegram)
    receipt = TELEGRAM.publish(account, prepared(account))
    assert telegram.texts == [TEXT]
    assert receipt == Receipt(f"{CHAT}/text/7", "https://t.me/almaria_news/7")
    assert telegram.messages[0].fields["link_preview_options"] == {"url": LINK}


def test_a_first_line_in_bold_changes_no_letter(telegram: FakeTelegram) -> None:
    account = account_at(telegram, format="html")
    TELEGRAM.publish(account, prepared(account))
    assert telegram.texts == [TEXT]
    assert telegram.messages[0].bold == [TEXT.splitlines()[0]]


def test_settings_of_the_channel_reach_telegram(telegram: FakeTelegram) -> None:
    account = account_at(telegram, chat="@almaria_news", silent=True, topic=5, link_preview=False)
    TELEGRAM.publish(account, prepared(account))
    fields = telegram.messages[0].fields
    assert fields["disable_notification"] is True
    assert fields["message_thread_id"] == 5
    assert fields["link_preview_options"] == {"is_disabled": True}


def test_a_private_channel_has_an_address_for_its_members(telegram: FakeTelegram) -> None:
    telegram.username = ""
    account = account_at(telegram)
    assert TELEGRAM.publish(account, prepared(account)).url == "https://t.me/c/1234567890/7"


@pytest.mark.parametrize("count", [1, 2, 10])
def test_pictures_arrive_as_photo_or_album_with_the_text_once(telegram: FakeTelegram, count: int) -> None:
    account = account_at(telegram, format="html")
    pictures = [a_picture(number) for number in range(count)]
    receipt = TELEGRAM.publish(account, prepared(account, TEXT, *pictures))
    assert telegram.texts == [TEXT] + [""] * (count - 1)
    assert all(Image.open(io.BytesIO(message.photo)).format == "JPEG" for message in telegram.messages)
    assert receipt.remote_id == f"{CHAT}/caption/{','.join(str(7 + number) for number in range(count))}"
    assert len(receipt.remote_id) <= 300
    assert len(telegram.requests) == 1, "one request publishes all"


def test_more_pictures_or_text_than_telegram_takes_is_refused_before(telegram: FakeTelegram) -> None:
    account = account_at(telegram)
    picture = Picture("0" * 64)
    with pytest.raises(Rejected, match="10 pictures"):
        TELEGRAM.prepare(Part("a", pictures=(picture,) * 11), account, "k")
    with pytest.raises(Rejected, match="1024"):
        TELEGRAM.prepare(Part("a" * 1025, pictures=(picture,)), account, "k")
    with pytest.raises(Rejected, match="4096"):
        TELEGRAM.prepare(Part("a" * 4097), account, "k")
    assert TELEGRAM.prepare(Part("a" * 1024, pictures=(picture,)), account, "k")
    assert not telegram.requests


def test_a_picture_that_is_gone_or_too_narrow_is_refused_and_nothing_leaves(telegram: FakeTelegram) -> None:
    account = account_at(telegram)
    for picture in (Picture("0" * 64), a_picture(size=(2100, 100))):
        with pytest.raises(Rejected):
            TELEGRAM.publish(account, prepared(account, "a", picture))
    assert not telegram.requests


@pytest.mark.parametrize("pictures", [0, 1, 3])
@pytest.mark.parametrize(
    ("fault", "error", "there"),
    [
        (Fault.RESET_BEFORE, Unknown, 0),
        (Fault.ERROR_BEFORE, Unknown, 0),
        (Fault.DROP_AFTER, Unknown, 1),
        (Fault.ERROR_AFTER, Unknown, 1),
        (Fault.HTML_AFTER, Unknown, 1),
        (Fault.TRUNCATED_AFTER, Unknown, 1),
        (Fault.SLOW_AFTER, Unknown, 1),
        (Fault.REDIRECT, ChannelDown, 0),
        (as_json(429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 7}}), Retry, 0),
        (Answer(429, b"<html>", {"Retry-After": "7"}), Retry, 0),
        (Answer(502, b"<html>Bad Gateway</html>"), Unknown, 0),
        (as_json(401, {"ok": False, "error_code": 401, "description": "Unauthorized"}), ChannelDown, 0),
        (as_json(403, {"ok": False, "description": "Forbidden: bot was kicked"}), ChannelDown, 0),
        (as_json(400, {"ok": False, "description": "Bad Request: can't parse entities"}), Rejected, 0),
        (as_json(200, {"ok": True, "result": True}), Unknown, 0),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "",
)
def test_each_fault_is_told_as_what_it_means_and_nothing_is_repeated(
    telegram: FakeTelegram,
    fault: Fault | Answer,
    error: type[OtherSideError],
    there: int,
    pictures: int,
) -> None:
    account = account_at(telegram)
    message = prepared(account, TEXT, *[a_picture(number) for number in range(pictures)])
    telegram.faults.append(fault)
    with patient_until_it_hangs(telegram), pytest.raises(error) as raised:
        TELEGRAM.publish(account, message)
    assert telegram.texts.count(TEXT) == there
    assert len(telegram.requests) == 1
    assert TOKEN not in raised.value.reason
    if isinstance(raised.value, Retry):
        assert raised.value.after == timedelta(seconds=7)
    answer = TELEGRAM.reconcile(account, message, since=NO_TIME)
    assert isinstance(answer, CannotTell)
    assert len(telegram.requests) == 1, "nobody is asked"


def test_a_rate_limit_without_a_time_waits_the_usual_time(telegram: FakeTelegram) -> None:
    account = account_at(telegram)
    telegram.faults.append(as_json(429, {"ok": False}))
    with pytest.raises(Retry) as raised:
        TELEGRAM.publish(account, prepared(account))
    assert raised.value.after == timedelta(minutes=1)


def test_a_server_that_is_not_there_is_safe_to_try_again(settings: Any) -> None:
    fake = FakeTelegram()
    with serving(fake):
        settings.FETCH_ALLOW = (f"127.0.0.1:{fake.port}",)
    account = account_at(fake)
    with pytest.raises(Retry) as raised:
        TELEGRAM.publish(account, prepared(account))
    assert TOKEN not in raised.value.reason


@pytest.mark.parametrize(
    ("token", "settings_", "said"),
    [
        ("", {}, "no bot token"),
        ("12:short", {}, "no bot token"),
        (TOKEN + "\n", {}, "no bot token"),
        (TOKEN, {"chat": ""}, "no `chat`"),
        (TOKEN, {"chat": "@nobody"}, "chat not found"),
        (TOKEN[:-1] + "0", {}, "401"),
        (TOKEN, {"api": "http://127.0.0.1:1"}, "https"),
        (TOKEN, {"api": "https://127.0.0.1:1"}, "private address"),
        (TOKEN, {"api": "https://[::1"}, "cannot be used"),
        (TOKEN, {"api": "ftp://example.org"}, "no http"),
    ],
)
def test_what_only_a_person_can_repair_stops_the_channel_and_names_it(
    telegram: FakeTelegram, token: str, settings_: dict[str, str], said: str
) -> None:
    given = {"chat": CHAT, **settings_}
    account = account_at(telegram, token=token, **given)
    with pytest.raises(ChannelDown, match=said) as raised:
        TELEGRAM.publish(account, prepared(account))
    assert TOKEN not in raised.value.reason
    assert not telegram.messages


def test_when_making_the_pictures_took_all_the_time_nothing_leaves(
    telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "UPLOAD_SECONDS", 0.0)
    account = account_at(telegram)
    with pytest.raises(Retry):
        TELEGRAM.publish(account, prepared(account, TEXT, a_picture()))
    assert not telegram.requests


def test_rights_and_tokens_are_checked(telegram: FakeTelegram) -> None:
    account = account_at(telegram)
    assert TELEGRAM.verify_credentials(account).name == "@office_bot in Almaria Office"
    telegram.rights = False
    with pytest.raises(ChannelDown, match="administrator"):
        TELEGRAM.verify_credentials(account)
    with pytest.raises(ChannelDown, match="rights"):
        TELEGRAM.publish(account, prepared(account))
    telegram.revoked = True
    with pytest.raises(ChannelDown, match="BotFather"):
        TELEGRAM.verify_credentials(account)
    telegram.faults.append(Fault.ERROR_BEFORE)
    with pytest.raises(Retry):
        TELEGRAM.verify_credentials(account)


@pytest.mark.parametrize("pictures", [0, 1, 3])
def test_a_message_can_be_edited_and_deleted(telegram: FakeTelegram, pictures: int) -> None:
    account = account_at(telegram)
    receipt = TELEGRAM.publish(account, prepared(account, TEXT, *map(a_picture, range(pictures))))
    for _ in range(2):  # the second changes nothing, which is no error
        edited = TELEGRAM.edit(account, receipt.remote_id, prepared(account, "Corrected."))
        assert edited.remote_id == receipt.remote_id
    assert telegram.texts[0] == "Corrected."
    assert len(telegram.messages) == max(1, pictures)
    TELEGRAM.retract(account, receipt.remote_id)
    TELEGRAM.retract(account, receipt.remote_id)
    assert not telegram.messages
    with pytest.raises(Rejected, match="not found"):
        TELEGRAM.edit(account, receipt.remote_id, prepared(account, "Again."))


def test_an_edit_that_a_caption_cannot_hold_is_refused_before(telegram: FakeTelegram) -> None:
    account = account_at(telegram, format="html")
    receipt = TELEGRAM.publish(account, prepared(account, TEXT, a_picture()))
    with pytest.raises(Rejected, match="1024"):
        TELEGRAM.edit(account, receipt.remote_id, prepared(account, "a" * 1025))
    TELEGRAM.edit(account, receipt.remote_id, prepared(account, "&" * 1024))
    assert telegram.texts == ["&" * 1024]


def test_a_message_that_only_a_person_knows_cannot_be_changed_from_here(telegram: FakeTelegram) -> None:
    with pytest.raises(Rejected, match="not known"):
        TELEGRAM.retract(account_at(telegram), "")


def test_a_thread_hangs_together_also_after_a_part_that_a_person_confirmed(telegram: FakeTelegram) -> None:
    account = account_at(telegram)
    first = TELEGRAM.publish(account, prepared(account, "One.", a_picture(), a_picture(1)))
    TELEGRAM.publish(account, prepared(account, "Two."), [first])
    TELEGRAM.publish(account, prepared(account, "Three."), [first, Receipt("")])
    assert [message.reply_to for message in telegram.messages] == [0, 0, 7, 0]


@given(st.text(max_size=60), st.integers(1, 30), st.booleans())
def test_what_is_measured_as_fitting_is_what_telegram_takes(text: str, limit: int, html: bool) -> None:
    counted = text.replace("\r\n", "\n").strip()
    units = sum(2 if ord(character) > 0xFFFF else 1 for character in counted)
    found = measure(text, Rules(limit))
    assert found.length == units
    assert found.fits == (0 < units <= limit)


def test_a_channel_may_set_a_lower_limit() -> None:
    assert TELEGRAM.rules(Account(1, "A", {}, {"max_characters": 1024})) == Rules(1024)
    assert TELEGRAM.rules(Account(1, "A", {}, {"max_characters": 9999})) == Rules()
