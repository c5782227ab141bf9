"""Writing letters to readers down. They are sent, and their texts made, by `delivery/reader_letters.py`."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from publisher.audience import addresses
from publisher.audience.models import AddressChange, ReaderLetter, SignUp, Subscriber
from publisher.core import events

APART: Final = timedelta(days=1)
"""Between letters to one mailbox that anybody can cause by typing its address into a form."""


def queue(
    kind: ReaderLetter.Kind,
    *,
    to: str,
    language: str,
    now: datetime,
    digest_id: int | None = None,
    sign_up: SignUp | None = None,
    subscriber: Subscriber | None = None,
    change: AddressChange | None = None,
) -> ReaderLetter:
    """A letter to the address `to`, which was checked, in `language` (BCP 47); it leaves with the next task. `digest_id`: in
    whose name; left out, the first of those that it is about."""
    letter = ReaderLetter.objects.create(
        kind=kind,
        to=to,
        to_key=addresses.key(to),
        language=language,
        digest_id=digest_id,
        sign_up=sign_up,
        subscriber=subscriber,
        change=change,
        message_key=uuid.uuid4().hex,
        due_at=now,
        created_at=now,
    )
    events.emit("reader_letter.written")
    return letter
