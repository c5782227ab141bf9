"""Which column means what: by its name in the header, or as a person says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from publisher.audience.importing.refusals import printable
from publisher.core.errors import UserError

IGNORE: Final = "ignore"
ATTRIBUTE: Final = "attribute:"
"""Before the key of an attribute: the field of a column that holds its values."""
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "email": (
        *("email", "e mail", "mail", "email address", "e mail address", "mail address", "subscriber email"),
        *(
            "邮箱",
            "电子邮箱",
            "电子邮件",
            "邮箱地址",
            "邮件地址",
            "电邮",
            "courriel",
            "adresse email",
            "adresse e mail",
        ),
        *("correo", "correo electrónico"),
    ),
    "name": ("name", "full name", "display name", "subscriber name", "姓名", "名字", "称呼", "nom complet"),
    "first": ("first", "first name", "firstname", "given name", "forename", "名", "prénom"),
    "last": ("last", "last name", "lastname", "surname", "family name", "姓", "nom", "apellidos"),
    "language": ("language", "lang", "locale", "语言", "语种", "langue", "idioma"),
    "topics": ("topics", "topic", "interests", "subjects", "goals", "主题", "话题", "thèmes", "temas"),
    "kinds": ("kinds", "kind", "content types", "formats", "种类", "类型", "栏目"),
    "region": ("region", "country code", "地区", "région", "región"),
    "tags": ("tags", "tag", "labels", "标签", "étiquettes", "etiquetas"),
    "zone": ("zone", "time zone", "timezone", "tz", "时区", "fuseau horaire", "zona horaria"),
    "consent": (
        "consent",
        "how",
        "opt in",
        "optin",
        "opt in source",
        "source of consent",
        "同意方式",
        "consentement",
    ),
    "since": (
        *(
            "since",
            "subscribed",
            "subscribed at",
            "subscribed on",
            "subscription date",
            "signup date",
            "opt in time",
        ),
        *("optin time", "confirm time", "confirmed at", "订阅时间", "订阅日期"),
    ),
}
"""Fields, and what columns are called that hold them: in small letters, `-`, `_` and `.` as blanks."""
_WEAKER: Final[dict[str, str]] = {
    "address": "email",
    "adresse": "email",
    "date": "since",
    "created at": "since",
    "created": "since",
}
"""Names that mean the field only where no better one is there: `address` is often a street."""
_MOST_LISTED: Final = 20
OWN: Final = ("line", "reason")
"""What a file of refused rows has beside the columns of its original."""
_NAMES: Final = {name: field for field, names in FIELDS.items() for name in names}


Said = Mapping[str, str] | Mapping[int, str]
"""Column → field, as a person says. A text is a column's name, or the number of one when none is called so; a number is its place
from 1, whatever columns are called."""


class Unsaid(UserError):
    """Something that only the person at the command line can say is missing or wrong there."""


@dataclass(frozen=True)
class Columns:
    """`places`: the position of each field. `unknown`: columns that are not read."""

    places: Mapping[str, int]
    unknown: tuple[str, ...] = ()


def field_of(name: str) -> str:
    """The field that a column of this name holds; "" for none."""
    return _NAMES.get(_plain(name), "")


def are_own(names: Sequence[str]) -> bool:
    """Whether these are the columns of a file of refused rows."""
    return tuple(map(_plain, names[: len(OWN)])) == OWN


def resolve(names: Sequence[str], said: Said) -> Columns:
    """Places of all fields, what was `said` before what names mean.

    Raises Unsaid for a column that is not there, and for two columns of one field.
    """
    places: dict[str, int] = {}
    taken = set()
    for column, field in said.items():
        position = _place(column, names)
        taken.add(position)
        if field != IGNORE:
            _put(places, field, position, names)
    for meaning in (_NAMES, _WEAKER):
        found_before = set(places)
        for position, name in enumerate(names):
            field = meaning.get(_plain(name), "")
            if field and field not in found_before and position not in taken:
                _put(places, field, position, names)
    if "name" in places:
        places = {field: position for field, position in places.items() if field not in ("first", "last")}
    return Columns(places, tuple(_unknown(names, set(places.values()) | taken)))


def listed(names: Sequence[str]) -> str:
    """Names of columns, as many as fit into a line or two."""
    given = [printable(name.strip(), 40) for name in names if name.strip()]
    more = f" and {len(given) - _MOST_LISTED} more" if len(given) > _MOST_LISTED else ""
    return ", ".join(given[:_MOST_LISTED]) + more or "none has a name"


def _put(places: dict[str, int], field: str, position: int, names: Sequence[str]) -> None:
    if field in places:
        raise Unsaid(
            f"The columns “{printable(names[places[field]], 60)}” and “{printable(names[position], 60)}” both look like {field}.",
            f"Say which with --map COLUMN={field}, and of the other --map COLUMN={IGNORE}.",
        )
    places[field] = position


def _place(column: str | int, names: Sequence[str]) -> int:
    """By name in any case, else by number from 1: in a file of refused rows the number that it had in the original."""
    plain = [_plain(name) for name in names]
    if isinstance(column, str) and _plain(column) in plain:
        return plain.index(_plain(column))
    own = len(OWN) if are_own(names) else 0
    if str(column).isdecimal() and 0 < int(column) <= len(names) - own:
        return int(column) - 1 + own
    raise Unsaid(f"There is no column {column}.", f"The columns: {listed(names)}.")


def _unknown(names: Sequence[str], known: set[int]) -> Iterable[str]:
    return (
        name.strip()
        for position, name in enumerate(names)
        if position not in known and name.strip() and _plain(name) not in OWN
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s\-_.:*]+", " ", name).strip().casefold()
