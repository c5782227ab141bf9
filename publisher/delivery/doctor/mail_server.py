"""The mail server of PUBLISHER_MAIL: reached, secured, logged in to, and left without sending anything."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509

from publisher.core.errors import ChannelDown, Retry
from publisher.delivery.doctor.findings import Finding, Level
from publisher.delivery.email.smtp import Limits, MailServer
from publisher.delivery.email.smtp.connection import Connection

LIMITS = Limits(connect=5, greeting=10, reply=10, write=5, quit=2)
SOON = timedelta(days=14)
SMALL = 1_000_000
"""Bytes; a digest with its headers stays below a fifth of it."""

EXTENSIONS = (
    ("pipelining", "PIPELINING", Level.WARNING, "Every message costs three more round trips."),
    (
        "smtputf8",
        "SMTPUTF8",
        Level.WARNING,
        "Readers whose address is written in another script are not reached.",
    ),
    ("eight_bit", "8BITMIME", Level.OK, ""),
)


def mail_server(
    server: MailServer, *, now: datetime, tls: ssl.SSLContext | None = None
) -> tuple[list[Finding], str]:
    """Findings, and the address that was reached ("": none)."""
    about = f"Mail server {server}"
    try:
        connection = Connection.open(server, LIMITS, tls)
    except Retry as error:
        meaning = "Mail waits until it can be reached; nothing is lost."
        return [
            Finding(
                "mail_server", about, Level.PROBLEM, error.reason, meaning, "Check the host and the port."
            )
        ], ""
    except ChannelDown as error:
        meaning = "No mail leaves until that is mended; nothing is lost."
        todo = "Check PUBLISHER_MAIL, or ask whoever runs the server."
        return [Finding("mail_server", about, Level.PROBLEM, error.reason, meaning, todo)], ""
    address = connection.wire.peer_address
    try:
        login = f" and takes the login of {server.username}" if server.username else ""
        findings = [
            Finding("mail_server", about, Level.OK, f"answers at {address}{login}."),
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
            return [Finding("tls", about, Level.OK, "is on this machine: no TLS is needed.")]
        meaning = "Whoever is on the way reads the mail, and the links in it."
        todo = "Use smtps://, or a server that offers STARTTLS, and ?starttls=required."
        return [Finding("tls", about, Level.WARNING, "is spoken to without TLS.", meaning, todo)]
    if not server.verify:
        meaning = "Anybody on the way can pose as the server."
        todo = "Take verify=off out of PUBLISHER_MAIL."
        return [Finding("tls", about, Level.WARNING, f"{version}, certificate not checked.", meaning, todo)]
    ends = x509.load_der_x509_certificate(certificate).not_valid_after_utc
    if ends - now < SOON:
        meaning = "When it has expired, no mail leaves."
        found = f"{version}; its certificate is valid until {ends:%Y-%m-%d %H:%M} UTC only."
        return [Finding("tls", about, Level.WARNING, found, meaning, "Have it renewed.")]
    return [Finding("tls", about, Level.OK, f"{version}, certificate valid until {ends:%Y-%m-%d}.")]


def _features(about: str, connection: Connection) -> list[Finding]:
    features = connection.features
    findings = []
    for field, word, level, meaning in EXTENSIONS:
        offered = getattr(features, field)
        found = f"offers {word}." if offered else f"does not offer {word}."
        findings.append(
            Finding(field, about, Level.OK if offered else level, found, "" if offered else meaning)
        )
    if features.size is not None and 0 < features.size < SMALL:
        found = f"takes at most {features.size:,} bytes."
        findings.append(Finding("size", about, Level.WARNING, found, "A large digest would be refused."))
    elif features.size is not None:
        most = f"up to {features.size:,} bytes" if features.size else "without a limit"
        findings.append(Finding("size", about, Level.OK, f"takes messages {most}."))
    return findings
