"""How fast mail goes: joining one recipient's message, and sending to the demo's mailbox in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from publisher.delivery.email.headers import Mailbox
from publisher.delivery.email.message import ListHeaders, MessageTemplate, build_template, date_header
from publisher.delivery.email.smtp import MailServer, Outgoing, Session
from publisher.render.slots import mark

MESSAGES = 5000
PARAGRAPHS = 110
DATE = date_header(datetime(2026, 6, 1, 8, 0, tzinfo=UTC))


def measure() -> dict[str, float]:
    """`join_us`: µs a message; `messages_per_second` and `client_cpu_us` with joining, `size_bytes` of one message."""
    template = a_template()
    started = time.perf_counter()
    for number in range(MESSAGES):
        template.join(values(number))
    joined = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder, mailbox(Path(folder)) as port:
        rate, cpu = send(template, port)
    return {
        "join_us": round(joined / MESSAGES * 1e6, 2),
        "messages_per_second": round(rate, 1),
        "client_cpu_us": round(cpu * 1e6, 1),
        "size_bytes": float(len(template.join(values(1)))),
    }


def a_template() -> MessageTemplate:
    """A digest of about 28 KB."""
    paragraph = "The ministry and the country office opened twelve wells in the valley; more are to follow in spring. "
    html = "".join(f'<p style="margin:0 0 16px">{n}. {paragraph}</p>\n' for n in range(PARAGRAPHS))
    links = "".join(
        f'<a href="{mark(name)}">{name}</a> ' for name in ("preferences_url", "unsubscribe_url", "web_url")
    )
    return build_template(
        subject="News of the week: wells, schools and a forum in Almaria",
        html=f"<!doctype html><html lang=en><body><h1>{mark('greeting')}</h1>{html}{links}</body></html>",
        text=f"{mark('greeting')}\n\n"
        + (paragraph + "\n\n") * (PARAGRAPHS // 2)
        + str(mark("unsubscribe_url")),
        sender=Mailbox("news@office.example", "Country Office"),
        list_headers=ListHeaders("weekly.office.example", "Weekly news", "https://office.example/help"),
    )


def values(number: int) -> dict[str, str]:
    base = f"https://news.office.example/s/{number:08d}.c2lnbmF0dXJlLW9mLXRoZS1yZWNpcGllbnQ"
    return {
        "to_name": f"Reader {number}",
        "to_address": f"reader{number}@example.org",
        "message_id": f"{number}.9f2c@office.example",
        "date": DATE,
        "greeting": f"Dear Reader {number}",
        "preferences_url": base + "/preferences",
        "unsubscribe_url": base + "/unsubscribe",
        "web_url": base + "/web",
        "unsubscribe_mailto": f"mailto:leave+{number}@office.example?subject=unsubscribe",
    }


def send(template: MessageTemplate, port: int) -> tuple[float, float]:
    """Messages a second, and seconds of this process's CPU per message."""
    outgoing = (
        Outgoing(n, "bounce@office.example", f"reader{n}@example.org", template.join(values(n)), checked=True)
        for n in range(MESSAGES)
    )
    with Session(MailServer("127.0.0.1", port)) as session:
        started, cpu = time.perf_counter(), time.process_time()
        accepted = sum(result.answer.accepted for result in session.send(outgoing))
        passed, used = time.perf_counter() - started, time.process_time() - cpu
    if accepted != MESSAGES:
        raise RuntimeError(f"only {accepted} of {MESSAGES} messages were accepted")
    return MESSAGES / passed, used / MESSAGES


@contextmanager
def mailbox(folder: Path) -> Iterator[int]:
    """The demo's mailbox as a process; its SMTP port."""
    announced = folder / "ports.json"
    command = [sys.executable, "-m", "publisher.demo.mailbox", "--smtp-port", "0", "--http-port", "0"]
    process = subprocess.Popen([*command, "--folder", str(folder), "--announce", str(announced)])
    try:
        while not announced.exists():
            if process.poll() is not None:
                raise RuntimeError("the mailbox did not start")
            time.sleep(0.02)
        yield int(json.loads(announced.read_text(encoding="utf-8"))["smtp_port"])
    finally:
        process.terminate()
        process.wait(timeout=10)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure()) + "\n")
