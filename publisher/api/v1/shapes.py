"""The types that the schemas of the API are made of: ids, moments, texts, choices; what is answered, and what is given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import core_schema

from publisher.core.numbers import LARGEST

MOST_ROWS: Final = 200
USUAL_ROWS: Final = 50
NO_NUL: Final = r"^[^\x00]*$"
NO_OTHER_KEYS: Final[dict[str, Any]] = {"additionalProperties": False}
"""Of an object whose keys have a pattern: pydantic refuses others, and does not tell the schema."""
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")
_DIGITS = re.compile(r"[0-9]{1,19}")
_YEARS = range(1970, 3000)

Row = TypeVar("Row")


class Shape(BaseModel):
    """What is answered: just these fields."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """What is sent: an unknown field is refused, so that a mistyped one is not lost without a word."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class OneOf:
    """A text that is one of these. In place of an enumeration, whose name would stand in the schema."""

    known: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str]) -> OneOf:
        return cls(tuple(values))

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.known)}

    def _check(self, value: str) -> str:
        if value not in self.known:
            raise ValueError(f"one of {', '.join(self.known)}")
        return value


def _number(value: object) -> object:
    """A number of an address or query string: digits only, no blanks or underscores."""
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError("a whole number")
    return value


def whole(value: object) -> object:
    """For a `BeforeValidator`: a whole number of a body: 3 and, as JSON Schema has it, 3.0; never "3" or true."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number")  # noqa: TRY004 - pydantic turns this one into an error of the field
    return value


def _moment(value: object) -> object:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("a time like 2026-06-01T12:00:00Z, with its offset")
    return value.upper().replace(" ", "T")


def _in_utc(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise ValueError(f"a time in the years {_YEARS.start} to {_YEARS.stop - 1}")
    return value.astimezone(UTC)


# A constraint stands before the validator that runs first: behind it, pydantic would not tell it to the schema.
Id = Annotated[int, Field(ge=1, le=LARGEST), BeforeValidator(_number)]
"""Of an address or query string."""
BodyId = Annotated[int, Field(ge=1, le=LARGEST), BeforeValidator(whole)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(whole)]
FormVersion = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(_number)]
"""Of a form, whose values are texts."""
Flag = Annotated[bool, Strict()]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    AfterValidator(_in_utc),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": r"^(19[7-9][0-9]|2[0-9]{3})-",
            "description": "RFC 3339, with an offset.",
        }
    ),
]
Word = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
Line = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_NUL)]
Address = Annotated[str, StringConstraints(min_length=3, max_length=320, pattern=NO_NUL)]
Url = Annotated[str, StringConstraints(max_length=2000, pattern=NO_NUL)]
Language = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$")
]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$")]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS), BeforeValidator(_number)]
Cursor = Annotated[str, StringConstraints(max_length=400, pattern=r"^[0-9]{1,18}([.~][^\x00]*)?$")]


class Paged(Given):
    """Which page of a list."""

    after: Cursor | None = Field(None, description="Where the page before ended: from its `next`.")
    limit: Limit = Field(USUAL_ROWS, description="Rows of a page.")


class Page(Shape, Generic[Row]):
    """One page of a list."""

    data: list[Row]
    next: str | None = Field(description="The address of the following page; null on the last.")


class VersionIn(Given):
    """For a deed: the version that you saw, unless If-Match says it."""

    version: Version | None = None


class Done(Shape):
    """What became of a deed that answers no single thing."""

    said: str = Field(description="In a sentence, for people; may be empty.")
