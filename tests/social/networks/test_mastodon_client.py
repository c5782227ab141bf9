"""Mastodon over real HTTP: what leaves, what its answers mean, and how a status is found again."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry
from publisher.social.media import store
from publisher.social.networks.base import (
    Account,
    CannotTell,
    Grade,
    Network,
    NotFound,
    Part,
    Picture,
    Prepared,
    Receipt,
)
from publisher.social.networks.mastodon.looking import MARGIN
from publisher.social.networks.mastodon.measure import measure
from publisher.social.networks.mastodon.network import MASTODON
from publisher.social.networks.mastodon.rules import Rules
from tests.fakes.certificate import self_signed
from tests.fakes.mastodon import FakeMastodon, Refused, account_at, serving

NO_TIME = timedelta()
TEXT = "Rain & wind arrive in the <north>. @ana@social.example\nPlease read:\n\nhttps://office.example.org/rain?a=1&b=2"


@pytest.fixture
def fake() -> FakeMastodon:
    return FakeMastodon()


@pytest.fixture
def account(fake: FakeMastodon) -> Iterator[Account]:
    with serving(fake) as url:
        yield account_at(url)


def prepared(account: Account, key: str = "k1", text: str = TEXT, **more: object) -> Prepared:
    return MASTODON.prepare(Part(text, **more), account, key)  # type: ignore[arg-type]


def a_picture(colour: str = "navy", alt: str = "A map.", focus: tuple[float, float] | None = None) -> Picture:
    out = io.BytesIO()
    Image.new("RGB", (640, 360), colour).save(out, "PNG")
    return Picture(store.put(out.getvalue()), alt, focus)


def test_it_is_a_network_that_knows_keys_for_a_while() -> None:
    assert isinstance(MASTODON, Network)
    assert MASTODON.grade is Grade.WITHIN_A_WINDOW


def test_the_library_is_loaded_only_to_send() -> None:
    code = (
        "import sys; from publisher.social.networks import registry;"
        "print([each for each in ('mastodon', 'PIL') if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_status_arrives_as_it_was_prepared(fake: FakeMastodon, account: Account) -> None:
    message = prepared(account, language="zh-Hans", warning="weather")
    receipt = MASTODON.publish(account, message)
    (status,) = fake.statuses
    assert (status.text, status.language, status.spoiler_text, status.sensitive) == (
        TEXT,
        "zh-CN",
        "weather",
        True,
    )
    assert receipt == Receipt(status.id, f"https://fake.example/@office/{status.id}")


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
def test_the_channel_says_who_may_see(fake: FakeMastodon, account: Account, visibility: str) -> None:
    quiet = Account(1, "A", account.credentials, {**account.settings, "visibility": visibility})
    MASTODON.publish(quiet, prepared(quiet))
    assert fake.statuses[0].visibility == visibility


def test_the_payload_survives_json_and_is_sent_from_there(fake: FakeMastodon, account: Account) -> None:
    message = prepared(account, pictures=(a_picture(focus=(0.5, -1.0)),))
    stored = Prepared(json.loads(json.dumps(message.payload)), message.idempotency_key)
    assert stored == message
    MASTODON.publish(account, stored)
    (media,) = fake.media.values()
    assert (media.description, media.focus, media.type) == ("A map.", (0.5, -1.0), "image/jpeg")
    assert fake.statuses[0].media == [media.id]


def test_pictures_keep_their_order_and_wait_until_the_server_has_worked_on_them(
    fake: FakeMastodon, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.social.networks.mastodon.client.POLL_SECONDS", 0.01)
    fake.polls = 3
    pictures = tuple(a_picture(colour, colour) for colour in ("navy", "red", "green", "white"))
    MASTODON.publish(account, prepared(account, pictures=pictures))
    shown = [fake.media[each].description for each in fake.statuses[0].media]
    assert shown == ["navy", "red", "green", "white"]


def test_a_picture_that_is_never_ready_is_tried_again_later(
    fake: FakeMastodon, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.social.networks.mastodon.client.POLL_SECONDS", 0.0)
    fake.polls = 1000
    with pytest.raises(Retry, match="still working"):
        MASTODON.publish(account, prepared(account, pictures=(a_picture(),)))
    assert fake.statuses == []


def test_a_picture_that_the_server_refuses_fails_the_message(fake: FakeMastodon, account: Account) -> None:
    fake.image_size_limit = 100
    with pytest.raises(Rejected, match="too big"):
        MASTODON.publish(account, prepared(account, pictures=(a_picture(),)))


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (Part("a" * 501), "1 characters too long"),
        (Part("a" * 495, warning="rain.."), "1 characters too long"),
        (Part(" "), "empty"),
        (Part("a", pictures=(Picture("0" * 64),) * 5), "4 pictures"),
        (Part("a", pictures=(Picture("0" * 64, "a" * 1501),)), "1500"),
        (Part("a", pictures=(Picture("0" * 64, "a", (0.0, 1.5)),)), "focus"),
    ],
)
def test_what_the_server_would_refuse_is_never_sent(part: Part, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        MASTODON.prepare(part, account_at("https://fake.example"), "k")


def test_a_visibility_that_is_none_is_told() -> None:
    with pytest.raises(Rejected, match="public, unlisted, private"):
        MASTODON.prepare(Part("a"), account_at("https://fake.example", visibility="direct"), "k")


def test_the_servers_limits_can_be_asked_for_and_are_kept_to(fake: FakeMastodon, account: Account) -> None:
    fake.max_characters, fake.url_length = 1000, 30
    told = MASTODON.verify_credentials(account).limits
    knowing = Account(1, "A", account.credentials, {**account.settings, **told})
    assert MASTODON.rules(knowing) == Rules(limit=1000, url_length=30)
    limits = MASTODON.pictures(knowing)
    assert (limits.most, limits.alt, limits.max_bytes) == (4, 1500, 4 * 1024 * 1024)
    assert limits.types == {"image/jpeg", "image/png", "image/gif"}
    MASTODON.publish(knowing, prepared(knowing, text="a" * 1000))
    with pytest.raises(Rejected):
        prepared(knowing, text="a" * 1001)


def test_limits_that_shrank_since_refuse_the_message_and_say_so(fake: FakeMastodon, account: Account) -> None:
    fake.max_characters = 20
    with pytest.raises(Rejected, match="character limit of 20 exceeded"):
        MASTODON.publish(account, prepared(account))


def test_a_thread_hangs_together(fake: FakeMastodon, account: Account) -> None:
    first = MASTODON.publish(account, prepared(account, "k1", "One."))
    second = MASTODON.publish(account, prepared(account, "k2", "Two."), [first])
    MASTODON.publish(account, prepared(account, "k3", "Three."), [first, second])
    assert [each.in_reply_to_id for each in fake.statuses] == ["", first.remote_id, second.remote_id]


def test_a_thread_whose_first_status_was_deleted_goes_no_further(
    fake: FakeMastodon, account: Account
) -> None:
    with pytest.raises(Rejected, match="does not appear to exist"):
        MASTODON.publish(account, prepared(account), [Receipt("99")])


def test_the_same_key_within_the_hour_gives_the_same_status(fake: FakeMastodon, account: Account) -> None:
    first = MASTODON.publish(account, prepared(account))
    fake.ahead = timedelta(minutes=59)
    assert MASTODON.publish(account, prepared(account)) == first
    assert fake.texts == [TEXT]


@pytest.mark.parametrize("hours", [0, 2, 24, 24 * 7])
def test_a_status_is_found_however_long_ago_it_was_tried(
    fake: FakeMastodon, account: Account, hours: int
) -> None:
    receipt = MASTODON.publish(account, prepared(account))
    for number in range(90):
        MASTODON.publish(account, prepared(account, f"other{number}", f"Other news, number {number}."))
    fake.ahead = since = timedelta(hours=hours)
    fake.requests_left = 300
    assert MASTODON.reconcile(account, prepared(account), since=since) == receipt


def test_a_clock_of_the_server_that_is_wrong_hides_nothing(fake: FakeMastodon, account: Account) -> None:
    for ahead in (timedelta(days=-3), timedelta(days=3)):
        fake.ahead = ahead
        receipt = MASTODON.publish(account, prepared(account, str(ahead), f"Ahead by {ahead}."))
        found = MASTODON.reconcile(account, prepared(account, text=f"Ahead by {ahead}."), since=NO_TIME)
        assert found == receipt


def test_what_was_published_before_the_first_try_is_another_status(
    fake: FakeMastodon, account: Account
) -> None:
    MASTODON.publish(account, prepared(account, "of last week"))
    fake.ahead = MARGIN + timedelta(minutes=1)
    assert MASTODON.reconcile(account, prepared(account, "k2"), since=NO_TIME) == NotFound()


def test_one_that_differs_by_a_character_is_another_status(fake: FakeMastodon, account: Account) -> None:
    MASTODON.publish(account, prepared(account, text="Gate 4 is closed today because of the rain."))
    other = prepared(account, "k2", "Gate 5 is closed today because of the rain.")
    assert MASTODON.reconcile(account, other, since=NO_TIME) == NotFound()


def test_one_that_was_edited_since_is_found_by_its_first_version(
    fake: FakeMastodon, account: Account
) -> None:
    receipt = MASTODON.publish(account, prepared(account))
    MASTODON.edit(account, receipt.remote_id, prepared(account, "k2", "Something else."))
    assert MASTODON.reconcile(account, prepared(account), since=NO_TIME) == receipt


def test_one_that_is_alike_and_edited_is_left_to_a_person(fake: FakeMastodon, account: Account) -> None:
    receipt = MASTODON.publish(account, prepared(account, text=TEXT + " "))
    MASTODON.edit(account, receipt.remote_id, prepared(account, "k2", "Something else."))
    found = MASTODON.reconcile(account, prepared(account, "k3", TEXT + "!"), since=NO_TIME)
    assert isinstance(found, CannotTell)


def test_an_account_that_publishes_too_much_is_left_to_a_person(fake: FakeMastodon, account: Account) -> None:
    for number in range(170):
        MASTODON.publish(account, prepared(account, f"other{number}", f"Other news, number {number}."))
    fake.requests_left = 300
    assert isinstance(MASTODON.reconcile(account, prepared(account), since=NO_TIME), CannotTell)


@settings(max_examples=25)
@given(
    st.lists(
        st.sampled_from(["a", "<b>", "&amp;", "\n", "\n\n", " ", "\r\n", "é", "e\u0301", "中文", "👩‍👩‍👧", "@ana@b.example ",
                         " https://e.org/x?a=1&b=2 ", "#tag", '"', "'", "@home", "-", "\t", "."]),
        min_size=1,
        max_size=25,
    ).map("".join).filter(lambda text: bool(text.strip()))
)  # fmt: skip
@example("@home@ana@b.example ")
def test_any_text_is_found_again_and_never_taken_for_unpublished_when_it_was_edited(text: str) -> None:
    fake = FakeMastodon()
    with serving(fake) as url:
        account = account_at(url)
        receipt = MASTODON.publish(account, prepared(account, text=text))
        assert MASTODON.reconcile(account, prepared(account, text=text), since=NO_TIME) == receipt
        MASTODON.edit(account, receipt.remote_id, prepared(account, "k2", "Other."))
        assert MASTODON.reconcile(account, prepared(account, text=text), since=NO_TIME) != NotFound()


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(categories=["Ll", "Lu", "Lo", "Nd"]), max_size=12),
            st.sampled_from(["👩‍👩‍👧‍👦", "🇨🇳", "e\u0301", "\n", "\r\n", "https://e.org/a", "http://例子.com/路径", "@a@b.example",
                             "https://example.org/" + "x" * 80]),
        ),
        max_size=40,
    ).map(" ".join),
    st.text(st.characters(categories=["Ll"]), max_size=20),
)  # fmt: skip
def test_the_length_is_the_servers(text: str, warning: str) -> None:
    fake = FakeMastodon()
    assert measure(text, Rules(warning=warning)).length == fake.length(text, warning)


def test_an_edit_changes_text_warning_and_pictures(fake: FakeMastodon, account: Account) -> None:
    receipt = MASTODON.publish(account, prepared(account, pictures=(a_picture(),)))
    new = prepared(account, "k2", "Corrected.", warning="weather", pictures=(a_picture("red", "Red."),))
    assert MASTODON.edit(account, receipt.remote_id, new).remote_id == receipt.remote_id
    (status,) = fake.statuses
    assert (status.text, status.spoiler_text) == ("Corrected.", "weather")
    assert [fake.media[each].description for each in status.media] == ["Red."]
    MASTODON.edit(account, receipt.remote_id, prepared(account, "k3", "Plain."))
    assert (status.text, status.spoiler_text, status.media, status.sensitive) == ("Plain.", "", [], False)


def test_a_deleted_status_may_be_deleted_again_and_not_edited(fake: FakeMastodon, account: Account) -> None:
    receipt = MASTODON.publish(account, prepared(account))
    MASTODON.retract(account, receipt.remote_id)
    MASTODON.retract(account, receipt.remote_id)
    assert fake.statuses == []
    with pytest.raises(Rejected, match="Record not found"):
        MASTODON.edit(account, receipt.remote_id, prepared(account))


def test_the_account_says_who_it_is(account: Account) -> None:
    host = str(account.settings["url"]).removeprefix("http://")
    assert MASTODON.verify_credentials(account).name == f"@office@{host}"


def test_a_revoked_token_stops_the_channel_wherever_it_is_met(fake: FakeMastodon, account: Account) -> None:
    message = prepared(account)
    fake.tokens.clear()
    for attempt in (
        lambda: MASTODON.publish(account, message),
        lambda: MASTODON.reconcile(account, message, since=NO_TIME),
        lambda: MASTODON.edit(account, "1", message),
        lambda: MASTODON.retract(account, "1"),
        lambda: MASTODON.verify_credentials(account),
    ):
        with pytest.raises(ChannelDown, match="revoked"):
            attempt()


@pytest.mark.parametrize("scope", ["read:accounts", "read:statuses"])
def test_a_token_that_may_not_look_is_found_out_at_once(
    fake: FakeMastodon, account: Account, scope: str
) -> None:
    fake.tokens["token"] -= {scope}
    with pytest.raises(ChannelDown, match="scopes"):
        MASTODON.verify_credentials(account)


def test_a_rate_limit_says_how_long_to_wait_by_the_servers_clock(
    fake: FakeMastodon, account: Account
) -> None:
    fake.requests_left, fake.ahead = 0, timedelta(hours=5)
    with pytest.raises(Retry) as raised:
        MASTODON.publish(account, prepared(account))
    assert raised.value.after is not None
    assert timedelta(seconds=195) <= raised.value.after <= timedelta(seconds=205)
    assert fake.statuses == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mastodon.example",
        "ftp://a.example",
        "http://mastodon.example",
        "https://u:p@a.example",
        "https://",
    ],
)
def test_an_address_that_cannot_be_used_stops_the_channel(url: str) -> None:
    with pytest.raises(ChannelDown):
        MASTODON.publish(account_at(url), Prepared({"status": "x"}, "k"))


def test_a_token_never_shows_in_an_error_or_a_repr(fake: FakeMastodon, account: Account) -> None:
    bad = account_at(str(account.settings["url"]), token="hush-hush\n")
    assert "hush" not in repr(bad)
    with pytest.raises(OtherSideError) as raised:
        MASTODON.publish(bad, prepared(bad))
    assert "hush" not in raised.value.reason
    assert fake.statuses == []


def test_a_server_that_is_not_there_is_safe_to_try_again(fake: FakeMastodon) -> None:
    with serving(fake) as url:
        gone = account_at(url)
    with pytest.raises(Retry):
        MASTODON.publish(gone, prepared(gone))
    with pytest.raises(Retry):
        MASTODON.reconcile(gone, prepared(gone), since=NO_TIME)


def test_the_fake_refuses_what_mastodon_refuses(fake: FakeMastodon) -> None:
    with pytest.raises(Refused):
        fake.handle("POST", "/api/v1/statuses", {"authorization": "Bearer token"}, b"status=" + b"a" * 501)


def test_slow_pictures_leave_time_to_publish_or_are_tried_again(
    fake: FakeMastodon, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All requests of a publication share one bound; the last is not begun when too little of it is left."""
    monkeypatch.setattr("publisher.social.networks.mastodon.wire.WHOLE_SECONDS", 14.0)
    with pytest.raises(Retry, match="too slowly"):
        MASTODON.publish(account, prepared(account, pictures=(a_picture(),)))
    assert (len(fake.media), fake.statuses) == (1, [])


def test_a_server_with_a_certificate_of_somebody_else_gets_nothing(
    fake: FakeMastodon, tmp_path: Path
) -> None:
    with serving(fake, self_signed(tmp_path, "mastodon.example")) as url:
        account = account_at(url)
        with pytest.raises(Retry, match="cannot be reached"):
            MASTODON.publish(account, prepared(account))
    assert fake.requests_left == 300
