"""DNS as it should be for the sender office.example.org, for tests that spoil one thing of it."""

from __future__ import annotations

from publisher.delivery.doctor.dns import Dns
from tests.fakes.dns import DnsServer

DOMAIN = "office.example.org"
SECONDS = 0.4
"""For one question: only those that a test leaves without an answer take so long."""

GOOD: dict[tuple[str, str], list[str]] = {
    (DOMAIN, "TXT"): ["google-site-verification=x", "v=spf1 include:relay.example.net -all"],
    (DOMAIN, "MX"): ["10 mx.office.example.org."],
    ("mx.office.example.org", "A"): ["198.51.100.9"],
    ("relay.example.net", "TXT"): ["v=spf1 ip4:198.51.100.0/24 -all"],
    (f"_dmarc.{DOMAIN}", "TXT"): [f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}"],
}


def asking(server: DnsServer) -> Dns:
    return Dns(server.address, seconds=SECONDS)


def dns_with(**changed: list[str] | None) -> dict[tuple[str, str], list[str]]:
    """GOOD with the TXT records of `spf` and `dmarc`, or the `mx`, as given; None takes them away."""
    places = {"spf": (DOMAIN, "TXT"), "dmarc": (f"_dmarc.{DOMAIN}", "TXT"), "mx": (DOMAIN, "MX")}
    records = dict(GOOD)
    for name, values in changed.items():
        records.pop(places[name])
        if values is not None:
            records[places[name]] = values
    return records
