"""What is known of a provider: how its address is read, what anymail needs for it, what it changes in a message.

The providers themselves are in table.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from publisher.delivery.email.outgoing import Answer

Settings = Mapping[str, Any]
"""Of one of anymail's backends, by name."""


@dataclass(frozen=True)
class Option:
    """An option of the address. It fills `setting`; `values`: what may be written and what that means; empty: any text."""

    setting: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Merging:
    """One message for all recipients of a call, with placeholders that the provider fills per recipient.

    `placeholder` gives the key of a value and the text that stands for it, from a name and a word that no text holds.
    """

    most: int
    placeholder: Callable[[str, str], tuple[str, str]]


@dataclass(frozen=True)
class Listing:
    """Whole messages, many in one call.

    `combine` makes of the payloads that anymail built, in order, the endpoint ("": the usual one) and the body of the call;
    `read` makes of what came back one answer for each. It raises KeyError, TypeError, ValueError or IndexError where that
    is not what it expects, and takes from `refusal`, by status and body, what a refused message is told.
    """

    most: int
    combine: Callable[[Sequence[Any]], tuple[str, Any]]
    read: Callable[[Any, Callable[[int, Any], Answer]], Sequence[Answer]]


@dataclass(frozen=True)
class Provider:
    """One row of the table.

    `user`, `password`, `host`: the setting that this part of the address fills; empty: the address has no such part.
    `host_form`: what the setting holds; `{}` is the host. `optional`: parts that may be left out.
    """

    name: str
    backend: str
    example: str
    user: str = ""
    password: str = ""
    host: str = ""
    host_form: str = "{}"
    optional: frozenset[str] = frozenset()
    options: Mapping[str, Option] = field(default_factory=dict)
    assemble: Callable[[Settings], Settings] | None = None
    """Makes the backend's settings of what the address gives, where they have another form."""

    batch: Merging | Listing | None = None
    syntax: re.Pattern[str] | None = None
    """Where the provider would see something to fill in: one sign, with what follows in a lookahead."""

    message_id: Literal["kept", "kept alone", "replaced"] = "replaced"
    """What becomes of our Message-ID; `kept alone`: not in a batch."""

    without: frozenset[str] = frozenset()
    """Headers, in lower case, that the provider refuses or writes itself."""

    decodes_headers: bool = False
    """It decodes encoded words in headers and sends them as 8-bit text: then ASCII only."""

    metadata: bool = False
    """It keeps the delivery's id beside the message, unseen by the recipient, and reports it with every event."""

    tracking: bool = False
    """It can be told, message by message, not to rewrite links and not to add pictures that report."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers for the provider alone."""

    idempotency: Literal["header", "body", ""] = ""
    """Where the key goes by which it knows a call that it has already answered."""
