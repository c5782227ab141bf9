"""The listener: 250 only for what is committed, nothing for others, within bounds."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from publisher.core.errors import UserError
from publisher.delivery.models import Delivery
from publisher.feedback.models import Report
from publisher.feedback.ways import listener
from publisher.feedback.ways.base import LARGEST
from publisher.feedback.ways.listener import MOST_CONNECTIONS, Ours, place_of
from tests.feedback.listening import a_listener
from tests.feedback.mailing import DOMAIN, LEAVE, Signs, a_sent_mail, table
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ours(settings: Any) -> None:
    settings.RETURN_DOMAIN, settings.UNSUBSCRIBE_ADDRESS = DOMAIN, LEAVE


@pytest.fixture(params=["lmtp", "smtp"])
def client(request: pytest.FixtureRequest) -> Iterator[smtplib.SMTP]:
    with a_listener(f"{request.param}://127.0.0.1:0") as url:
        yield connected(url)


def connected(url: str) -> smtplib.SMTP:
    kind = smtplib.LMTP if url.startswith("lmtp") else smtplib.SMTP
    if url.startswith("lmtp:///"):
        return smtplib.LMTP(url.removeprefix("lmtp://"))
    return kind("127.0.0.1", int(url.rpartition(":")[2]), timeout=20)


def a_bounce(mail: Delivery) -> bytes:
    row = next(row for row in table() if row.file == "postfix-unknown-user")
    return Signs.of_delivery(mail).into(row.raw())


def test_a_bounce_with_the_null_sender_is_committed_when_it_is_answered(client: smtplib.SMTP) -> None:
    mail = a_sent_mail()
    client.sendmail("", [Signs.of_delivery(mail).return_path], a_bounce(mail))
    report = Report.objects.get()
    assert (report.outcome, report.delivery_id) == ("suppressed", mail.pk)
    assert report.source.startswith("listener ")
    client.sendmail("", [Signs.of_delivery(mail).return_path], a_bounce(mail))
    assert Report.objects.count() == 1
    assert client.quit()[0] == 221


def test_the_envelope_alone_says_whose_it_is(client: smtplib.SMTP) -> None:
    mail = a_sent_mail()
    address = Signs.of_delivery(mail).unsubscribe_mail.removeprefix("mailto:").partition("?")[0]
    client.sendmail("ilse@example.net", [address], b"From: ilse@example.net\r\nSubject: \r\n\r\n\r\n")
    assert Report.objects.get().outcome == "left"


def test_what_is_not_committed_is_refused_for_the_time_being_and_comes_again(
    client: smtplib.SMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = a_sent_mail()
    path = Signs.of_delivery(mail).return_path

    def away(*_args: Any, **_given: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(listener, "take", away)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail("", [path], a_bounce(mail))
    assert refused.value.smtp_code == 451
    monkeypatch.undo()
    client.sendmail("", [path], a_bounce(mail))
    assert Report.objects.get().outcome == "suppressed"


@pytest.mark.parametrize(
    "address",
    ["ilse@example.net", "bounce+x@bounces.office.example.org.evil.example", "news@office.example.org", "x"],
)
def test_mail_for_others_is_not_taken(client: smtplib.SMTP, address: str) -> None:
    client.ehlo_or_helo_if_needed()
    client.mail("")
    assert client.rcpt(address)[0] in (550, 501, 553)
    assert client.docmd("DATA")[0] == 503


def test_one_recipient_at_a_time(client: smtplib.SMTP) -> None:
    client.ehlo_or_helo_if_needed()
    client.mail("")
    assert client.rcpt(f"postmaster@{DOMAIN}")[0] == 250
    assert client.rcpt(f"bounce@{DOMAIN}")[0] == 452


def test_addresses_in_utf8_are_taken(client: smtplib.SMTP) -> None:
    client.ehlo_or_helo_if_needed()
    assert client.has_extn("smtputf8")
    client.command_encoding = "utf-8"
    assert client.docmd("MAIL", "FROM:<用户@例子.example> SMTPUTF8")[0] == 250
    assert client.rcpt(f"bounce+{'x' * 20}@{DOMAIN.upper()}")[0] == 250
    assert client.data("From: 用户@例子.example\r\nSubject: 自动回复\r\n\r\n我不在\r\n".encode())[0] == 250
    assert [row.kind for row in Report.objects.all()] == [Report.Kind.AUTOMATIC]


def test_what_is_too_large_is_refused_for_good_and_the_connection_goes_on(client: smtplib.SMTP) -> None:
    client.ehlo_or_helo_if_needed()
    assert client.esmtp_features["size"] == str(LARGEST)
    client.mail("")
    client.rcpt(f"bounce@{DOMAIN}")
    assert client.data((b"x" * 76 + b"\r\n") * (LARGEST // 78 + 10))[0] == 552
    client.sendmail("", [f"bounce@{DOMAIN}"], b"Subject: one\r\n\r\n" + b"y" * 50_000 + b"\r\n")
    assert Report.objects.count() == 1


def test_who_comes_when_too_many_are_there_is_sent_away_and_may_come_again() -> None:
    with a_listener("lmtp://127.0.0.1:0") as url:
        there = [connected(url) for _ in range(MOST_CONNECTIONS)]
        with pytest.raises(smtplib.SMTPConnectError) as busy:
            connected(url)
        assert busy.value.smtp_code == 421
        there.pop().quit()

        def comes_in() -> bool:
            try:
                connected(url).quit()
            except smtplib.SMTPConnectError:
                return False
            return True

        until(comes_in, what="there is room again")
        for each in there:
            each.close()


def test_a_socket_in_the_file_system_with_its_mode_and_that_of_a_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    mail = a_sent_mail()
    with a_listener(f"lmtp://{path}?mode=600") as url:
        assert path.stat().st_mode & 0o777 == 0o600
        connected(url).sendmail("", [Signs.of_delivery(mail).return_path], a_bounce(mail))
        with pytest.raises(UserError, match="another program"), a_listener(f"lmtp://{path}"):
            pass
    assert not path.exists()
    assert Report.objects.get().outcome == "suppressed"


@pytest.mark.parametrize(
    "text",
    [
        "lmtp://0.0.0.0:24",
        "lmtp://mail.example.org:24",
        "lmtp://127.0.0.1",
        "http://127.0.0.1:24",
        "lmtp:///x?mode=999",
        "lmtp:///x?other=1",
        "127.0.0.1:24",
        "lmtp://",
        "lmtp://[::1",
    ],
)
def test_it_listens_on_this_machine_only(text: str) -> None:
    with pytest.raises(UserError):
        place_of(text)


def test_without_an_address_of_ours_it_does_not_begin(settings: Any) -> None:
    settings.RETURN_DOMAIN = settings.UNSUBSCRIBE_ADDRESS = ""
    with pytest.raises(UserError, match="No address is ours"):
        Ours.of_settings()


def test_what_is_ours() -> None:
    ours = Ours("bounces.münchen.example", "leave@office.example.org")
    assert ours.takes("bounce+x@BOUNCES.xn--mnchen-3ya.example")
    assert ours.takes("Leave+7-2-x@office.example.org")
    assert not ours.takes("leaver@office.example.org")
    assert not ours.takes("bounces.münchen.example")
    assert not Ours("", "leave@office.example.org").takes("a@")
