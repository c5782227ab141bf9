"""What a producer may send: the item and the CloudEvents 1.0 envelope, as pydantic models, and their JSON Schemas.

Checks that need the time or the whole entry are in `envelope.py`. Unknown fields are ignored there, and named.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

from django.utils.translation import gettext_noop as _
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from publisher.items.languages import MAX_TAG, normalise_tag
from publisher.items.text import one_line
from publisher.items.urls import MAX_URL, url_problem

Kind = Literal["story", "press_release", "speech", "video", "publication", "event", "podcast", "other"]
KINDS: Final[tuple[Kind, ...]] = (
    "story", "press_release", "speech", "video", "publication", "event", "podcast", "other",
)  # fmt: skip
EventType = Literal["published", "updated", "retracted"]
EVENT_PREFIX: Final = "org.publisher.item."

MAX_ID = 500
MAX_TITLE = 500
MAX_SUMMARY = 5_000
MAX_BODY = 500_000
MAX_ALT = 1_000


class _Length:
    """A string on one line (or, for bodies, as it is) between two lengths, measured after normalising."""

    def __init__(self, least: int, most: int, *, as_it_is: bool = False) -> None:
        self.least, self.most, self.as_it_is = least, most, as_it_is

    def __call__(self, value: str) -> str:
        value = value if self.as_it_is else one_line(value)
        if len(value) > self.most:
            raise PydanticCustomError(
                "too_long", _("at most %(limit)s characters") % {"limit": f"{self.most:,}"}
            )
        if len(value) < self.least:
            raise PydanticCustomError("empty", _("at least %(least)s character") % {"least": self.least})
        return value


def _instant(value: object) -> object:
    """RFC 3339 with an offset, or a date alone (midnight UTC). Numbers and times without an offset are refused."""
    if isinstance(value, datetime) or value is None:
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("bad_date", _("a date as a string"))
    try:
        instant = datetime.fromisoformat(value.strip())
    except ValueError:
        raise PydanticCustomError("bad_date", _("an RFC 3339 date with an offset")) from None
    if instant.tzinfo is None:
        if len(value.strip()) > len("2026-11-24"):
            raise PydanticCustomError("bad_date", _("an offset such as Z or +08:00 behind the time"))
        instant = instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except (OverflowError, ValueError):
        raise PydanticCustomError("bad_date", _("a year between 1945 and the near future")) from None


def _language(value: str) -> str:
    tag = normalise_tag(value)
    if tag is None:
        raise PydanticCustomError("bad_language", _("a BCP 47 tag such as en or zh-Hans"))
    return tag


def _region(value: str) -> str:
    region = value.strip().upper()
    if not (
        region.isascii()
        and ((len(region) == 2 and region.isalpha()) or (len(region) == 3 and region.isdigit()))
    ):
        raise PydanticCustomError("bad_region", _("two letters such as CN, or three digits"))
    return region


def _url(value: str) -> str:
    value = value.strip()
    problem = url_problem(value)
    if problem is not None:
        raise PydanticCustomError(
            "bad_url", _("an http or https address; this one is %(problem)s") % {"problem": problem}
        )
    return value


def _text_schema(least: int, most: int, description: str) -> WithJsonSchema:
    limits = {"minLength": least} if least else {}
    return WithJsonSchema({"type": "string", **limits, "maxLength": most, "description": description})


_INSTANT_SCHEMA: Final = {"type": "string", "format": "date-time", "description": "RFC 3339 with an offset"}
_URL_SCHEMA: Final = {
    "type": "string",
    "format": "uri",
    "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://",
    "maxLength": MAX_URL,
}

Id = Annotated[
    str, AfterValidator(_Length(1, MAX_ID)), _text_schema(1, MAX_ID, "the producer's own, always the same")
]
Title = Annotated[str, AfterValidator(_Length(1, MAX_TITLE)), _text_schema(1, MAX_TITLE, "plain text")]
Summary = Annotated[str, AfterValidator(_Length(0, MAX_SUMMARY)), _text_schema(0, MAX_SUMMARY, "plain text")]
Body = Annotated[
    str, AfterValidator(_Length(0, MAX_BODY, as_it_is=True)), _text_schema(0, MAX_BODY, "HTML or text")
]
Alt = Annotated[
    str,
    AfterValidator(_Length(0, MAX_ALT)),
    _text_schema(0, MAX_ALT, "what the image shows, for those who do not see it"),
]
Name = Annotated[str, AfterValidator(_Length(1, 120)), _text_schema(1, 120, "a name or slug")]
Author = Annotated[str, AfterValidator(_Length(1, 200)), _text_schema(1, 200, "a person's name")]
Url = Annotated[str, AfterValidator(_url), WithJsonSchema(_URL_SCHEMA)]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema(_INSTANT_SCHEMA)]
Language = Annotated[
    str,
    AfterValidator(_language),
    WithJsonSchema({"type": "string", "maxLength": MAX_TAG, "description": "BCP 47"}),
]
Region = Annotated[
    str, AfterValidator(_region), WithJsonSchema({"type": "string", "pattern": "^([A-Za-z]{2}|[0-9]{3})$"})
]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class ImageIn(_Strict):
    """A picture. Without `alt` it is shown as decoration."""

    url: Url
    alt: Alt = ""


class ItemIn(_Strict):
    """Something published. `id` and `title` are required; an `updated` event carries the whole item, not a part."""

    model_config = ConfigDict(title="Item")

    id: Id
    url: Url | None = Field(
        default=None, description="The canonical address: the page that readers are sent to."
    )
    kind: Kind = "other"
    language: Language | None = Field(default=None, description="Without it, the language of the source.")
    title: Title
    summary: Summary = ""
    body: Body = ""
    body_format: Literal["html", "text"] | None = Field(
        default=None, description="Without it, told from the body."
    )
    published_at: Instant | None = Field(
        default=None, description="Without it, when the item was first received."
    )
    embargo_until: Instant | None = Field(default=None, description="The item stays invisible until then.")
    image: ImageIn | None = None
    topics: tuple[Name, ...] = Field(default=(), max_length=50, strict=False)
    agencies: tuple[Name, ...] = Field(default=(), max_length=50, strict=False)
    authors: tuple[Author, ...] = Field(default=(), max_length=50, strict=False)
    translation_of: Id | None = Field(
        default=None, description="The id or the address of the original at the same producer."
    )
    links: dict[Region, Url] = Field(
        default={}, max_length=50, description='Addresses for readers in a region, such as {"CN": …}.'
    )


class RetractionIn(_Strict):
    """What a `retracted` event carries; the other fields of the item may stand there and are ignored."""

    model_config = ConfigDict(
        title="Retraction", json_schema_extra={"anyOf": [{"required": ["id"]}, {"required": ["url"]}]}
    )

    id: Id | None = None
    url: Url | None = Field(default=None, description="The item's address, for whoever does not know its id.")
    reason: Summary = ""

    @model_validator(mode="after")
    def _names_an_item(self) -> Self:
        if self.id is None and self.url is None:
            raise PydanticCustomError("no_name", _("the id or the url of the item"))
        return self


class Event(_Strict):
    """The CloudEvents 1.0 envelope in structured JSON mode (cloudevents.io, spec v1.0.2). `data` is checked on its own."""

    specversion: Literal["1.0"]
    id: Annotated[
        str, AfterValidator(_Length(1, MAX_ID)), _text_schema(1, MAX_ID, "unique within the source")
    ]
    source: Annotated[
        str, AfterValidator(_Length(1, 200)), _text_schema(1, 200, "who published: a URI or a name")
    ]
    type: Annotated[str, AfterValidator(_Length(1, 200)), _text_schema(1, 200, "org.publisher.item.…")]
    time: Instant | None = None
    datacontenttype: str = "application/json"
    data: dict[str, Any]


def item_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of an item."""
    schema = ItemIn.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def event_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the envelope: each event type with its data."""
    event = Event.model_json_schema(mode="validation")
    item, retraction = ItemIn.model_json_schema(), RetractionIn.model_json_schema()
    definitions = {**item.pop("$defs", {}), "Item": item, "Retraction": retraction}
    published = {"enum": [EVENT_PREFIX + "published", EVENT_PREFIX + "updated"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **event,
        "oneOf": [
            {"properties": {"type": published, "data": {"$ref": "#/$defs/Item"}}},
            {
                "properties": {
                    "type": {"const": EVENT_PREFIX + "retracted"},
                    "data": {"$ref": "#/$defs/Retraction"},
                }
            },
        ],
        "$defs": definitions,
    }
