"""`publisher dkim`: make a key, publish it, switch it on; nothing is signed before receivers can check it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from publisher.cli.dkim import dkim
from publisher.core.errors import UserError
from publisher.delivery import signing
from publisher.delivery.email.dkim import opened_key, record_value
from publisher.delivery.models import SigningKey
from publisher.delivery.signing import signer_for
from tests.fakes.dns import DnsServer

pytestmark = pytest.mark.django_db

DOMAIN = "office.example.org"


@pytest.fixture
def dns(settings: Any) -> Iterator[DnsServer]:
    with DnsServer({}) as server:
        settings.RESOLVER = server.address
        yield server


def run(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(dkim, [*arguments, "--json"], catch_exceptions=False)
    assert result.output, result.stderr
    return dict(json.loads(result.stdout))


def say(*arguments: str) -> str:
    return CliRunner().invoke(dkim, list(arguments), catch_exceptions=False).output


def publish(dns: DnsServer, data: dict[str, Any]) -> None:
    record = data["record"]
    dns.records = {**dns.records, (record["name"], record["type"]): [record["value"]]}


def test_a_key_is_made_published_and_switched_on(dns: DnsServer) -> None:
    made = run("create", DOMAIN, "--selector", "p1")
    assert made["active"] is False
    assert made["record"]["name"] == f"p1._domainkey.{DOMAIN}"
    publish(dns, made)
    assert run("check", DOMAIN)["findings"][0]["level"] == "ok"
    assert run("on", DOMAIN)["active"] is True
    signer = signer_for(DOMAIN)
    assert signer is not None
    assert record_value(signer.key) == made["record"]["value"]
    assert run("off", DOMAIN) == {"domain": DOMAIN, "was_on": True}
    assert signer_for(DOMAIN) is None


def test_a_key_is_not_switched_on_before_dns_shows_it(dns: DnsServer) -> None:
    run("create", DOMAIN)
    with pytest.raises(UserError, match="Nothing was switched on"):
        run("on", DOMAIN)
    assert not SigningKey.objects.get().active
    assert run("on", DOMAIN, "--force")["active"] is True


def test_check_fails_when_dns_shows_something_else(dns: DnsServer) -> None:
    publish(dns, {**run("create", DOMAIN, "--selector", "p1")})
    name = f"p1._domainkey.{DOMAIN}"
    dns.records = {(name, "TXT"): ["v=DKIM1; p=AAAA"]}
    result = CliRunner().invoke(dkim, ["check", DOMAIN], catch_exceptions=False, standalone_mode=False)
    assert result.return_value == 1
    assert "another key than ours" in result.output


def test_a_new_key_takes_over_from_the_old_one(dns: DnsServer) -> None:
    for selector in ("old", "new"):
        publish(dns, run("create", DOMAIN, "--selector", selector))
    run("on", DOMAIN, "--selector", "old")
    run("on", DOMAIN)
    keys = {key["selector"]: key["active"] for key in run("show", DOMAIN)["keys"]}
    assert keys == {"old": False, "new": True}


def test_the_record_is_shown_for_zone_files_and_for_forms() -> None:
    text = say("create", DOMAIN, "--selector", "p1")
    strings = text.partition("TXT ")[2].partition("\n")[0].split('"')[1::2]
    assert all(len(part) <= 255 for part in strings)
    assert f"value: {''.join(strings)}" in text
    assert f"p1._domainkey.{DOMAIN}. TXT" in say("show", DOMAIN)


def test_the_keys_of_all_domains_are_listed() -> None:
    assert "dkim create DOMAIN" in say("list")
    run("create", DOMAIN, "--selector", "p1")
    made = run("create", "other.example.org", "--selector", "p2")
    signing.switch_on(SigningKey.objects.get(selector="p2"))
    first, second = say("list").splitlines()
    assert first.split()[-3:-1] == ["off", "made"]
    assert second.split()[-3:-1] == ["on", "made"]
    assert run("list")["keys"][1] == {**made, "active": True}


def test_no_command_prints_the_private_key() -> None:
    assert "PRIVATE" not in say("create", DOMAIN) + say("show", DOMAIN) + json.dumps(run("show", DOMAIN))


def test_a_larger_key_may_be_asked_for_and_a_small_one_not() -> None:
    run("create", DOMAIN, "--bits", "3072")
    assert opened_key(SigningKey.objects.get().private_key.open()).key_size == 3072
    assert "2048<=x<=4096" in say("create", DOMAIN, "--bits", "1024")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create", "no domain"), "is no domain"),
        (("create", "localhost"), "is no domain"),
        (("show", "other.example.org"), "no key for other.example.org"),
        (("on", "other.example.org"), "no key for other.example.org"),
        (("off", "other.example.org"), "no key for other.example.org"),
        (("check", DOMAIN, "--selector", "p9"), "no key with the selector p9"),
        (("create", DOMAIN, "--selector", "p1"), "has a key with the selector p1 already"),
    ],
)
def test_mistakes_are_named(arguments: tuple[str, ...], says: str) -> None:
    run("create", DOMAIN, "--selector", "p1")
    with pytest.raises(UserError, match=says):
        say(*arguments)


@pytest.mark.parametrize("selector", ["a b", "ü", "-x", "x" * 64, "A"])
def test_a_selector_that_cannot_stand_in_dns_is_refused(selector: str) -> None:
    assert "small letters" in say("create", DOMAIN, "--selector", selector)


def test_a_domain_in_another_script_is_kept_as_dns_knows_it() -> None:
    assert run("create", "Bücher.Example.")["domain"] == "xn--bcher-kva.example"
