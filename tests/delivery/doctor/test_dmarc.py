"""DMARC of a sender's domain, and whether signature and return path speak for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from publisher.delivery.doctor.dmarc import Policy, aligned, dmarc
from publisher.delivery.doctor.findings import Finding
from tests.delivery.doctor.world import DOMAIN, GOOD, asking, dns_with
from tests.fakes.dns import DnsServer

Records = Mapping[tuple[str, str], list[str]]


def found(records: Records, domain: str = DOMAIN, **server: Any) -> tuple[Finding, Policy]:
    with DnsServer(records, **server) as dns:
        return dmarc(domain, asking(dns))


def test_a_policy_that_refuses_forged_mail_is_well() -> None:
    finding, policy = found(GOOD)
    assert finding.level == "ok"
    assert policy == Policy()


def test_p_none_is_a_warning_since_it_is_enough_for_providers() -> None:
    finding, _ = found(dns_with(dmarc=[f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"]))
    assert finding.level == "warning"
    assert "enough for mailbox providers" in finding.meaning


def test_no_record_is_a_problem_and_the_record_to_publish_is_shown() -> None:
    finding, _ = found(dns_with(dmarc=None))
    assert finding.level == "problem"
    assert [each.zone_line for each in finding.records] == [
        f'_dmarc.{DOMAIN}. TXT "v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"'
    ]


@pytest.mark.parametrize(
    "records",
    [["v=DMARC1; p=none", "v=DMARC1; p=reject"], ["v=DMARC1; p=sometimes"], ["v=DMARC1; reject"]],
)
def test_a_record_that_receivers_cannot_use_is_a_problem(records: list[str]) -> None:
    finding, _ = found(dns_with(dmarc=records))
    assert finding.level == "problem"


def test_a_domain_below_inherits_and_its_own_policy_counts() -> None:
    records = {**dns_with(dmarc=None), ("_dmarc.example.org", "TXT"): ["v=DMARC1; p=reject; sp=none"]}
    finding, _ = found(records)
    assert finding.level == "warning"
    assert "(of example.org)" in finding.found


def test_strict_alignment_is_read() -> None:
    record = f"v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:d@{DOMAIN}"
    assert found(dns_with(dmarc=[record]))[1] == Policy(strict_dkim=True, strict_spf=True)


@pytest.mark.parametrize("trouble", ["fails", "silent"])
def test_a_server_that_does_not_answer_is_a_problem_and_not_taken_for_a_missing_record(trouble: str) -> None:
    finding, _ = found(GOOD, **{trouble: [f"_dmarc.{DOMAIN}"]})
    assert finding.level == "problem"
    assert finding.records == ()


@pytest.mark.parametrize(
    ("signed_as", "passes_at", "policy", "level"),
    [
        (DOMAIN, DOMAIN, Policy(), "ok"),
        (DOMAIN, "", Policy(), "ok"),
        (DOMAIN, "elsewhere.example.net", Policy(), "ok"),
        ("", DOMAIN, Policy(), "warning"),
        ("", f"bounces.{DOMAIN}", Policy(), "warning"),
        ("", f"bounces.{DOMAIN}", Policy(strict_spf=True), "problem"),
        ("", "elsewhere.example.net", Policy(), "problem"),
        ("", "", Policy(), "problem"),
    ],
)
def test_something_must_speak_for_the_sender(
    signed_as: str, passes_at: str, policy: Policy, level: str
) -> None:
    assert aligned(DOMAIN, signed_as=signed_as, passes_at=passes_at, policy=policy).level == level
