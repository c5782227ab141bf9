"""Our SMTP client against a server that we did not write: Postfix's smtp-sink, over real sockets."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.delivery.email.smtp import Outgoing, Session, parse_mail_url
from tests.folders import an_open_folder

MESSAGE = b"From: <a@example.net>\r\nTo: <b@example.net>\r\nSubject: one\r\n\r\n..two dots\r\n.\r\nend\r\n"
COUNT = 200


def _smtp_sink(folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], int]:
    program = shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "Postfix's smtp-sink is missing: .ci/system-packages installs it"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shutil.chown(folder, "nobody")
    as_user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [program, *as_user, "-R", str(folder), "-d", "%M.", *options, f"127.0.0.1:{port}", "100"]
    process = subprocess.Popen(command)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.05)
    raise AssertionError("smtp-sink does not answer")


@pytest.fixture(
    params=[(), ("-p",), ("-8",), ("-e",)], ids=["usual", "no pipelining", "no 8BITMIME", "no EHLO"]
)
def sink(request: pytest.FixtureRequest) -> Iterator[tuple[int, Path]]:
    with an_open_folder() as folder:
        process, port = _smtp_sink(folder, *request.param)
        yield port, folder
        process.kill()
        process.wait()


def test_every_message_arrives_whole_and_once(sink: tuple[int, Path]) -> None:
    port, folder = sink
    messages = [Outgoing(n, "a@example.net", f"b{n}@example.net", MESSAGE) for n in range(COUNT)]
    with Session(parse_mail_url(f"smtp://127.0.0.1:{port}")) as session:
        results = list(session.send(messages))
    assert [result.id for result in results] == list(range(COUNT))
    assert all(result.answer.accepted for result in results)
    dumps = [file.read_bytes().replace(b"\r\n", b"\n") for file in folder.iterdir()]
    assert len(dumps) == COUNT
    assert all(b"\n..two dots\n.\nend\n" in dump for dump in dumps)
    recipients = {line for dump in dumps for line in dump.splitlines() if line.startswith(b"X-Rcpt-Args")}
    assert len(recipients) == COUNT
