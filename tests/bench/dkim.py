"""What a DKIM signature costs: ours, without its RSA, with the hash prepared per variant, and by dkimpy."""

from __future__ import annotations

import hashlib
import json
import sys
import timeit
from collections.abc import Callable

import dkim as dkimpy
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from publisher.delivery.email import dkim
from tests.bench.smtp import a_template, values

AT = 1_780_300_800


def measure() -> dict[str, float]:
    """µs a message (23 KB), the best of five rounds: the whole signature, its RSA alone, canonical body and its hash, that
    hash when everything before the first slot is hashed once per variant, and dkimpy's whole signature.
    """
    pem = dkim.new_key()
    key = dkim.opened_key(pem)
    template = a_template()
    message = template.join(values(1))
    body = message.partition(b"\r\n\r\n")[2]
    first_slot = body.index(b"Dear Reader")
    prepared = hashlib.sha256(body[:first_slot])
    signer = dkim.Signer("office.example", "p1", key)
    relaxed = (b"relaxed", b"relaxed")
    return {
        "dkim_sign_us": _best(lambda: signer.header(message, at=AT)),
        "dkim_rsa_us": _best(lambda: key.sign(body[:1500], padding.PKCS1v15(), hashes.SHA256())),
        "dkim_body_us": _best(lambda: hashlib.sha256(dkim.relaxed_body(body)).digest()),
        "dkim_hash_us": _best(lambda: hashlib.sha256(body).digest()),
        "dkim_hash_prepared_us": _best(lambda: _rest(prepared, body[first_slot:])),
        "dkim_dkimpy_us": _best(
            lambda: dkimpy.sign(message, b"p1", b"office.example", pem.encode(), canonicalize=relaxed),
            rounds=10,
        ),
    }


def _rest(prepared: hashlib._Hash, rest: bytes) -> bytes:
    hashed = prepared.copy()
    hashed.update(rest)
    return hashed.digest()


def _best(call: Callable[[], object], rounds: int = 200) -> float:
    """Microseconds of one call."""
    return round(min(timeit.repeat(call, repeat=5, number=rounds)) / rounds * 1e6, 1)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(), indent=2) + "\n")
