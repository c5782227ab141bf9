"""Whether DNS shows our key, and what may be wrong with what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from publisher.delivery import signing
from publisher.delivery.doctor.dkim import published, record_of, tags_of
from publisher.delivery.doctor.findings import Finding
from publisher.delivery.models import SigningKey
from tests.builders import NOON
from tests.delivery.doctor.world import DOMAIN, asking
from tests.fakes.dns import DnsServer

pytestmark = pytest.mark.django_db

NAME = f"p1._domainkey.{DOMAIN}"
OTHER = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAAAAAAAAAAA"


@pytest.fixture
def key() -> SigningKey:
    return signing.make_key(DOMAIN, "p1", bits=2048, now=NOON)


def found(key: SigningKey, shown: list[str] | None, **server: Any) -> Finding:
    records = {(NAME, "TXT"): shown} if shown is not None else {(DOMAIN, "A"): ["192.0.2.1"]}
    with DnsServer(records, **server) as dns:
        return published(key, asking(dns))


def ours(key: SigningKey) -> str:
    return record_of(key).value


@pytest.mark.parametrize(
    "form",
    [
        lambda value: value,
        lambda value: value + ";",
        lambda value: value.replace("; ", ";"),
        lambda value: value.replace("v=DKIM1; ", ""),
        lambda value: value.replace("k=rsa; ", "k=rsa; t=s; h=sha1:sha256; s=email; "),
        lambda value: value[:100] + " " + value[100:],
    ],
    ids=["as shown", "ends in ;", "no spaces", "no version", "with limits that fit", "a space in the key"],
)
def test_our_key_is_known_in_every_valid_form(key: SigningKey, form: Callable[[str], str]) -> None:
    finding = found(key, [form(ours(key))])
    assert (finding.level, finding.records) == ("ok", ())


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (None, "shows no key"),
        (["some other text"], "shows no key"),
        ([OTHER], "another key"),
        (["v=DKIM1; p="], "withdrawn"),
    ],
)
def test_no_key_of_ours_is_a_problem_and_the_record_to_publish_is_shown(
    key: SigningKey, shown: list[str] | None, says: str
) -> None:
    finding = found(key, shown)
    assert finding.level == "problem"
    assert says in finding.found
    assert finding.records == (record_of(key),)


def test_two_keys_at_one_name_are_a_problem(key: SigningKey) -> None:
    assert "shows 2 keys" in found(key, [ours(key), OTHER]).found


def test_a_key_that_a_form_cut_off_is_told_from_another(key: SigningKey) -> None:
    finding = found(key, [ours(key)[:255]])
    assert finding.level == "problem"
    assert "cut off after" in finding.found


@pytest.mark.parametrize("limit", ["h=sha1", "k=ed25519", "s=other", "v=DKIM2"])
def test_a_record_that_keeps_receivers_from_the_key_is_a_problem(key: SigningKey, limit: str) -> None:
    name = limit.partition("=")[0]
    value = "; ".join([limit, *(part for part in ours(key).split("; ") if not part.startswith(f"{name}="))])
    assert found(key, [value]).level == "problem"


def test_a_key_marked_as_a_test_is_a_warning(key: SigningKey) -> None:
    assert found(key, [ours(key).replace("k=rsa;", "k=rsa; t=y:s;")]).level == "warning"


@pytest.mark.parametrize("trouble", ["fails", "silent"])
def test_a_server_that_does_not_answer_is_a_problem_of_its_own(key: SigningKey, trouble: str) -> None:
    finding = found(key, [ours(key)], **{trouble: [NAME]})
    assert (finding.level, finding.records) == ("problem", ())


def test_a_key_that_cannot_be_opened_is_a_problem(key: SigningKey, settings: Any) -> None:
    settings.SECRET_KEY = "a new key of thirty-two characters or more"
    finding = found(SigningKey.objects.get(pk=key.pk), [])
    assert finding.level == "problem"
    assert "FALLBACKS" in finding.todo


def test_a_long_record_stands_in_strings_that_a_zone_file_can_hold(key: SigningKey) -> None:
    line = record_of(key).zone_line
    assert line.startswith(f'{NAME}. TXT "v=DKIM1; k=rsa; p=')
    assert all(len(string) <= 255 for string in line.split('"')[1::2])
    assert tags_of("".join(line.split('"')[1::2])) == tags_of(ours(key))
