"""The mail server of PUBLISHER_MAIL: reached, secured, logged in to, and left without sending anything."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from django.utils.translation import gettext_noop

from publisher.core.errors import ChannelDown, Retry
from publisher.delivery.doctor.findings import Finding, Level
from publisher.delivery.email.smtp import Limits, MailServer
from publisher.delivery.email.smtp.connection import Connection

LIMITS = Limits(connect=5, greeting=10, reply=10, write=5, quit=2)
SOON = timedelta(days=14)
SMALL = 1_000_000
"""Bytes; a digest with its headers stays below a fifth of it."""

EXTENSIONS = (
    ("pipelining", "PIPELINING", Level.WARNING, gettext_noop("Every message costs three more round trips.")),
    (
        "smtputf8",
        "SMTPUTF8",
        Level.WARNING,
        gettext_noop("Readers whose address is written in another script are not reached."),
    ),
    ("eight_bit", "8BITMIME", Level.OK, ""),
)


def mail_server(
    server: MailServer, *, now: datetime, tls: ssl.SSLContext | None = None
) -> tuple[list[Finding], str]:
    """Findings, and the address that was reached ("": none)."""
    about = gettext_noop("Mail server %(server)s") % {"server": server}
    try:
        connection = Connection.open(server, LIMITS, tls)
    except Retry as error:
        meaning = gettext_noop("Mail waits until it can be reached; nothing is lost.")
        return [
            Finding(
                "mail_server",
                about,
                Level.PROBLEM,
                error.reason,
                meaning,
                gettext_noop("Check the host and the port."),
            )
        ], ""
    except ChannelDown as error:
        meaning = gettext_noop("No mail leaves until that is mended; nothing is lost.")
        todo = gettext_noop("Check PUBLISHER_MAIL, or ask whoever runs the server.")
        return [Finding("mail_server", about, Level.PROBLEM, error.reason, meaning, todo)], ""
    address = connection.wire.peer_address
    try:
        answers = (
            gettext_noop("answers at %(address)s and takes the login of %(login)s.")
            if server.username
            else gettext_noop("answers at %(address)s.")
        )
        findings = [
            Finding("mail_server", about, Level.OK, answers % {"address": address, "login": server.username}),
            *_security(about, server, connection, now),
            *_features(about, connection),
        ]
    finally:
        connection.quit()
    return findings, address


def _security(about: str, server: MailServer, connection: Connection, now: datetime) -> list[Finding]:
    version, certificate = connection.wire.tls_version, connection.wire.peer_certificate
    if not certificate:
        if ip_address(connection.wire.peer_address).is_loopback:
            return [Finding("tls", about, Level.OK, gettext_noop("is on this machine: no TLS is needed."))]
        meaning = gettext_noop("Whoever is on the way reads the mail, and the links in it.")
        todo = gettext_noop("Use smtps://, or a server that offers STARTTLS, and ?starttls=required.")
        return [
            Finding("tls", about, Level.WARNING, gettext_noop("is spoken to without TLS."), meaning, todo)
        ]
    if not server.verify:
        meaning = gettext_noop("Anybody on the way can pose as the server.")
        todo = gettext_noop("Take verify=off out of PUBLISHER_MAIL.")
        return [
            Finding(
                "tls",
                about,
                Level.WARNING,
                gettext_noop("%(version)s, certificate not checked.") % {"version": version},
                meaning,
                todo,
            )
        ]
    ends = x509.load_der_x509_certificate(certificate).not_valid_after_utc
    if ends - now < SOON:
        meaning = gettext_noop("When it has expired, no mail leaves.")
        found = gettext_noop("%(version)s; its certificate is valid until %(ends)s UTC only.") % {
            "version": version,
            "ends": f"{ends:%Y-%m-%d %H:%M}",
        }
        return [Finding("tls", about, Level.WARNING, found, meaning, gettext_noop("Have it renewed."))]
    return [
        Finding(
            "tls",
            about,
            Level.OK,
            gettext_noop("%(version)s, certificate valid until %(ends)s.")
            % {"version": version, "ends": f"{ends:%Y-%m-%d}"},
        )
    ]


def _features(about: str, connection: Connection) -> list[Finding]:
    features = connection.features
    findings = []
    for field, word, level, meaning in EXTENSIONS:
        offered = getattr(features, field)
        said = gettext_noop("offers %(word)s.") if offered else gettext_noop("does not offer %(word)s.")
        found = said % {"word": word}
        findings.append(
            Finding(field, about, Level.OK if offered else level, found, "" if offered else meaning)
        )
    if features.size is not None and 0 < features.size < SMALL:
        found = gettext_noop("takes at most %(size)s bytes.") % {"size": f"{features.size:,}"}
        findings.append(
            Finding("size", about, Level.WARNING, found, gettext_noop("A large digest would be refused."))
        )
    elif features.size is not None:
        takes = (
            gettext_noop("takes messages up to %(size)s bytes.")
            if features.size
            else gettext_noop("takes messages without a limit.")
        )
        findings.append(Finding("size", about, Level.OK, takes % {"size": f"{features.size:,}"}))
    return findings
