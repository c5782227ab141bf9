"""Webhooks over real HTTP: what receivers get, what their answers mean, and which addresses are never reached."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.webhook_signing import signature_headers
from publisher.social.accounts import abilities_of
from publisher.social.networks.base import (
    Ability,
    Account,
    CannotTell,
    Card,
    Network,
    Part,
    Prepared,
    Receipt,
)
from publisher.social.networks.webhook.measure import measure
from publisher.social.networks.webhook.network import WEBHOOK
from publisher.social.networks.webhook.rules import Format, Rules
from tests.fakes.fault_proxy import CUT_SHORT, fault_proxy
from tests.fakes.switches import Answer, Fault, as_json, patient_until_it_hangs, serving
from tests.fakes.webhook import (
    OLD_SECRET,
    PATHS,
    SECRET,
    AnyFake,
    FakeDiscord,
    FakeReceiver,
    FakeSlack,
    FakeTeams,
    account_at,
)

NO_TIME = timedelta()
LINK = "https://office.example.org/rain_in_the_north?a=1&b=2"
TEXT = f"# Rain *arrives* <!here> & @everyone\n\n1. Bring a_coat_with_you [now](x).\n- and boots\n\n{LINK}"
KINDS = [FakeReceiver, FakeSlack, FakeTeams, FakeDiscord]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def receiver(request: pytest.FixtureRequest, settings: Any) -> Iterator[AnyFake]:
    yield from started(request.param(), settings)


@pytest.fixture
def generic(settings: Any) -> Iterator[FakeReceiver]:
    yield from started(FakeReceiver(), settings)


@pytest.fixture
def discord(settings: Any) -> Iterator[FakeDiscord]:
    yield from started(FakeDiscord(), settings)


@pytest.fixture
def teams(settings: Any) -> Iterator[FakeTeams]:
    yield from started(FakeTeams(), settings)


@pytest.mark.parametrize(
    ("target", "abilities"),
    [
        ("generic", set(Ability)),
        ("discord", set(Ability)),
        ("slack", {Ability.REPLY}),
        ("teams", {Ability.REPLY}),
    ],
)
def test_what_can_be_done_with_a_message_depends_on_the_accounts_format(
    target: str, abilities: set[Ability]
) -> None:
    assert abilities_of(WEBHOOK, Account(1, "a", {}, {"format": target})) == abilities


def started(fake: Any, settings: Any) -> Iterator[Any]:
    with serving(fake):
        settings.FETCH_ALLOW = (*settings.FETCH_ALLOW, f"127.0.0.1:{fake.port}")
        yield fake


def prepared(account: Account, text: str = TEXT, key: str = "k1") -> Prepared:
    made = WEBHOOK.prepare(Part(text, link=LINK), account, key)
    return Prepared(json.loads(json.dumps(made.payload)), made.idempotency_key)


def test_it_is_a_whole_network() -> None:
    assert isinstance(WEBHOOK, Network)


def test_readers_see_the_text_as_it_was_written(receiver: AnyFake) -> None:
    account = account_at(receiver)
    receipt = WEBHOOK.publish(account, prepared(account))
    written = TEXT
    if isinstance(receiver, FakeTeams):
        written = "\n".join(line for line in TEXT.split("\n") if line)
    assert receiver.texts == [written]
    assert receipt.remote_id
    assert len(receiver.requests) == 1


def test_an_event_tells_all_and_its_body_is_the_same_in_every_try(generic: FakeReceiver) -> None:
    generic.careful = False
    account = account_at(generic, source="https://office.example.org/")
    part = Part("Rain.", link=LINK, language="fr", card=Card("Rain", "It rains"), warning="wet", of=2)
    message = WEBHOOK.prepare(part, account, "k1")
    shuffled = dict(reversed(list(message.payload["body"].items())))
    again = Prepared({**message.payload, "body": shuffled}, "k1")
    assert WEBHOOK.publish(account, message) == WEBHOOK.publish(account, again)
    assert generic.requests[0].body == generic.requests[1].body
    event = generic.events[0]
    assert (event["id"], event["source"], event["type"]) == (
        "k1",
        "https://office.example.org/",
        "publisher.message.published",
    )
    assert event["data"]["text"] == "Rain."
    assert event["data"]["language"] == "fr"
    assert event["data"]["card"]["title"] == "Rain"
    assert (event["data"]["number"], event["data"]["of"]) == (0, 2)


def test_a_receiver_that_looks_at_the_key_takes_a_repeated_message_once(generic: FakeReceiver) -> None:
    account = account_at(generic)
    message = prepared(account)
    generic.faults.append(Fault.DROP_AFTER)
    with pytest.raises(Unknown):
        WEBHOOK.publish(account, message)
    receipt = WEBHOOK.publish(account, message)
    assert generic.texts == [TEXT]
    assert receipt == Receipt("k1", "https://receiver.example.org/k1")


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the reference library of Standard Webhooks."""
    headers = signature_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_can_be_exchanged_while_messages_leave(generic: FakeReceiver) -> None:
    account = account_at(generic, secret=f"{OLD_SECRET} {SECRET}")
    WEBHOOK.publish(account, prepared(account))
    assert generic.texts == [TEXT]
    with pytest.raises(ChannelDown, match="401"):
        WEBHOOK.publish(account_at(generic, secret=OLD_SECRET), prepared(account))


@pytest.mark.parametrize("secret", ["", "hush", "whsec_???", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_generic_webhook_never_leaves_unsigned(generic: FakeReceiver, secret: str) -> None:
    account = account_at(generic, secret=secret)
    for deed in (
        lambda: WEBHOOK.publish(account, prepared(account)),
        lambda: WEBHOOK.verify_credentials(account),
    ):
        with pytest.raises(ChannelDown, match="secret") as raised:
            deed()
        assert not secret or secret not in raised.value.reason
    assert not generic.requests


@pytest.mark.parametrize(
    ("fault", "error", "there"),
    [
        (Fault.RESET_BEFORE, Unknown, 0),
        (Fault.ERROR_BEFORE, Unknown, 0),
        (Fault.DROP_AFTER, Unknown, 1),
        (Fault.ERROR_AFTER, Unknown, 1),
        (Fault.SLOW_AFTER, Unknown, 1),
        (Fault.REDIRECT, ChannelDown, 0),
        (Answer(429, b"", {"Retry-After": "7"}), Retry, 0),
        (as_json(429, {"message": "You are being rate limited.", "retry_after": 7.0}), Retry, 0),
        (Answer(503), Unknown, 0),
        (Answer(408), Unknown, 0),
        (Answer(409), Unknown, 0),
        (Answer(400, b"invalid_payload"), Rejected, 0),
        (Answer(413), Rejected, 0),
        (Answer(422), Rejected, 0),
        (Answer(403, b"invalid_token"), ChannelDown, 0),
        (Answer(404, b"no_service"), ChannelDown, 0),
        (Answer(410, b"channel_is_archived"), ChannelDown, 0),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "",
)
def test_each_fault_is_told_as_what_it_means_and_nothing_is_repeated(
    receiver: AnyFake,
    fault: Fault | Answer,
    error: type[OtherSideError],
    there: int,
) -> None:
    account = account_at(receiver)
    message = prepared(account)
    receiver.faults.append(fault)
    with patient_until_it_hangs(receiver), pytest.raises(error) as raised:
        WEBHOOK.publish(account, message)
    assert type(raised.value) is error
    assert len(receiver.texts) == there
    assert len(receiver.requests) == 1
    if isinstance(raised.value, Retry):
        assert raised.value.after == timedelta(seconds=7)
    for hidden in ("SECRET", "token-secret", "invoke"):
        assert hidden not in raised.value.reason
    assert isinstance(WEBHOOK.reconcile(account, message, since=NO_TIME), CannotTell)
    assert len(receiver.requests) == 1, "nobody is asked"


def test_a_status_of_success_is_an_acceptance_though_the_answer_breaks_off_behind_it(
    generic: FakeReceiver, teams: FakeTeams
) -> None:
    said = as_json(202, {"taken": "x" * 300})
    for fake, accepted in ((generic, True), (teams, False)):
        account = account_at(fake)
        with fault_proxy(fake.url) as proxy, override_settings(FETCH_ALLOW=[urlsplit(proxy.url).netloc]):
            proxy.arm(CUT_SHORT)
            fake.faults.append(said)
            through = replace(
                account, credentials={**account.credentials, "url": f"{proxy.url}{PATHS[type(fake)]}"}
            )
            message = prepared(account)
            if accepted:
                assert WEBHOOK.publish(through, message).remote_id == "k1"
            else:  # Teams may tell of an error in its text
                with pytest.raises(Unknown):
                    WEBHOOK.publish(through, message)
        assert len(fake.requests) == 1


@pytest.mark.parametrize("fault", [Fault.HTML_AFTER, Fault.TRUNCATED_AFTER])
def test_discord_must_name_the_message(discord: FakeDiscord, fault: Fault) -> None:
    account = account_at(discord)
    discord.faults.append(fault)
    with pytest.raises(Unknown):
        WEBHOOK.publish(account, prepared(account))
    assert len(discord.texts) == 1


@pytest.mark.parametrize(("status", "error"), [("429", Retry), ("500", Unknown)])
def test_an_error_in_the_text_of_teams_is_seen(teams: FakeTeams, status: str, error: type[Exception]) -> None:
    said = (
        f"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {status}"
    )
    teams.faults.append(Answer(200, said.encode()))
    account = account_at(teams)
    with pytest.raises(error):
        WEBHOOK.publish(account, prepared(account))


def test_a_card_in_teams_has_the_link_as_a_button(teams: FakeTeams) -> None:
    account = account_at(teams)
    WEBHOOK.publish(account, prepared(account))
    assert teams.cards[0]["actions"] == [
        {"type": "Action.OpenUrl", "title": "office.example.org", "url": LINK}
    ]


def test_the_longest_text_fits_a_card_of_teams(teams: FakeTeams) -> None:
    account = account_at(teams)
    WEBHOOK.publish(account, prepared(account, "气" * 4900))
    assert len(teams.texts) == 1


def test_a_card_that_is_too_large_for_teams_is_refused_before(teams: FakeTeams) -> None:
    with pytest.raises(Rejected, match="too many lines"):
        WEBHOOK.prepare(Part("a\n" * 2400), account_at(teams), "k")


def test_a_room_of_discord_pings_nobody(discord: FakeDiscord) -> None:
    account = account_at(discord)
    WEBHOOK.publish(account, prepared(account))
    assert next(iter(discord.messages.values()))["allowed_mentions"] == {"parse": []}


def test_a_receiver_that_is_not_there_is_safe_to_try_again(settings: Any) -> None:
    fake = FakeReceiver()
    for _ in started(fake, settings):
        account = account_at(fake)
    with pytest.raises(Retry):
        WEBHOOK.publish(account, prepared(account))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.org/",
        "http://example.org/",
        "https://user:pass@example.org/",
        "https://127.0.0.1/",
        "https://localhost:9/",
        "https://[::1]/",
        "https://[::1",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f000001/",
        "https://example.org:99999/",
        "https:///path",
    ],
)
@pytest.mark.parametrize("target", ["generic", "discord"])
def test_private_and_impossible_addresses_stop_the_channel(url: str, target: str) -> None:
    account = Account(1, "A", {"url": url, "secret": SECRET}, {"format": target})
    with pytest.raises(ChannelDown):
        WEBHOOK.publish(account, prepared(account))


def test_a_private_address_is_reached_only_at_the_port_that_is_allowed(
    generic: FakeReceiver, settings: Any
) -> None:
    settings.FETCH_ALLOW = (f"127.0.0.1:{generic.port + 1}",)
    account = account_at(generic)
    with pytest.raises(ChannelDown):
        WEBHOOK.publish(account, prepared(account))
    assert not generic.requests


def test_an_unknown_format_stops_the_channel() -> None:
    account = Account(1, "A", {"url": "https://example.org", "secret": SECRET}, {"format": "irc"})
    with pytest.raises(ChannelDown, match="generic, slack, teams, discord"):
        WEBHOOK.publish(account, prepared(account))


def test_an_event_can_be_followed_by_an_edit_and_a_deletion(generic: FakeReceiver) -> None:
    account = account_at(generic)
    receipt = WEBHOOK.publish(account, prepared(account))
    WEBHOOK.edit(account, receipt.remote_id, prepared(account, "Corrected.", "k2"))
    WEBHOOK.retract(account, receipt.remote_id)
    WEBHOOK.retract(account, receipt.remote_id)
    assert [(event["type"], event["id"], event["data"].get("message")) for event in generic.events] == [
        ("publisher.message.published", "k1", None),
        ("publisher.message.edited", "k2", "k1"),
        ("publisher.message.retracted", "retract-k1", "k1"),
    ]


def test_a_message_in_discord_can_be_edited_and_deleted(discord: FakeDiscord) -> None:
    account = account_at(discord)
    receipt = WEBHOOK.publish(account, prepared(account))
    WEBHOOK.edit(account, receipt.remote_id, prepared(account, "Corrected.", "k2"))
    assert discord.texts == ["Corrected."]
    WEBHOOK.retract(account, receipt.remote_id)
    WEBHOOK.retract(account, receipt.remote_id)
    assert not discord.texts
    with pytest.raises(Rejected, match="not known"):
        WEBHOOK.retract(account, "../../other")


def test_a_message_that_is_gone_from_discord_cannot_be_edited_and_stops_nothing_else(
    discord: FakeDiscord,
) -> None:
    account = account_at(discord)
    receipt = WEBHOOK.publish(account, prepared(account, TEXT))
    discord.messages.clear()
    with pytest.raises(Rejected, match="not there any more"):
        WEBHOOK.edit(account, receipt.remote_id, prepared(account, "Corrected."))


def test_a_webhook_that_is_gone_from_discord_has_deleted_nothing(discord: FakeDiscord) -> None:
    account = account_at(discord)
    receipt = WEBHOOK.publish(account, prepared(account, TEXT))
    gone = replace(account, credentials={**account.credentials, "url": f"{discord.url}/api/webhooks/1/other"})
    with pytest.raises(ChannelDown):
        WEBHOOK.retract(gone, receipt.remote_id)
    assert discord.texts == [TEXT]


@pytest.mark.parametrize("status", [404, 410])
def test_a_receiver_that_is_not_there_has_deleted_nothing(generic: FakeReceiver, status: int) -> None:
    generic.faults.append(Answer(status))
    with pytest.raises(Rejected, match="to the deletion"):
        WEBHOOK.retract(account_at(generic), "k1")


def test_what_cannot_be_changed_says_where_to_do_it(settings: Any) -> None:
    for kind in (FakeSlack, FakeTeams):
        account = account_at(kind())
        with pytest.raises(Rejected, match="do it there"):
            WEBHOOK.edit(account, "k1", prepared(account))
        with pytest.raises(Rejected, match="do it there"):
            WEBHOOK.retract(account, "k1")


def test_a_thread_names_the_message_before(generic: FakeReceiver) -> None:
    account = account_at(generic)
    first = WEBHOOK.publish(account, prepared(account, "One.", "k1"))
    WEBHOOK.publish(account, prepared(account, "Two.", "k2"), [first])
    assert generic.events[1]["data"]["reply_to"] == "k1"


def test_credentials_are_checked_as_far_as_they_can_be(receiver: AnyFake) -> None:
    said = WEBHOOK.verify_credentials(account_at(receiver)).name
    assert said == "Office news" if isinstance(receiver, FakeDiscord) else "127.0.0.1" in said
    assert len(receiver.requests) == isinstance(receiver, FakeDiscord), "nothing is sent to a room to try"


@given(st.text(max_size=80), st.integers(1, 60))
def test_plain_texts_are_measured_by_what_is_sent(text: str, limit: int) -> None:
    body = WEBHOOK.prepare(Part(f"x{text}"), Account(1, "A", {}, {"format": "slack"}), "k").payload["body"]
    units = sum(2 if ord(character) > 0xFFFF else 1 for character in body["text"])
    found = measure(f"x{text}", Rules(limit, Format.SLACK))
    assert (found.length, found.fits) == (units, units <= limit)


@given(st.text(st.sampled_from("ab *_~`|<>[]\\#-+1.\n:/é气😀"), max_size=80))
def test_whatever_discord_is_sent_is_as_long_as_it_was_measured(text: str) -> None:
    body = WEBHOOK.prepare(Part(f"x{text}"), Account(1, "A", {}, {"format": "discord"}), "k").payload["body"]
    units = sum(2 if ord(character) > 0xFFFF else 1 for character in body["content"])
    assert measure(f"x{text}", Rules(2000, Format.DISCORD)).length == units
