"""The mail server is reached, secured and logged in to, and nothing is sent."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.delivery.doctor.findings import Finding
from publisher.delivery.doctor.mail_server import mail_server
from publisher.delivery.email.smtp import MailServer
from publisher.delivery.email.smtp.connection import tls_context
from tests.fakes.certificate import self_signed
from tests.fakes.smtp_sink import OFFERS, SmtpSink, at


def looked_at(
    sink: SmtpSink, *, now: datetime | None = None, tls: Any = None, **server: Any
) -> dict[str, Finding]:
    """Findings by check."""
    target = MailServer(server.pop("host", "127.0.0.1"), sink.port, **server)
    findings, _ = mail_server(target, now=now or datetime.now(UTC), tls=tls)
    return {finding.check: finding for finding in findings}


@pytest.fixture
def secured(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS for a server called localhost (a certificate of one day), and a client that trusts it."""
    file = self_signed(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, tls_context(ca_file=str(file))


def test_a_good_server_is_well_and_takes_no_message() -> None:
    with SmtpSink() as sink:
        findings = looked_at(sink)
    assert {finding.level for finding in findings.values()} == {"ok"}
    assert set(findings) == {"mail_server", "tls", "pipelining", "smtputf8", "eight_bit", "size"}
    assert "10,485,760" in findings["size"].found
    assert sink.messages == []
    assert not [line for line in sink.commands if line.startswith(("MAIL", "RCPT", "DATA"))]
    assert sink.commands[-1] == "QUIT"


def test_what_a_server_lacks_is_said_with_what_it_costs() -> None:
    with SmtpSink(offers=("SIZE 50000",)) as sink:
        findings = looked_at(sink)
    levels = {name: findings[name].level for name in ("pipelining", "smtputf8", "eight_bit", "size")}
    assert levels == {"pipelining": "warning", "smtputf8": "warning", "eight_bit": "ok", "size": "warning"}
    assert "three more round trips" in findings["pipelining"].meaning


def test_a_server_that_is_not_there_is_a_problem() -> None:
    with SmtpSink() as sink:
        port = sink.port
    (finding,), address = mail_server(MailServer("127.0.0.1", port), now=datetime.now(UTC))
    assert (finding.level, address) == ("problem", "")
    assert "cannot be reached" in finding.found


@pytest.mark.parametrize(("password", "level"), [("right", "ok"), ("wrong", "problem")])
def test_the_login_is_tried(password: str, level: str) -> None:
    with SmtpSink(login=("office", "right"), offers=(*OFFERS, "AUTH PLAIN")) as sink:
        finding = looked_at(sink, username="office", password=password)["mail_server"]
    assert finding.level == level
    assert password not in finding.as_text()


def test_a_greeting_that_refuses_us_is_a_problem() -> None:
    with SmtpSink([at("CONNECT", "554 5.7.1 not you")]) as sink:
        assert looked_at(sink)["mail_server"].level == "problem"


def test_a_certificate_that_ends_soon_is_a_warning(secured: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, client = secured
    with SmtpSink(tls=server) as sink:
        soon = looked_at(sink, host="localhost", tls=client)["tls"]
        long_before = datetime.now(UTC) - timedelta(days=30)
        far = looked_at(sink, host="localhost", tls=client, now=long_before)["tls"]
    assert (soon.level, far.level) == ("warning", "ok")
    assert "TLSv1.3" in far.found


def test_a_certificate_that_nobody_vouches_for_is_a_problem(
    secured: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    with SmtpSink(tls=secured[0]) as sink:
        finding = looked_at(sink, host="localhost")["mail_server"]
    assert finding.level == "problem"
    assert "certificate is not valid" in finding.found


def test_a_certificate_that_is_not_checked_is_a_warning(
    secured: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    with SmtpSink(tls=secured[0]) as sink:
        assert looked_at(sink, host="localhost", verify=False)["tls"].level == "warning"


def test_tls_that_is_demanded_and_not_offered_is_a_problem() -> None:
    with SmtpSink() as sink:
        assert looked_at(sink, starttls="required")["mail_server"].level == "problem"
