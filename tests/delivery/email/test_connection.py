"""Options of a mail server's address that concern the connection: authorities, our certificate, our name."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from publisher.core.errors import ChannelDown, Retry
from publisher.delivery.email.smtp import Session, parse_mail_url
from tests.delivery.email.test_session import QUICK, kinds, messages, server_tls
from tests.fakes.certificate import self_signed
from tests.fakes.smtp_sink import SmtpSink


def sent(url: str) -> list[str]:
    with Session(parse_mail_url(url), QUICK) as session:
        return kinds(list(session.send(messages(1))))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("server"), "localhost")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("client"), "publisher.example.org")


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_private_authority_can_vouch_for_the_server(certificate: Path, scheme: str) -> None:
    with SmtpSink(tls=server_tls(certificate), implicit_tls=scheme == "smtps") as sink:
        assert sent(f"{scheme}://localhost:{sink.port}?ca={certificate}") == ["accepted"]


def test_another_authority_cannot(certificate: Path, own: Path) -> None:
    with SmtpSink(tls=server_tls(certificate)) as sink, pytest.raises(ChannelDown, match="certificate"):
        sent(f"smtp://localhost:{sink.port}?ca={own}")
    assert sink.messages == []


def test_a_server_that_knows_its_clients_by_their_certificates_gets_ours(
    certificate: Path, own: Path
) -> None:
    context = server_tls(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(own)
    with SmtpSink(tls=context) as sink:
        assert sent(f"smtp://localhost:{sink.port}?ca={certificate}&cert={own}") == ["accepted"]
        with pytest.raises((Retry, ChannelDown)):
            sent(f"smtp://localhost:{sink.port}?ca={certificate}")
    assert len(sink.messages) == 1


@pytest.mark.parametrize("option", ["ca", "cert"])
@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_that_cannot_be_used_is_named(
    certificate: Path, tmp_path: Path, option: str, content: str | None
) -> None:
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_text(content)
    with SmtpSink(tls=server_tls(certificate)) as sink, pytest.raises(ChannelDown, match=r"file\.pem"):
        sent(f"smtp://localhost:{sink.port}?{option}={path}")


def test_we_greet_with_the_name_that_was_chosen() -> None:
    with SmtpSink() as sink:
        assert sent(f"smtp://127.0.0.1:{sink.port}?helo=mail.office.example.org") == ["accepted"]
    assert sink.commands[0] == "EHLO mail.office.example.org"


def test_without_a_full_name_we_greet_with_our_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "laptop")
    with SmtpSink() as sink:
        sent(f"smtp://127.0.0.1:{sink.port}")
    assert sink.commands[0] == "EHLO [127.0.0.1]"


def test_a_host_that_no_name_server_can_be_asked_for_is_no_crash() -> None:
    with pytest.raises(Retry, match="cannot be reached"):
        sent("smtp://a..b.example")
