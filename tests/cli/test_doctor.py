"""`publisher doctor` in its own process: what a person and a script get from it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from publisher.audience import unsubscribe_mail
from publisher.audience.models import Subscription
from publisher.cli.doctor import doctor
from publisher.cli.leaving import unsubscribe
from publisher.core.errors import UserError
from tests.builders import a_digest, a_subscriber
from tests.fakes.dns import DnsServer
from tests.fakes.smtp_sink import SmtpSink
from tests.processes import ROOT


@pytest.mark.slow
def test_servers_that_are_away_are_findings_and_no_tracebacks(tmp_path: Path) -> None:
    with DnsServer({}) as dns, SmtpSink() as sink:
        done = subprocess.run(
            [sys.executable, "-m", "publisher.cli", "doctor", "--json"],
            cwd=ROOT,
            env={
                "PATH": "/usr/bin",
                "PUBLISHER_DATA_DIR": str(tmp_path),
                "PUBLISHER_DATABASE_URL": "postgres://publisher:secret@127.0.0.1:1/publisher",
                "PUBLISHER_REDIS_URL": "redis://127.0.0.1:1/0",
                "PUBLISHER_BASE_URL": "https://127.0.0.1:1",
                "PUBLISHER_MAIL": sink.url,
                "PUBLISHER_RESOLVER": "{}:{}".format(*dns.address),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    data = json.loads(done.stdout)
    assert (done.returncode, data["level"]) == (1, "problem")
    levels = {finding["check"]: finding["level"] for finding in data["findings"]}
    assert {name: levels[name] for name in ("database", "redis", "base_url", "mail_server")} == {
        "database": "problem",
        "redis": "problem",
        "base_url": "problem",
        "mail_server": "ok",
    }
    assert "secret" not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
def test_a_person_reads_what_was_found_what_it_means_and_what_to_do(inbox: Any, settings: Any) -> None:
    a_digest()
    settings.BASE_URL = "http://127.0.0.1:1"
    with DnsServer({}) as dns:
        settings.RESOLVER = dns.address
        result = CliRunner().invoke(doctor, catch_exceptions=False, standalone_mode=False)
    assert result.return_value == 1
    lines = result.output.splitlines()
    assert 'office.example.org. TXT "v=spf1 ip4:ADDRESS ~all"' in result.output
    assert any(line.startswith("problem  SPF of office.example.org: there is no record.") for line in lines)
    assert lines[-1].endswith(" well.")
    assert "problems, " in lines[-1]


@pytest.mark.django_db
def test_a_request_that_came_by_mail_is_carried_out_once() -> None:
    digest = a_digest()
    subscription = a_subscriber(digest)
    mailto = unsubscribe_mail.writer("leave@office.example.org")(subscription.subscriber_id, digest.pk)
    for left in (True, False):
        result = CliRunner().invoke(unsubscribe, [mailto.upper(), "--json"], catch_exceptions=False)
        assert json.loads(result.output)["left"] is left
    assert Subscription.objects.get().state == "ended"


@pytest.mark.django_db
def test_a_request_that_we_did_not_write_ends_nothing() -> None:
    a_subscriber(a_digest())
    with pytest.raises(UserError, match="holds no token of ours"):
        CliRunner().invoke(
            unsubscribe, ["leave+1-1-aaaaaaaaaaaaaaaa@office.example.org"], catch_exceptions=False
        )
    assert Subscription.objects.get().state == "active"
