"""The return path of a mail, which names its delivery (VERP): a bounce that comes to it says whose it is.

`bounce+2n9c-mfzwizltoq2tgmbr@bounces.office.example.org`. Letters write it when PUBLISHER_RETURN_DOMAIN is set; whoever
reads bounces asks `read`. A letter to a reader outside of editions has one of its own kind, which `read_letter` knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from publisher.core import mail_tokens
from publisher.delivery.email.address import verp

PURPOSE = "return-path"
LETTER = "return-path-letter"
PREFIX = "bounce"

_ADDRESS = re.compile(rf"<?{PREFIX}\+([a-z0-9-]{{18,50}})(?:@[^@>\s]*)?>?", re.IGNORECASE)


def writer(domain: str, purpose: str = PURPOSE) -> Callable[[int], str]:
    """A function from the id of a delivery (of a letter to a reader: `LETTER`) to its return path at `domain`. Raises BadAddress
    for an impossible domain."""
    token = mail_tokens.writer(purpose)
    end = verp("x", domain, prefix=PREFIX).removeprefix(f"{PREFIX}+x")

    def write(delivery_id: int) -> str:
        return f"{PREFIX}+{token(delivery_id)}{end}"

    return write


def read(address: str) -> int | None:
    """The id of the delivery that a return path names, in any case, with or without its domain; None: it is none of ours."""
    return _read(PURPOSE, address)


def read_letter(address: str) -> int | None:
    """The id of the letter to a reader (`audience.ReaderLetter`) that a return path names; None: it names none."""
    return _read(LETTER, address)


def _read(purpose: str, address: str) -> int | None:
    found = _ADDRESS.fullmatch(address.strip())
    numbers = mail_tokens.read(purpose, found[1]) if found else None
    return numbers[0] if numbers and len(numbers) == 1 else None
