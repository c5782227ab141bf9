"""Every check, in the order in which a person reads them. Called by `publisher doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import checkdmarc.utils
from django.conf import settings
from django.utils.translation import gettext_noop

from publisher.core.errors import UserError
from publisher.delivery.doctor.dkim import CHECK as DKIM
from publisher.delivery.doctor.dkim import published
from publisher.delivery.doctor.dmarc import aligned, dmarc
from publisher.delivery.doctor.dns import Dns
from publisher.delivery.doctor.findings import Finding, Level, worst
from publisher.delivery.doctor.hosts import reverse_name, takes_mail
from publisher.delivery.doctor.mail_server import mail_server
from publisher.delivery.doctor.service import base_url, database, redis_server
from publisher.delivery.doctor.spf import spf
from publisher.delivery.email.address import BadAddress, parse_address
from publisher.delivery.email.setting import read
from publisher.delivery.email.smtp import MailServer
from publisher.delivery.email.transport import is_provider, open_transport
from publisher.delivery.models import SigningKey
from publisher.digests.models import Digest


def examine(*, now: datetime) -> Iterator[Finding]:
    """One finding after the other; a whole examination takes seconds, and at worst a few for each question to DNS."""
    checkdmarc.utils.DNS_CACHE.clear()  # its answers are kept for half an hour, whichever server gave them
    findings = database()
    yield from findings
    has_database = worst(findings) is not Level.PROBLEM
    yield from redis_server()
    yield from base_url()
    dns = Dns()
    server, findings = _server(now, dns)
    yield from findings
    if has_database:
        yield from _senders(dns, server)
    else:
        found = gettext_noop("not looked at: their digests stand in the database.")
        yield Finding("sender", gettext_noop("Senders' domains"), Level.WARNING, found)


def _server(now: datetime, dns: Dns) -> tuple[MailServer | None, list[Finding]]:
    """The mail server, where there is one that speaks SMTP, and what was found about it."""
    if not settings.MAIL:
        todo = gettext_noop("Set PUBLISHER_MAIL, such as smtp://user:password@mail.example.org:587.")
        found = gettext_noop("PUBLISHER_MAIL is empty: no mail leaves, deliveries wait.")
        return None, [Finding("mail_server", gettext_noop("Mail server"), Level.PROBLEM, found, "", todo)]
    try:
        server = read(settings.MAIL)
        if not isinstance(server, MailServer):
            return None, [_provider()]
    except UserError as error:
        return None, [
            Finding("mail_server", gettext_noop("Mail server"), Level.PROBLEM, error.message, "", error.hint)
        ]
    findings, address = mail_server(server, now=now)
    return server, [*findings, *([reverse_name(address, dns)] if address else [])]


def _provider() -> Finding:
    """A provider is not asked anything: most have no question that is not a mail. Raises UserError."""
    transport = open_transport(settings.MAIL)
    transport.close()
    found = gettext_noop("is %(transport)s: its address and key are tried with the first mail.") % {
        "transport": transport
    }
    return Finding("mail_server", gettext_noop("Mail provider"), Level.OK, found)


def _senders(dns: Dns, server: MailServer | None) -> Iterator[Finding]:
    """Every domain that an enabled digest sends from, once."""
    digests = Digest.objects.filter(enabled=True).order_by("slug")
    domains: dict[str, None] = {}
    for digest in digests:
        try:
            domains[parse_address(digest.from_address).domain.lower()] = None
        except BadAddress as error:
            about, todo = (
                gettext_noop("Digest %(slug)s") % {"slug": digest.slug},
                gettext_noop("Correct its from_address: `publisher apply`."),
            )
            yield Finding(
                "sender",
                about,
                Level.PROBLEM,
                gettext_noop("cannot be sent: %(why)s.") % {"why": error},
                "",
                todo,
            )
    if not digests:
        found = gettext_noop("none is enabled, so there is no sender's domain to look at.")
        yield Finding(
            "sender",
            gettext_noop("Digests"),
            Level.WARNING,
            found,
            "",
            gettext_noop("docs/publication.md shows how to make one."),
        )
    for domain in domains:
        yield from _sender(domain, dns, server)
    if domains and settings.RETURN_DOMAIN:
        yield takes_mail(settings.RETURN_DOMAIN, dns)


def _sender(domain: str, dns: Dns, server: MailServer | None) -> Iterator[Finding]:
    return_domain = settings.RETURN_DOMAIN or domain
    passes = spf(return_domain, dns, mail_host=server.host if server else "")
    key = SigningKey.objects.filter(domain=domain).order_by("-active", "-created_at", "-id").first()
    if is_provider(settings.MAIL):
        key, signs = None, _signed_by_provider(domain)
    else:
        signs = published(key, dns) if key and key.active else _unsigned(domain, key)
    demands, policy = dmarc(domain, dns)
    yield from (passes, signs, demands)
    yield aligned(
        domain,
        signed_as=domain if key and key.active and signs.level is not Level.PROBLEM else "",
        passes_at=return_domain if passes.level is not Level.PROBLEM else "",
        policy=policy,
    )
    yield takes_mail(domain, dns)


def _signed_by_provider(domain: str) -> Finding:
    meaning = gettext_noop(
        "Keys of this service are not used with a provider: it changes what they would cover."
    )
    todo = gettext_noop("See at your provider that it has verified this domain and signs as it.")
    found = gettext_noop("the provider signs, which cannot be seen from here.")
    return Finding(
        DKIM, gettext_noop("DKIM of %(domain)s") % {"domain": domain}, Level.WARNING, found, meaning, todo
    )


def _unsigned(domain: str, key: SigningKey | None) -> Finding:
    found = (
        gettext_noop("the key %(key)s is off.") % {"key": key}
        if key
        else gettext_noop("there is no key here.")
    )
    meaning = gettext_noop(
        "Mail leaves here unsigned. That is right if the relay signs as this domain, which cannot be seen from here."
    )
    todo = gettext_noop("Else: %(command)s.") % {
        "command": f"publisher dkim {'on' if key else 'create'} {domain}"
    }
    return Finding(
        DKIM, gettext_noop("DKIM of %(domain)s") % {"domain": domain}, Level.WARNING, found, meaning, todo
    )
