"""Asking DNS, within a time limit. "There is nothing" and "nobody answers" are two things here.

The server asked is PUBLISHER_RESOLVER, else this machine's own. Every answer is kept for the life of one `Dns`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename
from django.conf import settings
from django.utils.translation import gettext_noop

SECONDS = 3.0
"""For one question, all tries counted."""


class NoDns(Exception):
    """No answer that says anything: the text is for people, and a whole clause."""


class Dns:
    """One examination's questions. Every method returns nothing (an empty list) for a name or type that does not exist, and
    raises NoDns when that cannot be told.
    """

    def __init__(self, server: tuple[str, int] | None = None, *, seconds: float = SECONDS) -> None:
        self._server = server or settings.RESOLVER
        self._seconds = seconds

    @cached_property
    def resolver(self) -> dns.resolver.Resolver:
        """For libraries that ask by themselves. Raises NoDns."""
        try:
            resolver = dns.resolver.Resolver(configure=self._server is None)
        except dns.resolver.NoResolverConfiguration as error:
            raise NoDns(gettext_noop("this machine knows no DNS server; set PUBLISHER_RESOLVER")) from error
        if self._server:
            host, resolver.port = self._server
            resolver.nameservers = [host]
        resolver.lifetime = self._seconds
        resolver.timeout = min(1.0, self._seconds)
        resolver.cache = dns.resolver.LRUCache()
        return resolver

    def txt(self, name: str) -> list[str]:
        """The TXT records of a name, each with its strings joined."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def mx(self, name: str) -> list[str]:
        """The hosts that take a domain's mail, the preferred first; an empty name: none does (RFC 7505)."""
        records = sorted(self._ask(name, "MX"), key=lambda record: record.preference)
        return [str(record.exchange).rstrip(".") for record in records]

    def addresses(self, name: str) -> list[str]:
        """IPv4 and IPv6 addresses of a host."""
        return [record.address for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def names(self, address: str) -> list[str]:
        """The names that an IP address points to (PTR)."""
        pointers = self._ask(dns.reversename.from_address(address).to_text(), "PTR")
        return [str(record.target).rstrip(".") for record in pointers]

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self.resolver.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.Timeout as error:
            raise NoDns(
                gettext_noop("no DNS server answered for %(name)s within %(seconds)s s")
                % {"name": name, "seconds": f"{self._seconds:g}"}
            ) from error
        except dns.resolver.NoNameservers as error:
            raise NoDns(
                gettext_noop("the DNS servers answer with an error for %(name)s (SERVFAIL or refused)")
                % {"name": name}
            ) from error
        except (dns.exception.DNSException, OSError) as error:
            raise NoDns(
                gettext_noop("DNS cannot be asked for %(name)s: %(why)s")
                % {"name": name, "why": error or type(error).__name__}
            ) from error
