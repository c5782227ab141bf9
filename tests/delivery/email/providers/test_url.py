"""The addresses of providers, and what they must never show."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import UserError
from publisher.delivery.email.providers import ProviderSession, parse_provider_url
from publisher.delivery.email.providers.table import PROVIDERS
from publisher.delivery.email.smtp import Session
from publisher.delivery.email.transport import open_transport

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("scheme", PROVIDERS)
def test_the_example_of_each_provider_opens(scheme: str) -> None:
    transport = open_transport(PROVIDERS[scheme].example)
    assert isinstance(transport, ProviderSession)
    assert str(transport).startswith(PROVIDERS[scheme].name)
    transport.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "mailgun://key@mg.example.org?region=eu",
            {"api_key": "key", "sender_domain": "mg.example.org", "api_url": "https://api.eu.mailgun.net/v3"},
        ),
        ("postmark://tok%2Fen@?stream=broadcast", {"server_token": "tok/en", "message_stream": "broadcast"}),
        ("sendgrid://SG.abc-_.x@", {"api_key": "SG.abc-_.x"}),
        ("mailjet://a:b@", {"api_key": "a", "secret_key": "b"}),
        ("postal://key@postal.example.org", {"api_key": "key", "api_url": "https://postal.example.org"}),
        ("brevo://key@?api=http://127.0.0.1:99/", {"api_key": "key", "api_url": "http://127.0.0.1:99/"}),
        ("mailtrap://t@?stream=bulk", {"api_token": "t", "api_url": "https://bulk.api.mailtrap.io/api/"}),
    ],
)
def test_the_parts_of_an_address_become_settings(url: str, expected: dict[str, str]) -> None:
    assert parse_provider_url(url).settings == expected


def test_amazon_finds_its_credentials_itself_when_none_are_given() -> None:
    client = parse_provider_url("ses://eu-west-1").settings["client_params"]
    assert client == {"region_name": "eu-west-1", "config": {"retries": {"total_max_attempts": 1}}}


@pytest.mark.parametrize(
    "url",
    [
        "mailgun://geheim@",
        "mailgun://mg.example.org",
        "mailgun://geheim@mg.example.org?region=mars",
        "mailgun://geheim@mg.example.org?colour=red",
        "mailgun://geheim@mg.example.org:443",
        "mailgun://geheim@mg.example.org/path",
        "postmark://geheim",
        "postmark://geheim@?stream=",
        "sendgrid://geheim:more-geheim@",
        "sendgrid://key?geheim@",
        "sendgrid://key#geheim@",
        "ses://geheim@eu-west-1",
        "ses://a:geheim@",
        "mailjet://geheim@",
        "brevo://geheim@?api=http://example.org/",
        "brevo://geheim@?api=nonsense",
        "brevo://geheim@[::1",
        "scaleway://geheim@",
        "carrier-pigeon://geheim@",
        "geheim",
        "",
    ],
)
def test_an_address_that_cannot_be_used_is_explained_without_its_key(url: str) -> None:
    with pytest.raises(UserError) as error:
        open_transport(url)
    assert error.value.hint
    assert "geheim" not in error.value.message + error.value.hint


@given(st.sampled_from([*PROVIDERS, "smtp", "smtps", "x"]), st.text(max_size=60))
def test_any_text_is_an_address_or_an_explanation(scheme: str, rest: str) -> None:
    with contextlib.suppress(UserError):
        open_transport(f"{scheme}://{rest}").close()


def test_an_account_never_shows_its_key() -> None:
    account = parse_provider_url("mailjet://anna-key:geheim@")
    assert "geheim" not in repr(account) + str(account)
    assert "anna-key" not in repr(account) + str(account)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "anymail.backends.amazon_ses", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UserError) as error:
        open_transport("ses://a:b@eu-west-1")
    assert "publisher[ses]" in error.value.hint


def test_smtp_is_still_smtp() -> None:
    assert isinstance(open_transport("smtp://localhost"), Session)
    assert isinstance(open_transport("smtps://localhost"), Session)


@pytest.mark.parametrize("scheme", PROVIDERS)
def test_each_provider_and_option_is_documented(scheme: str) -> None:
    page = (ROOT / "docs" / "mail-servers.md").read_text(encoding="utf-8")
    assert PROVIDERS[scheme].example in page
    section = page[page.index(f"### {PROVIDERS[scheme].name}") :].split("\n### ")[0]
    assert [option for option in PROVIDERS[scheme].options if f"`{option}" not in section] == []
