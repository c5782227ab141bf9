"""`publisher dkim`: the keys that mail is signed with, and what DNS must show of them."""

from __future__ import annotations

import re

import click

from publisher.cli.report import Report, reporting
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.delivery import signing
from publisher.delivery.doctor.dkim import NotShown, published, record_of, switch_on
from publisher.delivery.doctor.dns import Dns
from publisher.delivery.doctor.findings import Level, TxtRecord
from publisher.delivery.email.dkim import LEAST_BITS, MOST_BITS
from publisher.delivery.models import SigningKey


@click.group()
def dkim() -> None:
    """Keys that sign the mail of a sender's domain (DKIM). docs/sending-mail.md says when you need one."""


def _domain(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    return signing.key_domain(value)


def _selector(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not re.fullmatch(signing.SELECTOR, value):
        raise click.BadParameter("small letters, digits and hyphens, at most 63")
    return value


domain_argument = click.argument("domain", callback=_domain)
selector_option = click.option(
    "--selector", default="", callback=_selector, help="Which key, where the domain has several."
)


@dkim.command()
@domain_argument
@click.option(
    "--selector", default="", callback=_selector, help="Its name in DNS. Left out: p and the month."
)
@click.option(
    "--bits", type=click.IntRange(LEAST_BITS, MOST_BITS), default=LEAST_BITS, show_default=True, help="RSA."
)
@reporting
def create(domain: str, selector: str, bits: int) -> Report:
    """Make a key for DOMAIN, switched off, and show the DNS record to publish."""
    now = clock.now()
    key = signing.make_key(domain, selector or f"p{now:%Y%m}", bits=bits, now=now, actor=audit.os_user())
    text = (
        f"Made the key {key}. It is off until you switch it on.\n\n{_to_publish(record_of(key))}\n\n"
        f"Then: publisher dkim check {domain}, and publisher dkim on {domain}."
    )
    return Report(_data(key), text)


@dkim.command("list")
@reporting
def list_keys() -> Report:
    """List the keys of all domains, and which of them sign."""
    keys = list(SigningKey.objects.order_by("domain", "-created_at", "-id"))
    width = max((len(str(key)) for key in keys), default=0)
    lines = [f"{key!s:{width}}  {_state(key):3}  made {key.created_at:%Y-%m-%d}" for key in keys]
    none = "There are no keys. `publisher dkim create DOMAIN` makes one; a relay may sign with its own."
    return Report({"keys": [_data(key) for key in keys]}, "\n".join(lines) or none)


@dkim.command()
@domain_argument
@reporting
def show(domain: str) -> Report:
    """Show the keys of DOMAIN and their DNS records."""
    keys = _keys(domain)
    texts = [
        f"{key}: {_state(key)}, made {key.created_at:%Y-%m-%d}\n\n{_to_publish(record_of(key))}"
        for key in keys
    ]
    return Report({"keys": [_data(key) for key in keys]}, "\n\n".join(texts))


@dkim.command()
@domain_argument
@selector_option
@reporting
def check(domain: str, selector: str) -> Report:
    """Ask DNS whether it shows the keys of DOMAIN. The exit code is 1 when it does not."""
    keys = [_one(domain, selector)] if selector else _keys(domain)
    dns = Dns()
    findings = [published(key, dns) for key in keys]
    return Report(
        {"findings": [finding.as_json() for finding in findings]},
        "\n".join(finding.as_text() for finding in findings),
        ok=all(finding.level is not Level.PROBLEM for finding in findings),
    )


@dkim.command()
@domain_argument
@selector_option
@click.option("--force", is_flag=True, help="Also when DNS does not show the key from here.")
@reporting
def on(domain: str, selector: str, force: bool) -> Report:
    """Sign the mail of DOMAIN from now on: with its newest key, or the one named."""
    key = _one(domain, selector)
    try:
        switch_on(key, Dns(), actor=audit.os_user(), force=force)
    except NotShown as error:
        raise UserError(
            f"{error.message} Nothing was switched on.",
            f"See `publisher dkim show {domain}`. DNS may need minutes to hours after a change; --force goes ahead anyway.",
        ) from error
    return Report(_data(key), f"Mail from {domain} is signed with {key} from now on.")


@dkim.command()
@domain_argument
@reporting
def off(domain: str) -> Report:
    """Sign the mail of DOMAIN no more, since the relay does it. The keys stay."""
    _keys(domain)
    was_on = signing.switch_off(domain, actor=audit.os_user())
    text = "is no longer signed here" if was_on else "was not signed here"
    return Report({"domain": domain, "was_on": was_on}, f"Mail from {domain} {text}.")


def _keys(domain: str) -> list[SigningKey]:
    """Newest first. Raises UserError when there is none."""
    keys = list(SigningKey.objects.filter(domain=domain).order_by("-created_at", "-id"))
    if not keys:
        raise UserError(f"There is no key for {domain}.", f"Make one with `publisher dkim create {domain}`.")
    return keys


def _one(domain: str, selector: str) -> SigningKey:
    keys = [key for key in _keys(domain) if selector in ("", key.selector)]
    if not keys:
        raise UserError(
            f"{domain} has no key with the selector {selector}.", f"See `publisher dkim show {domain}`."
        )
    return keys[0]


def _state(key: SigningKey) -> str:
    return "on" if key.active else "off"


def _data(key: SigningKey) -> dict[str, object]:
    record = record_of(key)
    return {
        "domain": key.domain,
        "selector": key.selector,
        "active": key.active,
        "created_at": key.created_at,
        "record": {"name": record.name, "type": "TXT", "value": record.value},
    }


def _to_publish(record: TxtRecord) -> str:
    """For both kinds of people: those with a zone file, and those with a form."""
    return (
        f"In a zone file:\n  {record.zone_line}\n\n"
        f"In a form, a record of the type TXT with\n  name:  {record.name}\n  value: {record.value}"
    )
