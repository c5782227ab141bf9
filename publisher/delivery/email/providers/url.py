"""The address of a provider as people write it in `PUBLISHER_MAIL`, such as `mailgun://KEY@mg.example.org?region=eu`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult

from publisher.core.errors import UserError
from publisher.core.marking import gettext_noop as _
from publisher.delivery.email import urls
from publisher.delivery.email.providers.provider import Provider
from publisher.delivery.email.providers.table import PROVIDERS
from publisher.delivery.email.smtp.url import is_private_way

API = "api"
"""Every provider's option for another address of its API, as gateways and tests need it."""


@dataclass(frozen=True)
class Account:
    """An account at a provider: `settings` are those of anymail's backend, `secrets` what no error may repeat."""

    scheme: str
    provider: Provider
    host: str
    settings: Mapping[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.provider.name} ({self.host})" if self.host else self.provider.name


def parse_provider_url(text: str) -> Account:
    """`SCHEME://USER:PASSWORD@HOST?option=value`; which parts there are is in table.py. Raises UserError, without secrets."""
    scheme = text.strip().partition("://")[0].lower()
    provider = PROVIDERS[scheme]
    hint = f"Example: {provider.example}"
    parts = urls.split(text, hint)
    user, password = urls.login(parts)
    given = {"user": user, "password": password, "host": parts.hostname or ""}
    settings = _parts(provider, given, hint)
    settings |= _options(provider, parts, hint)
    if parts.port:
        raise UserError(
            _("The address of %(name)s has no port.") % {"name": provider.name},
            _("Use the option api. %(hint)s") % {"hint": hint},
        )
    return Account(
        scheme,
        provider,
        given["host"],
        provider.assemble(settings) if provider.assemble else settings,
        tuple(secret for secret in (user, password) if secret),
    )


def _parts(provider: Provider, given: Mapping[str, str], hint: str) -> dict[str, Any]:
    settings = {}
    for part, value in given.items():
        setting = getattr(provider, part)
        if value and not setting:
            more = " The key stands before an @." if part == "host" else ""
            raise UserError(
                _("The address of %(name)s has no %(part)s.%(more)s")
                % {"name": provider.name, "part": part, "more": more},
                hint,
            )
        if setting and not value and part not in provider.optional:
            raise UserError(
                _("The address of %(name)s lacks its %(part)s.") % {"name": provider.name, "part": part}, hint
            )
        if value:
            settings[setting] = provider.host_form.format(value) if part == "host" else value
    if "user" in provider.optional and bool(given["user"]) != bool(given["password"]):
        raise UserError(
            _("The address of %(name)s has a user without a password, or the reverse.")
            % {"name": provider.name},
            hint,
        )
    return settings


def _options(provider: Provider, parts: SplitResult, hint: str) -> dict[str, Any]:
    known = {name: tuple(option.values) for name, option in provider.options.items()}
    found = urls.options(parts, known | {API: ()}, hint)
    settings: dict[str, Any] = {}
    if API in found:
        settings["api_url"] = _api(found.pop(API), hint)
    for name, value in found.items():
        option = provider.options[name]
        settings[option.setting] = option.values.get(value, value)
    return settings


def _api(address: str, hint: str) -> str:
    if not is_private_way(address):
        raise UserError(_("The option api of the mail server is an https address."), hint)
    return address
