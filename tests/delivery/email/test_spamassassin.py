"""The sample digest in both languages, read by a spam filter that we did not write (SpamAssassin, its local rules)."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis

from publisher.core.clock import now as present
from publisher.delivery import signing
from publisher.delivery.enqueue import assemble
from publisher.demo import publication
from publisher.demo.sample import load
from publisher.digests.models import Edition
from publisher.items import intake, stream
from publisher.items.topic_sync import sync
from tests.delivery.test_mail import sent_by
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

MOST = 1.0
SUSPICIOUS = 5.0


@pytest.fixture
def sample(inbox: redis.Redis, settings: Any) -> dict[str, bytes]:
    """One signed mail of the sample digest in each language, as a server took it."""
    settings.BASE_URL = "https://news.office.example.org"
    settings.UNSUBSCRIBE_ADDRESS = "leave@office.example.org"
    at = present()
    edition = the_edition(at)
    signing.switch_on(signing.make_key("office.example.org", "p1", bits=2048, now=at))
    with SmtpSink() as sink:
        sent_by(sink, edition, now=at)
    return {language: longest_of(sink, language) for language in ("en", "zh")}


def longest_of(sink: SmtpSink, language: str) -> bytes:
    marked = f"Content-Language: {language}".encode()
    return max((taken.data for taken in sink.messages if marked in taken.data), key=len)


def the_edition(at: datetime) -> Edition:
    sync()
    for event in load.events(at, "https://office.example.org"):
        stream.add(event)
    while intake.drain(now=at - timedelta(hours=1)):
        pass
    digest = publication.create_digest(now=at)
    publication.create_readers(digest, count=40, now=at)
    edition = Edition.objects.create(
        digest=digest,
        due_at=at,
        window_from=at - timedelta(days=7),
        window_to=at,
        created_at=at,
        trace_id="e" * 32,
    )
    return assemble(edition.pk, now=at)


def judged(message: bytes) -> tuple[float, dict[str, float]]:
    """The score, and what each rule added to it."""
    program = shutil.which("spamassassin")
    assert program, "SpamAssassin is missing: .ci/system-packages installs it"
    done = subprocess.run([program, "-L", "-t"], input=message, capture_output=True, check=True)
    report = done.stdout.decode("utf-8", "replace").rpartition("Content analysis details:")[2]
    total = re.search(r"\(\s*(-?[\d.]+) points", report)
    assert total, done.stderr.decode()
    rules = re.findall(r"^\s*(-?\d+\.\d+)\s+([A-Z][A-Z0-9_]+)", report, re.MULTILINE)
    return float(total[1]), {name: float(points) for points, name in rules}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sample_digest_is_no_spam(sample: dict[str, bytes], language: str) -> None:
    score, rules = judged(sample[language])
    assert score < MOST, rules
    assert max(rules.values()) < MOST / 2, rules


def test_the_filter_would_say_so_if_it_were() -> None:
    """The program and its rules are there: it knows the line that every filter knows (GTUBE)."""
    spam = (
        b"From: =?utf-8?b?QkFOSw==?= <x@example.net>\r\nTo: undisclosed\r\nSubject: RE: YOU WON $$$\r\n\r\n"
        b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"
    )
    score, _ = judged(spam)
    assert score > SUSPICIOUS
