"""The local mailbox: takes what SMTP clients send and shows it without letting it out."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from publisher.delivery.email.smtp import Outgoing, Session, parse_mail_url

HTML = '<p onclick="alert(1)">Well <b>opened</b></p><script>alert(1)</script><img src="https://tracker.example/x.png" alt="">'


@dataclass
class Mailbox:
    """A running mailbox."""

    smtp_port: int
    url: str
    folder: Path

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:  # noqa: S310 - our own loopback address
                return response.status, dict(response.headers), response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def page(self, path: str) -> str:
        return self.get(path)[2]

    def send(self, *outgoing: Outgoing) -> None:
        with Session(parse_mail_url(f"smtp://127.0.0.1:{self.smtp_port}")) as session:
            assert all(result.answer.accepted for result in session.send(outgoing))


def start(folder: Path) -> tuple[subprocess.Popen[bytes], Mailbox]:
    announced = folder / "ports.json"
    announced.unlink(missing_ok=True)
    command = [sys.executable, "-m", "publisher.demo.mailbox", "--smtp-port", "0", "--http-port", "0"]
    process = subprocess.Popen([*command, "--folder", str(folder / "mail"), "--announce", str(announced)])
    for _ in range(1000):
        if announced.exists():
            break
        assert process.poll() is None, "the mailbox ended"
        time.sleep(0.02)
    ports = json.loads(announced.read_text(encoding="utf-8"))
    return process, Mailbox(ports["smtp_port"], f"http://127.0.0.1:{ports['http_port']}", folder)


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    process, running = start(tmp_path)
    yield running
    process.terminate()
    assert process.wait(timeout=10) == 0


def a_mail(subject: str = "Wells in Almaria", name: str = "Country Office", html: str = HTML) -> bytes:
    message = EmailMessage()
    message["From"] = f'"{name}" <news@office.example>'
    message["To"] = "anna@example.org"
    message["Subject"] = subject
    message.set_content("Twelve wells opened.\n.dot\n")
    message.add_alternative(html, subtype="html")
    return message.as_bytes().replace(b"\n", b"\r\n")


def outgoing(number: int, data: bytes | None = None) -> Outgoing:
    return Outgoing(number, "bounce@office.example", f"reader{number}@example.org", data or a_mail())


def test_what_was_sent_is_listed_newest_first_and_counted(mailbox: Mailbox) -> None:
    mailbox.send(*(outgoing(n, a_mail(f"Number {n}")) for n in range(60)))
    listed = json.loads(mailbox.page("/api/messages"))
    assert listed["total"] == 60
    assert [message["subject"] for message in listed["messages"]] == [f"Number {n}" for n in range(59, 9, -1)]
    first = mailbox.page("/")
    assert first.index("Number 59") < first.index("Number 58") < first.index("Older messages")
    older = mailbox.page(f"/?before={listed['messages'][-1]['id']}")
    assert "Number 9<" in older
    assert "Number 10<" not in older


def test_search_finds_subjects_names_and_addresses_in_any_script(mailbox: Mailbox) -> None:
    mailbox.send(outgoing(1, a_mail("每周新闻", "国家办事处")), outgoing(2, a_mail("Forum in Spring")))
    for words, found in [
        ("新闻", 1),
        ("spring FORUM", 1),
        ("reader2", 1),
        ("国家办事处", 1),
        ("office.example", 2),
        ("no such", 0),
    ]:
        query = urllib.parse.quote(words)
        assert len(json.loads(mailbox.page(f"/api/messages?q={query}"))["messages"]) == found, words


def test_a_message_shows_its_text_headers_and_source_escaped(mailbox: Mailbox) -> None:
    mailbox.send(outgoing(1, a_mail("<script>alert(1)</script>")))
    text, headers, source = (mailbox.page(f"/messages/1/{tab}") for tab in ("text", "headers", "source"))
    assert "Twelve wells opened.\r\n.dot\r\n" in text
    assert "<dt>Subject</dt>" in headers
    assert "Content-Transfer-Encoding" in source
    for page in (text, headers, source, mailbox.page("/")):
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_messages_html_can_neither_run_nor_load_nor_reach_the_page_around_it(mailbox: Mailbox) -> None:
    mailbox.send(outgoing(1))
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in mailbox.page("/messages/1")
    _, headers, body = mailbox.get("/messages/1/frame")
    assert HTML in body
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/messages/99",
        "/messages/x",
        "/messages/1/other",
        "/etc/passwd",
        "/../mailbox.sqlite3",
        "/messages/-1",
    ],
)
def test_what_is_not_there_is_said_calmly(mailbox: Mailbox, path: str) -> None:
    status, _, body = mailbox.get(path)
    assert status == 404
    assert "Not here" in body


def test_mail_outlives_a_restart(tmp_path: Path) -> None:
    for total in (1, 2):
        process, mailbox = start(tmp_path)
        mailbox.send(outgoing(total))
        assert json.loads(mailbox.page("/api/messages"))["total"] == total
        process.terminate()
        process.wait(timeout=10)


def test_the_standard_librarys_client_is_served(mailbox: Mailbox) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=5) as client:
        client.sendmail("a@b.example", ["c@d.example", "e@f.example"], a_mail())
        assert client.noop()[0] == 250
        assert client.docmd("DATA")[0] == 503
        assert client.docmd("HELLO")[0] == 500
        client.sendmail("", ["c@d.example"], b"Subject: empty sender\r\n\r\n.\r\n")
    assert json.loads(mailbox.page("/api/messages"))["total"] == 3


@pytest.mark.parametrize("data", [b"\r\n", b"Subject: =?no-such?q?x?=\r\n\r\n", b"Subject: \xff\xfe\r\n\r\nx\r\n",
                                  b"Content-Type: text/html; charset=no-such\r\n\r\n<p>\xff\r\n",
                                  b"Content-Type: multipart/mixed\r\n\r\nno parts\r\n", b"no headers\r\n"])  # fmt: skip
def test_whatever_the_bytes_are_each_page_answers(mailbox: Mailbox, data: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=5) as client:
        client.sendmail("a@b.example", ["c@d.example"], data)
    for path in (
        "/",
        "/messages/1",
        "/messages/1/html",
        "/messages/1/text",
        "/messages/1/headers",
        "/messages/1/source",
        "/messages/1/frame",
    ):
        assert mailbox.get(path)[0] == 200, path
