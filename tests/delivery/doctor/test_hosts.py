"""Whether a domain takes mail, and whether an address has a name of its own."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.delivery.doctor.findings import Finding
from publisher.delivery.doctor.hosts import reverse_name, takes_mail
from tests.delivery.doctor.world import DOMAIN, GOOD, asking, dns_with
from tests.fakes.dns import DnsServer

ADDRESS = "8.8.4.4"
POINTER = "4.4.8.8.in-addr.arpa"


def mail_of(records: Any, **server: Any) -> Finding:
    with DnsServer(records, **server) as dns:
        return takes_mail(DOMAIN, asking(dns))


def name_of(records: Any, address: str = ADDRESS, **server: Any) -> Finding:
    with DnsServer(records, **server) as dns:
        return reverse_name(address, asking(dns))


def test_a_domain_with_a_mail_server_is_well() -> None:
    finding = mail_of(GOOD)
    assert finding.level == "ok"
    assert "mx.office.example.org" in finding.found


@pytest.mark.parametrize(
    ("records", "level"),
    [
        (dns_with(mx=None), "problem"),
        ({**dns_with(mx=None), (DOMAIN, "A"): ["192.0.2.1"]}, "warning"),
        (dns_with(mx=["0 ."]), "problem"),
        (dns_with(mx=["10 gone.example.org."]), "problem"),
        (dns_with(mx=["10 gone.example.org.", "20 mx.office.example.org."]), "ok"),
        ({}, "problem"),
    ],
    ids=["nothing", "an address only", "null MX", "a server without address", "one of two", "no such domain"],
)
def test_a_domain_that_takes_no_mail_is_found(records: Any, level: str) -> None:
    assert mail_of(records).level == level


@pytest.mark.parametrize("trouble", ["fails", "silent"])
def test_a_server_that_does_not_answer_is_a_problem(trouble: str) -> None:
    assert mail_of(GOOD, **{trouble: [DOMAIN]}).level == "problem"


def test_a_name_that_leads_back_is_well() -> None:
    records = {(POINTER, "PTR"): ["mail.example.org."], ("mail.example.org", "A"): [ADDRESS]}
    finding = name_of(records)
    assert finding.level == "ok"
    assert "mail.example.org" in finding.found


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ({}, "there is none"),
        ({(POINTER, "PTR"): ["mail.example.org."]}, "does not lead back"),
        (
            {(POINTER, "PTR"): ["mail.example.org."], ("mail.example.org", "A"): ["192.0.2.1"]},
            "does not lead back",
        ),
    ],
)
def test_an_address_without_a_name_of_its_own_is_a_warning(records: Any, says: str) -> None:
    finding = name_of(records)
    assert finding.level == "warning"
    assert says in finding.found


def test_an_ipv6_address_is_looked_up_too() -> None:
    pointer = "1.0.0.0." + "0." * 20 + "7.4.6.0.6.2."  # not the whole of it: the server knows no such name
    assert name_of({(pointer, "PTR"): ["x."]}, "2606:4700::1").level == "warning"


def test_a_private_address_is_not_looked_up() -> None:
    with DnsServer({}) as dns:
        assert reverse_name("10.1.2.3", asking(dns)).level == "ok"
    assert dns.asked == []


@pytest.mark.parametrize("trouble", ["fails", "silent"])
def test_a_reverse_name_that_cannot_be_told_is_a_warning(trouble: str) -> None:
    assert name_of({}, **{trouble: [POINTER]}).level == "warning"
