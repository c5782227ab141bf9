"""Unsubscribing by mail: the address that a mail program writes to, and what it names.

`leave+7-2-mfzwizltoq2tgmbr@office.example.org`. The token stands in the address because that is what every program keeps:
Apple's sends an empty subject whatever the `mailto:` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from publisher.audience.tokens import Link
from publisher.core import mail_tokens

PURPOSE = "unsubscribe-mail"
SUBJECT = "unsubscribe"

_TOKEN = re.compile(r"(?:\+|^)([a-z0-9]+-[a-z0-9]+-[a-z2-7]{16})(?:@|\?|>|$)", re.IGNORECASE)


def writer(address: str) -> Callable[[int, int], str]:
    """A function from subscriber and digest to a `mailto:` address below `address`, whose mailbox takes `name+anything`."""
    token = mail_tokens.writer(PURPOSE)
    local, _, domain = address.partition("@")

    def write(subscriber_id: int, digest_id: int) -> str:
        return f"mailto:{local}+{token(subscriber_id, digest_id)}@{domain}?subject={SUBJECT}"

    return write


def read(text: str) -> Link | None:
    """Who wants to leave what: of a token, of an address that holds one, or of the whole `mailto:`. None: not ours."""
    found = _TOKEN.search(text.strip())
    numbers = mail_tokens.read(PURPOSE, found[1]) if found else None
    return Link(*numbers) if numbers and len(numbers) == 2 else None
