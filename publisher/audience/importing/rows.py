"""One row checked: what is staged of it, or why it is refused. Pure; it runs a million times, so the usual case is short."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple
from zoneinfo import available_timezones

from publisher.audience import addresses, attributes, tags
from publisher.audience.importing.columns import ATTRIBUTE
from publisher.audience.importing.given import Given, Offer
from publisher.audience.importing.refusals import Refused
from publisher.audience.mailboxes import MACHINES, ROLES
from publisher.core.errors import UserError

MOST_NAME: Final = 200
MOST_CONSENT: Final = 200

_NAMED: Final = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_BETWEEN_ADDRESSES: Final = re.compile(r"[\s,;<>]+")
_EDGES: Final = " \t\n\r\u00a0\u200b\u200c\u200d\u2060\u3000\ufeff\"'"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""With halves of characters, which no database stores; some encodings can write them."""
_DAMAGED: Final = "\ufffd"
_TAGS: Final = re.compile(r"[;,|；，、\n]")
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]+(\S.*))?")
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Staged(NamedTuple):
    """What of a row goes into the staging table, in the order of its columns (`staging.py`).

    `how` and `since` are None where the row does not say; `given` is explained in `given.py`. `extra` is JSON with tags (name
    and key of each) and attributes; None without any.
    """

    line: int
    email: str
    email_key: str
    name: str
    zone: str
    given: str
    how: str | None
    since: str | None
    extra: str | None = None


@dataclass
class Checker:
    """Checks rows of one file. `places`: the position of each field; `refuse_roles`: no shared mailboxes either; `kinds`: of the
    attributes that have a column, by key."""

    offer: Offer
    places: Mapping[str, int]
    encoding: str
    now: datetime
    consent: str = ""
    refuse_roles: bool = False
    roles: int = 0
    kinds: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A field without a column reads the empty cell that `check` puts behind the row.
        self._email, self._name, self._zone, self._how, self._since = (
            self.places.get(name, -1) for name in ("email", "name", "zone", "consent", "since")
        )
        self._first, self._last = (self.places.get(name, -1) for name in ("first", "last"))
        self._chosen = itemgetter(
            *(self.places.get(name, -1) for name in ("topics", "kinds", "language", "region"))
        )
        self._given = Given(self.offer).written
        self._tags = self.places.get("tags", -1)
        self._attributes = [(key, kind, self.places[ATTRIBUTE + key]) for key, kind in self.kinds.items()]
        self._has_extra = self._tags >= 0 or bool(self._attributes)
        self._splits_name = "name" not in self.places and {"first", "last"} & self.places.keys()

    def check(self, line: int, cells: list[str]) -> Staged:
        """Raises Refused."""
        cells = [*cells, ""]
        email, key, name = self._address(cells[self._email])
        if self._splits_name:
            name = full_name(cells[self._first].strip(), cells[self._last].strip()) or name
        else:
            name = cells[self._name].strip() or name
        if name and not (name.isascii() and name.isprintable() and len(name) <= MOST_NAME):
            name = self._clean(name, "name")
            if len(name) > MOST_NAME:
                raise Refused("name", most=MOST_NAME)
        zone = cells[self._zone]
        since = cells[self._since]
        return Staged(
            line,
            email,
            key,
            name,
            zone_of(zone) if zone else "",
            self._given(*self._chosen(cells)),
            self._consent(cells[self._how]),
            self._moment(since) if since and not since.isspace() else None,
            self._extra(cells) if self._has_extra else None,
        )

    def _address(self, cell: str) -> tuple[str, str, str]:
        """The address, its key, and the name that stood with it."""
        name = ""
        try:
            email, key = addresses.checked_with_key(cell)
        except UserError:
            email, key, name = self._wrapped_address(cell)
        local = key.partition("@")[0]
        if local in MACHINES:
            raise Refused("machine", address=email)
        if local in ROLES:
            if self.refuse_roles:
                raise Refused("role", address=email)
            self.roles += 1
        return email, key, name

    def _wrapped_address(self, cell: str) -> tuple[str, str, str]:
        name, text = unwrapped(self._clean(cell, "address"))
        if not text:
            raise Refused("no_address")
        try:
            return *addresses.checked_with_key(text), name
        except UserError as error:
            if sum("@" in part for part in _BETWEEN_ADDRESSES.split(text)) > 1:
                raise Refused("several", value=text) from None
            raise Refused("address", problem=error.message) from None

    def _consent(self, cell: str) -> str | None:
        """None: what was said for the whole file."""
        how = self._clean(cell, "consent") if cell else ""
        if len(how) > MOST_CONSENT:
            raise Refused("consent_long", most=MOST_CONSENT)
        if not how and not self.consent:
            raise Refused("consent")
        return how or None

    def _extra(self, cells: list[str]) -> str | None:
        """Empty cells say nothing."""
        said: dict[str, object] = {}
        if names := [part for part in _TAGS.split(self._clean_lines(cells[self._tags])) if part.strip()]:
            said["tags"] = [[name, tags.key_of(name)] for name in map(_tag, names)]
        values = {key: _value(key, kind, cells[place]) for key, kind, place in self._attributes}
        if known := {key: value for key, value in values.items() if value is not None}:
            said["attributes"] = known
        return json.dumps(said) if said else None

    def _clean_lines(self, cell: str) -> str:
        if _DAMAGED in cell:
            raise Refused("damaged", field="tags", encoding=self.encoding)
        return cell

    def _moment(self, cell: str) -> str:
        return moment(cell.strip(), self.now)

    def _clean(self, cell: str, what: str) -> str:
        """Without blanks around it, and with single ones inside. Raises Refused for what cannot be meant."""
        if _DAMAGED in cell:
            raise Refused("damaged", field=what, encoding=self.encoding)
        if _CONTROLS.search(cell):
            raise Refused("controls", field=what)
        return " ".join(cell.split())


def _tag(name: str) -> str:
    try:
        return tags.checked(name)
    except UserError as error:
        raise Refused("tags", problem=error.message) from None


def _value(key: str, kind: str, cell: str) -> attributes.Value:
    if _DAMAGED in cell or "\0" in cell:
        raise Refused("controls", field=key)
    try:
        return attributes.value_of(kind, cell)
    except UserError as error:
        raise Refused("attribute", name=key, problem=error.message) from None


def unwrapped(cell: str) -> tuple[str, str]:
    """Name and address of `Lin Wei <lin@example.org>`, `mailto:lin@example.org?subject=…`, `'lin@example.org'`."""
    match = _NAMED.fullmatch(cell)
    name, address = (match["name"], match["address"]) if match else ("", cell)
    address = address.strip(_EDGES)
    if address[:7].casefold() == "mailto:":
        address = address[7:].partition("?")[0].strip(_EDGES)
    return name.strip(_EDGES), address


def full_name(first: str, last: str) -> str:
    """In Chinese, Japanese and Korean the family name stands first."""
    if first and last and not (first + last).isascii() and all(each >= "\u2e80" for each in first + last):
        return last + first
    return f"{first} {last}".strip()


@lru_cache(maxsize=1024)
def zone_of(cell: str) -> str:
    """The IANA name, in any case. Raises Refused."""
    name = cell.strip()
    found = _zones().get(name.casefold().replace(" ", "_")) if name else ""
    if found is None:
        raise Refused("zone", value=name)
    return found


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() - {"Factory", "localtime"}}


def moment(cell: str, now: datetime) -> str:
    """The moment in UTC as ISO 8601: a date with the year first, with or without time. Raises Refused.

    A time without a zone is taken for UTC; a date of today is never later than `now`.
    """
    try:
        match = _DATE.fullmatch(cell)
        if match:
            year, month, day, time = match.groups()
            cell = f"{year}-{month:0>2}-{day:0>2}" + (f"T{time}" if time else "")
        at = datetime.fromisoformat(cell)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused("since", value=cell) from None
    if not _EARLIEST <= at <= now + timedelta(days=1):
        raise Refused("since", value=cell)
    return min(at, now).isoformat()
