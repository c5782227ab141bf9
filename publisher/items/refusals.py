"""Every reason for which an entry is refused: one table of codes, and the value that carries one.

Envelope, schema, listing pages and feeds refuse with these and nothing else; the desk and `publisher rejected` show them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from publisher.items.text import one_line, shorten

_FOUND = 80
_NAMED = 5

# code: (reason, hint). `{}` holes are filled by `refuse`; {fields} is the list of field problems in words.
CODES: Final[dict[str, tuple[str, str]]] = {
    "too_large": (
        "The entry has {size:,} bytes; the limit is {limit:,}.",
        "Send long texts in part and link to the rest.",
    ),
    "empty_entry": ("The entry is empty.", "Send a JSON object with at least id and title."),
    "not_utf8": (
        "The entry is not UTF-8: byte {position:,} is {found}.",
        "Encode the JSON as UTF-8 (RFC 8259, section 8.1).",
    ),
    "not_json": ("The entry is not JSON: {detail}.", "Check it with a JSON parser before sending."),
    "too_deep": (
        "The JSON nests {depth:,} deep; the limit is {limit}.",
        "An item needs four levels at most.",
    ),
    "not_an_object": (
        "The entry is a JSON {found}, not an object.",
        "Send one item or one CloudEvent per entry.",
    ),
    "bad_characters": (
        "The text holds a character that no text may hold: {fields}.",
        "Remove control characters; write characters beyond U+FFFF as themselves or as a full surrogate pair.",
    ),
    "bad_envelope": (
        "The CloudEvents envelope is not valid: {fields}.",
        "See docs/schema/event.schema.json.",
    ),
    "unknown_event": (
        "The event type “{found}” is not one of ours.",
        "Use org.publisher.item.published, .updated or .retracted.",
    ),
    "no_id": (
        "The item has no id.",
        "Give each item the id under which your system knows it, the same every time.",
    ),
    "no_title": ("The item has no title.", "Give it a title of 1 to 500 characters."),
    "missing_field": ("A field is missing: {fields}.", "See docs/schema/item.schema.json."),
    "wrong_type": ("A field has the wrong type: {fields}.", "See docs/schema/item.schema.json."),
    "too_long": ("A field is too long: {fields}.", "Shorten it, or link to the whole."),
    "too_many": ("A list is too long: {fields}.", "Name only those that matter."),
    "bad_kind": ("The kind is not known: {fields}.", "Use one of the kinds named, or other."),
    "bad_language": ("The language is not a BCP 47 tag: {fields}.", "Write en, zh, zh-Hans, pt-BR …"),
    "bad_region": (
        "A region of links is not a code: {fields}.",
        "Use ISO 3166-1 codes such as CN, or UN M49 numbers.",
    ),
    "bad_url": ("An address is not usable: {fields}.", "Give absolute http or https addresses."),
    "bad_date": (
        "A date is not readable: {fields}.",
        "Write RFC 3339 with an offset: 2026-11-24T08:00:00+08:00.",
    ),
    "date_out_of_range": (
        "A date cannot be right: {fields}.",
        "Check the year and the order of day and month.",
    ),
    "bad_markup": (
        "The body was not read: it has {detail}.",
        "Send the article's own markup, not the whole page.",
    ),
    "bad_value": ("A field has a value that is not allowed: {fields}.", "See docs/schema/item.schema.json."),
    "no_event": (
        "The stream entry has no field event (it has: {fields_found}).",
        "Put the JSON into one field named event.",
    ),
    "source_disabled": (
        "The source “{name}” is switched off.",
        "Ask the office to switch it on again; then send the item once more.",
    ),
    "storage": (
        "The database did not take the item: {detail}.",
        "Report this with the entry: the checks before should have found it.",
    ),
    "crashes": (
        "The worker that read the entry ended without an answer {times} times.",
        "Report this with the entry; a simpler body may pass.",
    ),
    "unknown_item": (
        "Nothing is known under “{id}” yet, so nothing was retracted.",
        "Check the id and the source. If the item comes later with an event older than this one, it stays retracted.",
    ),
    "held_elsewhere": (
        "“{id}” is held by the source “{holder}”, which had its address first.",
        "Only that source can retract it: send the retraction in its name.",
    ),
    "retracted_item": (
        "The item “{id}” was retracted; an update does not bring it back.",
        "Send org.publisher.item.published to publish it again.",
    ),
    "identity_conflict": (
        "The id “{id}” belongs to one item and the address {url} to another.",
        "Retract one of the two, or give the item its own address.",
    ),
    "duplicate_entry": (
        "The entry on line {line} has the same kind, date and title.",
        "Keep one of the two.",
    ),
    "duplicate_id": (
        "Entry {position} of the feed has the same id “{id}”.",
        "Give each entry an id (guid) of its own.",
    ),
    "unknown_kind": (
        "“{found}” stands where a kind is expected, above a date.",
        "Use one of the words of publisher/items/pages/words.py, or add this one there.",
    ),
    "page_too_large": ("The page has {size:,} characters; the limit is {limit:,}.", "Import it in parts."),
    "no_entries": (
        "No entry was found: no line holds a kind with a date on the next line.",
        "Check that the text is that of a listing page.",
    ),
    "feed_too_large": (
        "The feed has {size:,} bytes; the limit is {limit:,}.",
        "Ask the site for a shorter feed.",
    ),
    "feed_too_long": (
        "The feed has {entries:,} entries and {tags:,} tags; the limits are 5,000 and 150,000.",
        "Ask the site for a shorter feed.",
    ),
    "feed_empty_body": (
        "The answer was empty.",
        "Open the address in a browser and check that a feed is there.",
    ),
    "feed_is_html": (
        "The answer is a web page, not a feed.",
        "Look in the page for the address of its RSS or Atom feed.",
    ),
    "not_a_feed": ("The answer is no RSS, Atom or JSON feed{detail}.", "Check the address."),
    "feed_has_entities": (
        "The feed declares XML entities, which may make it grow without limit.",
        "Ask the site to publish without a DTD.",
    ),
    "feed_has_no_entries": ("The feed holds no entries.", "Nothing to do, unless there should be some."),
}


@dataclass(frozen=True)
class Problem:
    """One field of an entry: its path (`image.url`), what was found (shortened), what is expected."""

    name: str
    found: str
    expected: str

    def __str__(self) -> str:
        found = f" is {self.found}" if self.found else ""
        return f"{self.name}{found}, expected {self.expected}"


@dataclass(frozen=True)
class Refused:
    """Why an entry was not taken. `reason` and `hint` are sentences for the producer, `fields` the details."""

    code: str
    reason: str
    hint: str
    fields: tuple[Problem, ...] = ()

    def fields_json(self) -> list[dict[str, str]]:
        return [{"name": f.name, "found": f.found, "expected": f.expected} for f in self.fields]


def refuse(code: str, problems: Sequence[Problem] = (), **values: object) -> Refused:
    """The refusal of this code. Raises KeyError for an unknown code or a hole without a value: a mistake of ours."""
    reason, hint = CODES[code]
    named = "; ".join(str(problem) for problem in problems[:_NAMED])
    if len(problems) > _NAMED:
        named += f"; and {len(problems) - _NAMED} more"
    return Refused(code, reason.format(fields=named, **values), hint, tuple(problems))


def shown(value: object) -> str:
    """A value from outside as a person may read it: on one line, shortened, its type named where that is the point."""
    if isinstance(value, str):
        return f"“{shorten(one_line(value), _FOUND)}”" if value.strip() else "empty"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return shorten(
            f"the number {value:g}" if isinstance(value, float) else f"the number {_digits(value)}", _FOUND
        )
    return (
        "a list"
        if isinstance(value, list | tuple)
        else "an object"
        if isinstance(value, dict)
        else type(value).__name__
    )


def _digits(value: int) -> str:
    return str(value) if abs(value) < 10**18 else "with more than 18 digits"
