"""Mails to staff about channels: each once over real SMTP, none while nothing may leave, none by guessing."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection

from publisher.audience.models import Suppression
from publisher.core import standstill
from publisher.core.models import Standstill
from publisher.delivery import notices, outage, plain_mail
from publisher.social import channels, health
from publisher.social.models import Channel, ChannelHealth, Notice
from tests.builders import NOON, a_channel, a_digest
from tests.fakes.smtp_sink import SmtpSink, at

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OWNER = "comms@office.example.org"


@pytest.fixture
def sink(settings: Any) -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        settings.NOTICES_FROM = "publisher@office.example.org"
        yield sink


def a_channel_down(reason: str = "The network answered 401: the token was revoked.", **given: Any) -> Channel:
    channel = a_channel("sandbox", **{"owner": OWNER, **given})
    health.went_down(channel.pk, reason=reason, now=NOON)
    return channel


def read(sink: SmtpSink, number: int = 0) -> EmailMessage:
    message = email.message_from_bytes(sink.messages[number].data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def states() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("state", flat=True))


def test_the_owner_is_told_once_what_happened_since_when_what_waits_and_what_to_do(
    sink: SmtpSink, settings: Any
) -> None:
    settings.BASE_URL = "https://news.office.example.org"
    channel = a_channel_down(name="阿尔马里亚频道")
    assert notices.send_due(now=NOON) == {"sent": 1}
    assert notices.send_due(now=NOON + HOUR) == {}
    assert sink.recipients == [OWNER]
    message = read(sink)
    assert message["To"] == OWNER
    assert message["From"] == "Publisher <publisher@office.example.org>"
    assert message["Subject"] == "阿尔马里亚频道 is down"
    assert message["Auto-Submitted"] == "auto-generated"
    text = text_of(message)
    assert "What happened: The network answered 401: the token was revoked." in text
    assert "Since: 1 June 2026, 12:00 (UTC)" in text
    assert "What waits: no post of this channel." in text
    assert f"https://news.office.example.org/desk/channels#channel-{channel.pk}" in text
    assert states() == ["sent"]


def test_what_a_network_said_is_no_markup_and_no_second_header(sink: SmtpSink) -> None:
    a_channel_down("<b>no</b>\r\nBcc: all@example.net\n Qz7SlotK9xzz", name="A\r\nBcc: x@example.net")
    notices.send_due(now=NOON)
    message = read(sink)
    assert message["Bcc"] is None
    html = message.get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;no&lt;/b&gt;" in html.get_content()
    assert sink.recipients == [OWNER]


def test_a_channel_that_comes_and_goes_is_told_once_a_day_and_another_cause_at_once(sink: SmtpSink) -> None:
    channel = a_channel_down()
    for hours in (1, 5, 23):
        notices.send_due(now=NOON + hours * HOUR - MINUTE)
        channels.resume(channel.pk, user=None)
        health.went_down(
            channel.pk, reason="The network answered 401: the token was revoked.", now=NOON + hours * HOUR
        )
    notices.send_due(now=NOON + 23 * HOUR)
    assert len(sink.messages) == 1
    channels.resume(channel.pk, user=None)
    health.went_down(channel.pk, reason="The account was suspended.", now=NOON + 23 * HOUR)
    notices.send_due(now=NOON + 23 * HOUR)
    assert len(sink.messages) == 2


def test_one_that_stays_down_after_it_came_and_went_is_told_when_the_day_is_over(sink: SmtpSink) -> None:
    channel = a_channel_down("The network answered 401 (request 0): the token was revoked.")
    notices.send_due(now=NOON)
    channels.resume(channel.pk, user=None)
    for hours in (1, 24, 48, 72):
        reason = f"The network answered 401 (request {hours}): the token was revoked."
        health.went_down(channel.pk, reason=reason, now=NOON + hours * HOUR)
    assert notices.send_due(now=NOON + 73 * HOUR) == {"sent": 1}


def test_without_an_owner_every_admin_with_an_address_is_told(sink: SmtpSink, django_user_model: Any) -> None:
    for name in ("ada", "ben"):
        django_user_model.objects.create_superuser(name, f"{name}@office.example.org", "x")
    a_channel_down(owner="")
    assert notices.send_due(now=NOON) == {"sent": 2}
    assert sink.recipients == ["ada@office.example.org", "ben@office.example.org"]


def test_nothing_leaves_while_all_sending_stands_still(sink: SmtpSink) -> None:
    a_channel_down()
    standstill.begin(Standstill.Kind.STOPPED, reason="An incident.", by="mira", now=NOON)
    assert notices.send_due(now=NOON) == {}
    assert sink.connections == 0
    standstill.end()
    assert notices.send_due(now=NOON + HOUR) == {"sent": 1}


def test_a_standstill_that_begins_right_before_the_content_leaves_holds_it(
    sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_channel_down()
    monkeypatch.setattr(plain_mail, "_may_go", lambda: False)
    assert notices.send_due(now=NOON) == {"queued": 1}
    assert sink.messages == []
    monkeypatch.undo()


def test_nothing_leaves_without_a_mail_server_or_while_it_is_left_alone(
    sink: SmtpSink, settings: Any
) -> None:
    a_channel_down()
    url, settings.MAIL = settings.MAIL, ""
    assert notices.send_due(now=NOON) == {}
    settings.MAIL = url
    outage.begin("The login was refused.", lasting=True, now=NOON)
    assert notices.send_due(now=NOON) == {}
    outage.over()
    assert notices.send_due(now=NOON) == {"sent": 1}


def test_a_server_that_is_away_is_left_alone_and_costs_no_tries(settings: Any) -> None:
    settings.NOTICES_FROM = "publisher@office.example.org"
    settings.MAIL = "smtp://127.0.0.1:1"
    a_channel_down()
    for minutes in range(0, 40, 2):
        assert notices.send_due(now=NOON + minutes * MINUTE) == {"queued": 1}
        assert notices.send_due(now=NOON + minutes * MINUTE + MINUTE) == {}
        known = outage.current()
        assert known is not None
        assert known.failures == minutes / 2 + 1
        outage.end_rest(NOON)
    assert Notice.objects.get().attempts == 0
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        assert notices.send_due(now=NOON + HOUR) == {"sent": 1}
    assert outage.current() is None


def test_a_notice_that_could_not_leave_for_three_days_says_nothing_any_more(sink: SmtpSink) -> None:
    a_channel_down()
    assert notices.send_due(now=NOON + 3 * DAY + HOUR) == {"failed": 1}
    assert sink.messages == []


def test_a_temporary_refusal_is_tried_again_and_a_final_one_is_not(settings: Any) -> None:
    settings.NOTICES_FROM = "publisher@office.example.org"
    a_channel_down()
    with SmtpSink(rules=[at("RCPT", reply="451 4.7.1 greylisted", times=1)]) as sink:
        settings.MAIL = sink.url
        assert notices.send_due(now=NOON) == {"queued": 1}
        assert notices.send_due(now=NOON + MINUTE / 2) == {}
        assert notices.send_due(now=NOON + 2 * MINUTE) == {"sent": 1}
        assert len(sink.messages) == 1
    a_channel_down()
    with SmtpSink(rules=[at("RCPT", reply="550 5.1.1 no such user")]) as sink:
        settings.MAIL = sink.url
        assert notices.send_due(now=NOON) == {"failed": 1}
        assert notices.send_due(now=NOON + DAY) == {}
    assert "no such user" in Notice.objects.latest("pk").reason


def test_an_answer_that_was_lost_is_not_sent_again(settings: Any) -> None:
    settings.NOTICES_FROM = "publisher@office.example.org"
    a_channel_down()
    with SmtpSink(rules=[at("DOT", deed="reset")]) as sink:
        settings.MAIL = sink.url
        assert notices.send_due(now=NOON) == {"unknown": 1}
        assert notices.send_due(now=NOON + DAY) == {}
        assert sum("DATA" in command for command in sink.commands) == 1


def test_a_sender_that_died_leaves_its_notice_unclear_and_nobody_sends_it_again(sink: SmtpSink) -> None:
    a_channel_down()
    assert notices._OUTBOX.claimed(Notice.objects.get().pk, NOON) is not None
    assert notices.send_due(now=NOON + MINUTE) == {}
    assert states() == ["sending"]
    assert notices.send_due(now=NOON + HOUR) == {}
    assert states() == ["unknown"]
    assert sink.messages == []


def test_what_is_no_longer_true_is_not_told(sink: SmtpSink) -> None:
    channel = a_channel_down()
    channels.resume(channel.pk, user=None)
    assert notices.send_due(now=NOON) == {"cancelled": 1}
    assert sink.messages == []


def test_an_address_on_the_suppression_list_is_not_written_to(sink: SmtpSink) -> None:
    Suppression.objects.create(email_key=OWNER, reason="bounced", at=NOON)
    a_channel_down()
    assert notices.send_due(now=NOON) == {"failed": 1}
    assert "suppression list" in Notice.objects.get().reason
    assert sink.messages == []


def test_the_sender_is_that_of_a_digest_where_none_is_set_and_without_any_it_waits(
    sink: SmtpSink, settings: Any
) -> None:
    settings.NOTICES_FROM = ""
    a_channel_down()
    assert notices.send_due(now=NOON) == {"queued": 1}
    assert "PUBLISHER_NOTICES_FROM" in Notice.objects.get().reason
    a_digest(from_address="news@office.example.org")
    assert notices.send_due(now=NOON + HOUR) == {"sent": 1}
    assert sink.messages[0].mail_from == "news@office.example.org"


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_notice_once(sink: SmtpSink) -> None:
    for _ in range(6):
        a_channel_down()

    def one(_: int) -> None:
        try:
            notices.send_due(now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(3)))
    assert len(sink.messages) == 6
    assert states() == ["sent"] * 6


@pytest.mark.parametrize("renewed", [True, False])
def test_the_end_of_an_access_that_was_renewed_meanwhile_is_not_told(sink: SmtpSink, renewed: bool) -> None:
    channel = a_channel("sandbox", owner=OWNER)
    ChannelHealth.objects.create(channel=channel, credentials_end_at=NOON + 3 * DAY)
    health.tell_of_ends(now=NOON)
    if renewed:
        health.look_again(channel, elsewhere=False)
    notices.send_due(now=NOON + HOUR)
    assert (states(), len(sink.messages)) == ((["cancelled"], 0) if renewed else (["sent"], 1))
