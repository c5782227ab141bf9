"""The whole examination: every sender's domain once, everything good, and nothing at all."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import redis
from pytest_django.live_server_helper import LiveServer

from publisher.core import clock
from publisher.delivery import signing
from publisher.delivery.doctor import examination
from publisher.delivery.doctor.dkim import record_of
from publisher.delivery.doctor.examination import examine
from publisher.delivery.doctor.findings import Finding, worst
from tests.builders import NOON, a_digest
from tests.delivery.doctor.world import DOMAIN, GOOD
from tests.fakes.dns import DnsServer
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db


@pytest.fixture
def surroundings(inbox: redis.Redis, live_server: LiveServer, settings: Any) -> Any:
    """Everything but DNS as it should be (the address of the service alone is not https)."""
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        settings.BASE_URL = live_server.url
        yield settings
    assert sink.messages == []


def found(settings: Any, records: Any, **server: Any) -> list[Finding]:
    with DnsServer(records, **server) as dns:
        settings.RESOLVER = dns.address
        return list(examine(now=clock.now()))


def about_the_domain(findings: list[Finding]) -> dict[str, str]:
    return {
        each.check: each.level.value
        for each in findings
        if each.check in ("spf", "dkim", "dmarc", "alignment", "mx")
    }


def test_when_all_is_good_nothing_but_https_is_missing(surroundings: Any) -> None:
    a_digest()
    key = signing.make_key(DOMAIN, "p1", bits=2048, now=NOON)
    signing.switch_on(key)
    record = record_of(key)
    findings = found(surroundings, {**GOOD, (record.name, "TXT"): [record.value]})
    assert [each.check for each in findings if each.level != "ok"] == ["https"]
    assert about_the_domain(findings) == dict.fromkeys(("spf", "dkim", "dmarc", "alignment", "mx"), "ok")


def test_when_nothing_is_there_each_is_a_problem_and_no_check_hides_another(surroundings: Any) -> None:
    a_digest()
    assert about_the_domain(found(surroundings, {})) == {
        "spf": "problem",
        "dkim": "warning",
        "dmarc": "problem",
        "alignment": "problem",
        "mx": "problem",
    }


def test_a_key_that_is_on_and_not_in_dns_speaks_for_nobody(surroundings: Any) -> None:
    a_digest()
    signing.switch_on(signing.make_key(DOMAIN, "p1", bits=2048, now=NOON))
    levels = about_the_domain(found(surroundings, GOOD))
    assert (levels["dkim"], levels["alignment"]) == ("problem", "warning")


def test_each_domain_is_looked_at_once_whatever_its_capitals(surroundings: Any) -> None:
    a_digest()
    a_digest(from_address=f"other@{DOMAIN.upper()}")
    a_digest(from_address="news@second.example.org")
    a_digest(from_address="news@third.example.org", enabled=False)
    findings = found(surroundings, GOOD)
    assert Counter(each.about for each in findings if each.check == "dmarc") == {
        f"DMARC of {DOMAIN}": 1,
        "DMARC of second.example.org": 1,
    }


def test_spf_is_that_of_the_return_path(surroundings: Any) -> None:
    a_digest()
    surroundings.RETURN_DOMAIN = "bounces.example.org"
    records = {
        **GOOD,
        ("bounces.example.org", "TXT"): ["v=spf1 ip4:198.51.100.7 -all"],
        ("bounces.example.org", "MX"): ["10 mx.office.example.org."],
    }
    findings = found(surroundings, records)
    assert [each.about for each in findings if each.check == "spf"] == ["SPF of bounces.example.org"]
    assert [each.about for each in findings if each.check == "mx"] == [
        f"Mail to {DOMAIN}",
        "Mail to bounces.example.org",
    ]
    assert about_the_domain(findings)["alignment"] == "warning"


def test_a_digest_that_cannot_be_sent_is_named(surroundings: Any) -> None:
    a_digest(slug="broken", from_address="no address")
    assert [each.about for each in found(surroundings, GOOD) if each.check == "sender"] == ["Digest broken"]


@pytest.mark.parametrize("mail", ["", "pigeon://loft", "smtp://127.0.0.1:1"])
def test_without_a_mail_server_the_rest_is_looked_at_all_the_same(surroundings: Any, mail: str) -> None:
    a_digest()
    surroundings.MAIL = mail
    findings = found(surroundings, GOOD)
    assert [each.level for each in findings if each.check == "mail_server"] == ["problem"]
    assert about_the_domain(findings)["spf"] == "ok"


def test_without_a_database_the_mail_server_is_looked_at_all_the_same(
    surroundings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Finding("database", "Database", examination.Level.PROBLEM, "does not answer")
    monkeypatch.setattr(examination, "database", lambda: [away])
    findings = found(surroundings, GOOD)
    assert worst(findings) == "problem"
    assert "mail_server" in {each.check for each in findings}
    assert about_the_domain(findings) == {}


def test_a_provider_signs_by_itself_and_is_not_asked(surroundings: Any) -> None:
    a_digest()
    signing.switch_on(signing.make_key(DOMAIN, "p1", bits=2048, now=NOON))
    surroundings.MAIL = "postmark://geheim@?stream=broadcast"
    findings = {each.check: each for each in found(surroundings, GOOD)}
    assert findings["mail_server"].level == "ok"
    assert "Postmark" in findings["mail_server"].found
    assert "the provider signs" in findings["dkim"].found
    assert not any("geheim" in repr(each) for each in findings.values())


def test_the_address_of_a_provider_that_cannot_be_used_is_a_problem(surroundings: Any) -> None:
    surroundings.MAIL = "mailjet://geheim@"
    (server,) = [each for each in found(surroundings, {}) if each.check == "mail_server"]
    assert server.level == "problem"
    assert "lacks its password" in server.found
