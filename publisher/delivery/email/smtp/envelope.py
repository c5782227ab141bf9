"""From a message to the commands that announce it, or to the reason why this server cannot take it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from publisher.delivery.email.address import Address, BadAddress, is_usual, parse_address
from publisher.delivery.email.outgoing import Answer, Outgoing
from publisher.delivery.email.smtp.outcomes import refused_here


@dataclass(frozen=True, slots=True)
class Features:
    """What a server offered in its answer to EHLO. `size` is in bytes, 0: no limit told."""

    pipelining: bool = False
    eight_bit: bool = False
    smtputf8: bool = False
    starttls: bool = False
    size: int | None = None
    auth: frozenset[str] = frozenset()


def features_of(lines: tuple[str, ...]) -> Features:
    """Read the lines of a reply to EHLO; what is not understood is passed over."""
    words = [line.upper().replace("AUTH=", "AUTH ").split() for line in lines[1:]]
    offered = {word[0]: word[1:] for word in words if word}
    size = offered.get("SIZE")
    return Features(
        pipelining="PIPELINING" in offered,
        eight_bit="8BITMIME" in offered,
        smtputf8="SMTPUTF8" in offered,
        starttls="STARTTLS" in offered,
        size=int(size[0]) if size and size[0].isdecimal() else (None if size is None else 0),
        auth=frozenset(name for word in words if word and word[0] == "AUTH" for name in word[1:]),
    )


def commands(message: Outgoing, features: Features) -> tuple[bytes, bytes] | Answer:
    """The MAIL and RCPT commands, or the answer that this message gets without asking the server."""
    if message.checked and message.seven_bit and is_usual(message.rcpt_to) and is_usual(message.mail_from):
        size = len(message.data)
        if not features.size or size <= features.size:
            told = "" if features.size is None else f" SIZE={size}"
            return (
                f"MAIL FROM:<{message.mail_from}>{told}\r\n".encode(),
                f"RCPT TO:<{message.rcpt_to}>\r\n".encode(),
            )
    try:
        sender = parse_address(message.mail_from) if message.mail_from else None
        recipient = parse_address(message.rcpt_to)
    except BadAddress as error:
        return refused_here("5.1.3", gettext_noop("Not sent: %(why)s.") % {"why": error})
    if not message.checked and _has_bare_line_ends(message.data):
        return refused_here("5.6.0", gettext_noop("Not sent: the message has line ends other than CRLF."))
    if features.size and len(message.data) > features.size:
        return refused_here(
            "5.3.4",
            gettext_noop("Not sent: %(size)s bytes, and the server takes at most %(most)s.")
            % {"size": len(message.data), "most": features.size},
        )
    parameters = _parameters(message, sender, recipient, features)
    if isinstance(parameters, Answer):
        return parameters
    path = str(sender) if sender else ""
    return f"MAIL FROM:<{path}>{parameters}\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode()


def _parameters(
    message: Outgoing, sender: Address | None, recipient: Address, features: Features
) -> str | Answer:
    parameters = "" if features.size is None else f" SIZE={len(message.data)}"
    if not message.seven_bit and not message.data.isascii():
        if not features.eight_bit:
            return refused_here(
                "5.6.3", gettext_noop("Not sent: 8-bit text, and the server takes 7-bit only.")
            )
        parameters += " BODY=8BITMIME"
    if recipient.needs_smtputf8 or (sender and sender.needs_smtputf8):
        if not features.smtputf8:
            return refused_here(
                "5.6.7", gettext_noop("Not sent: the server cannot take addresses in this script (SMTPUTF8).")
            )
        parameters += " SMTPUTF8"
    return parameters


DOT = b".\r\n"


def content(message: Outgoing) -> bytes:
    """The message with its leading dots doubled (RFC 5321 section 4.5.2); `DOT` ends it."""
    data = message.data
    if message.checked:
        return data
    return (b"." + data if data.startswith(b".") else data).replace(b"\n.", b"\n..")


def _has_bare_line_ends(data: bytes) -> bool:
    """Whether some server could see an end of the message that others do not see ("SMTP smuggling")."""
    whole = data.count(b"\r\n")
    return not data.endswith(b"\r\n") or data.count(b"\n") != whole or data.count(b"\r") != whole
