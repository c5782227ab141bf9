"""DKIM signatures (RFC 6376): the bytes of a message in, the header line that goes before it out. Pure.

Called by `Letters` when the sender's domain has a key that is on (delivery/signing.py). Signed is with RSA and SHA-256, since
that is what every large mailbox provider checks; RFC 8301 wants 2,048 bits.

Both canonicalisations are `relaxed`: a relay may fold headers anew, and strip, add or join white space, and the signature
still holds. A signature cannot be prepared per variant: To and body differ per recipient. What could be prepared, the
hash of the bytes before the first slot, is 4 % of the cost (RSA is 80 %): docs/benchmarks.md.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import cast

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ONCE = ("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
"""A message may hold each of these once. They are listed once more than they are there: adding one breaks the signature."""

IF_THERE = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "Feedback-ID")
"""Signed as they are; RFC 8058 asks for the two in the middle. A provider may add its own Feedback-ID."""

LEAST_BITS = 2048
MOST_BITS = 4096
TXT_STRING = 255
"""Bytes of one string of a TXT record (RFC 1035 section 3.3)."""

_LINE = 72


@dataclass(frozen=True)
class Signer:
    """Signs as `domain`, with the key that `selector` names in its DNS. Both in ASCII."""

    domain: str
    selector: str
    key: rsa.RSAPrivateKey

    def header(self, message: bytes, *, at: int) -> bytes:
        """The `DKIM-Signature` line for a message with CRLF line ends; `at` is the time of signing in Unix seconds."""
        head, _, body = message.partition(b"\r\n\r\n")
        names, signed = _chosen(_fields(head))
        tags = self._tags(names, at, hashlib.sha256(relaxed_body(body)).digest())
        signed.append(b"dkim-signature:" + tags.replace(b"\r\n ", b" "))
        signature = self.key.sign(b"\r\n".join(signed), padding.PKCS1v15(), hashes.SHA256())
        return b"DKIM-Signature: " + tags + _folded_base64(signature) + b"\r\n"

    def _tags(self, names: list[str], at: int, body_hash: bytes) -> bytes:
        """Everything up to and with `b=`, folded where a relay may fold it otherwise."""
        return (
            f"{self._first_tags} t={at};\r\n h={_folded_names(tuple(names))};\r\n"
            f" bh={base64.b64encode(body_hash).decode()};\r\n b="
        ).encode()

    @cached_property
    def _first_tags(self) -> str:
        return f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={self.domain};\r\n s={self.selector};"


def relaxed_body(body: bytes) -> bytes:
    """The body as it is hashed (RFC 6376 section 3.4.4): runs of white space made one, none at the ends of lines,
    no empty lines at its end.
    """
    body = _single_spaces(body).replace(b" \r\n", b"\r\n")
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return b"" if body == b"\r\n" else body


def new_key(bits: int = LEAST_BITS) -> str:
    """A new private key as PEM (PKCS 8, not encrypted: the caller stores it so)."""
    key = rsa.generate_private_key(65537, bits)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def opened_key(pem: str) -> rsa.RSAPrivateKey:
    """The key in a PEM that `new_key` made. Its primes are not tested again (36 ms): the storage is authenticated.

    Raises ValueError when it is none.
    """
    key = serialization.load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    return cast("rsa.RSAPrivateKey", key)


def public_part(key: rsa.RSAPrivateKey) -> str:
    """The public key as DNS shows it: base64 of its SubjectPublicKeyInfo."""
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def record_name(domain: str, selector: str) -> str:
    """Where the public key stands in DNS."""
    return f"{selector}._domainkey.{domain}"


def record_value(key: rsa.RSAPrivateKey) -> str:
    """The TXT record to publish, in one piece."""
    return f"v=DKIM1; k=rsa; p={public_part(key)}"


def txt_strings(value: str) -> list[str]:
    """A TXT record's value in the strings that a zone file holds it in, each of 255 bytes at most."""
    return [value[start : start + TXT_STRING] for start in range(0, len(value), TXT_STRING)] or [""]


def _fields(head: bytes) -> dict[bytes, list[bytes]]:
    """Values by lower-case name, in the order of the message, unfolded and with single spaces (section 3.4.2)."""
    found: dict[bytes, list[bytes]] = {}
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, _, value = line.partition(b":")
        found.setdefault(name.strip(b" \t").lower(), []).append(_single_spaces(value).strip(b" "))
    return found


def _single_spaces(text: bytes) -> bytes:
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _chosen(fields: dict[bytes, list[bytes]]) -> tuple[list[str], list[bytes]]:
    """What `h=` lists, and the lines that are signed, in that order; of several with a name the last comes first."""
    names, lines = [], []
    for name in (*ONCE, *IF_THERE):
        key = name.lower().encode()
        values = fields.get(key, [])
        names += [name] * (len(values) + (name in ONCE))
        lines += [key + b":" + value for value in reversed(values)]
    return names, lines


@lru_cache(maxsize=64)  # the mails of an edition have the same fields
def _folded_names(names: tuple[str, ...]) -> str:
    """The names with colons between, on lines of at most 72 characters."""
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) >= _LINE - 3:
            lines.append("")
        lines[-1] += name + ":"
    return "\r\n ".join(lines).removesuffix(":")


def _folded_base64(signature: bytes) -> bytes:
    text = base64.b64encode(signature)
    pieces = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    return b"\r\n ".join(pieces)
