"""SPF: one record, in order, and who may send is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from publisher.delivery.doctor.findings import Finding
from publisher.delivery.doctor.spf import joined, spf
from tests.delivery.doctor.world import DOMAIN, GOOD, asking, dns_with
from tests.fakes.dns import DnsServer


def found(
    records: Mapping[tuple[str, str], list[str]], *, mail_host: str = "mail.office.example.org", **server: Any
) -> Finding:
    with DnsServer(records, **server) as dns:
        return spf(DOMAIN, asking(dns), mail_host=mail_host)


def test_a_good_record_is_well_and_its_lookups_are_counted() -> None:
    finding = found(GOOD)
    assert finding.level == "ok"
    assert "(1 of 10 lookups)" in finding.found


@pytest.mark.parametrize("records", [dns_with(spf=None), dns_with(spf=["some other text", "v=spf10 -all"])])
def test_no_record_is_a_problem_and_the_record_to_publish_is_shown(records: Any) -> None:
    finding = found(records)
    assert finding.level == "problem"
    assert [each.zone_line for each in finding.records] == [
        f'{DOMAIN}. TXT "v=spf1 a:mail.office.example.org ~all"'
    ]


@pytest.mark.parametrize(
    ("mail_host", "term"),
    [
        ("localhost", "ip4:ADDRESS"),
        ("127.0.0.1", "ip4:ADDRESS"),
        ("10.0.0.5", "ip4:ADDRESS"),
        ("", "ip4:ADDRESS"),
        ("8.8.8.8", "ip4:8.8.8.8"),
        ("2606:4700::1111", "ip6:2606:4700::1111"),
    ],
)
def test_a_new_record_names_the_mail_server_only_where_the_world_knows_it(mail_host: str, term: str) -> None:
    (record,) = found(dns_with(spf=None), mail_host=mail_host).records
    assert record.value == f"v=spf1 {term} ~all"


def test_two_records_are_a_problem_and_one_for_both_is_shown() -> None:
    finding = found(dns_with(spf=["v=spf1 include:relay.example.net -all", "v=spf1 ip4:192.0.2.1 ~all"]))
    assert finding.level == "problem"
    assert "2 records" in finding.found
    assert finding.records[0].value == "v=spf1 include:relay.example.net ip4:192.0.2.1 ~all"


def test_more_than_ten_lookups_are_a_problem() -> None:
    many = {(f"r{n}.example.net", "TXT"): [f"v=spf1 ip4:192.0.2.{n} -all"] for n in range(11)}
    record = "v=spf1 " + " ".join(f"include:r{n}.example.net" for n in range(11)) + " -all"
    finding = found({**dns_with(spf=[record]), **many})
    assert finding.level == "problem"
    assert "11 or more questions" in finding.found


@pytest.mark.parametrize("record", ["v=spf1 +all", "v=spf1 all", "v=spf1 redirect=open.example.net"])
def test_a_record_that_lets_everybody_send_is_a_problem(record: str) -> None:
    records = {**dns_with(spf=[record]), ("open.example.net", "TXT"): ["v=spf1 +all"]}
    assert found(records).level == "problem"


@pytest.mark.parametrize("record", ["v=spf1 ip4:192.0.2.1 ?all", "v=spf1 ip4:192.0.2.1"])
def test_a_record_that_says_nothing_of_others_is_a_warning(record: str) -> None:
    assert found(dns_with(spf=[record])).level == "warning"


@pytest.mark.parametrize(
    "record", ["v=spf1 ip4:999.1.1.1 -all", "v=spf1 include:gone.example.net -all", "v=spf1 nonsense:x -all"]
)
def test_a_broken_record_is_a_problem_and_is_shown(record: str) -> None:
    finding = found(dns_with(spf=[record]))
    assert finding.level == "problem"
    assert record in finding.todo


def test_a_redirect_is_followed() -> None:
    records = {
        **dns_with(spf=["v=spf1 redirect=other.example.net"]),
        ("other.example.net", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"],
    }
    assert found(records).level == "ok"


def test_a_server_that_fails_is_a_problem_and_not_taken_for_a_missing_record() -> None:
    finding = found(GOOD, fails=[DOMAIN])
    assert finding.level == "problem"
    assert "SERVFAIL" in finding.found
    assert finding.records == ()


def test_a_server_that_is_silent_is_a_problem_and_ends_in_time() -> None:
    finding = found(GOOD, silent=[DOMAIN])
    assert finding.level == "problem"
    assert "no DNS server answered" in finding.found


@pytest.mark.parametrize(
    ("records", "one"),
    [
        (["v=spf1 a -all", "v=spf1 mx -all"], "v=spf1 a mx -all"),
        (["v=spf1 a ~all", "v=spf1 a mx -all"], "v=spf1 a mx ~all"),
        (["v=spf1 a", "v=spf1 mx"], "v=spf1 a mx ~all"),
        (
            ["v=spf1 include:x.all -all", "V=SPF1 IP4:192.0.2.1 -ALL"],
            "v=spf1 IP4:192.0.2.1 include:x.all -all",
        ),
    ],
)
def test_records_are_joined_with_the_mildest_ending(records: list[str], one: str) -> None:
    assert joined(records) == one
