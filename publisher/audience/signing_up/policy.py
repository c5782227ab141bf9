"""What is done with addresses that are perhaps no reader's: taken, shown to a person, or refused.

Decided by the address alone and by no row about it, so that the answer says nothing about who is subscribed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from disposable_email_domains import blocklist
from django.conf import settings

from publisher.audience import addresses
from publisher.audience.mailboxes import MACHINES, ROLES
from publisher.audience.models import MailDomain

CHOICES: Final = ("take", "look", "refuse")


class Kind(StrEnum):
    """What an address is, as far as it says by itself."""

    USUAL = "usual"
    MACHINE = "machine"
    ROLE = "role"
    DISPOSABLE = "disposable"


class Verdict(NamedTuple):
    """`deed`: one of CHOICES."""

    kind: Kind
    deed: str


def verdict(email: str) -> Verdict:
    """What is done with a checked address, by the settings."""
    kind = kind_of(email)
    if kind is Kind.MACHINE:
        return Verdict(kind, "refuse")
    if kind is Kind.ROLE:
        return Verdict(kind, settings.SIGN_UP_ROLES)
    if kind is Kind.DISPOSABLE:
        return Verdict(kind, settings.SIGN_UP_DISPOSABLE)
    return Verdict(kind, "take")


def kind_of(email: str) -> Kind:
    """A disposable domain before a role: `info@` of one is disposable."""
    local, _, domain = email.rpartition("@")
    name = local.partition("+")[0].casefold()
    if name in MACHINES:
        return Kind.MACHINE
    if is_disposable(addresses.domain_key(domain)):
        return Kind.DISPOSABLE
    return Kind.ROLE if name in ROLES else Kind.USUAL


def is_disposable(domain: str) -> bool:
    """Whether a domain (ASCII, small letters) or one above it gives away mailboxes for minutes: staff say it, else the list."""
    labels = domain.split(".")
    above = [".".join(labels[n:]) for n in range(len(labels) - 1)]
    said = dict(MailDomain.objects.filter(domain__in=above).values_list("domain", "disposable"))
    for name in above:  # the longest first
        if name in said:
            return bool(said[name])
        if name in blocklist:
            return True
    return False
