"""Every reason for which an entry is refused: one table of codes, and the value that carries one.

Envelope, schema, listing pages and feeds refuse with these and nothing else; the desk and `publisher rejected` show them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from publisher.core.told import told
from publisher.items.text import one_line, shorten

_FOUND = 80
_NAMED = 5

# code: (reason, hint), in English, as they are stored. `refuse` fills the places; `fields` is the list of field problems.
CODES: Final[dict[str, tuple[str, str]]] = {
    "too_large": (
        _("The entry has %(size)s bytes; the limit is %(limit)s."),
        _("Send long texts in part and link to the rest."),
    ),
    "empty_entry": (_("The entry is empty."), _("Send a JSON object with at least id and title.")),
    "not_utf8": (
        _("The entry is not UTF-8: byte %(position)s is %(found)s."),
        _("Encode the JSON as UTF-8 (RFC 8259, section 8.1)."),
    ),
    "not_json": (_("The entry is not JSON: %(detail)s."), _("Check it with a JSON parser before sending.")),
    "too_deep": (
        _("The JSON nests %(depth)s deep; the limit is %(limit)s."),
        _("An item needs four levels at most."),
    ),
    "not_an_object": (
        _("The entry is a JSON %(found)s, not an object."),
        _("Send one item or one CloudEvent per entry."),
    ),
    "bad_characters": (
        _("The text holds a character that no text may hold: %(fields)s."),
        _(
            "Remove control characters; write characters beyond U+FFFF as themselves or as a full surrogate pair."
        ),
    ),
    "bad_envelope": (
        _("The CloudEvents envelope is not valid: %(fields)s."),
        _("See docs/schema/event.schema.json."),
    ),
    "unknown_event": (
        _("The event type “%(found)s” is not one of ours."),
        _("Use org.publisher.item.published, .updated or .retracted."),
    ),
    "no_id": (
        _("The item has no id."),
        _("Give each item the id under which your system knows it, the same every time."),
    ),
    "no_title": (_("The item has no title."), _("Give it a title of 1 to 500 characters.")),
    "missing_field": (_("A field is missing: %(fields)s."), _("See docs/schema/item.schema.json.")),
    "wrong_type": (_("A field has the wrong type: %(fields)s."), _("See docs/schema/item.schema.json.")),
    "too_long": (_("A field is too long: %(fields)s."), _("Shorten it, or link to the whole.")),
    "too_many": (_("A list is too long: %(fields)s."), _("Name only those that matter.")),
    "bad_kind": (_("The kind is not known: %(fields)s."), _("Use one of the kinds named, or other.")),
    "bad_language": (_("The language is not a BCP 47 tag: %(fields)s."), _("Write en, zh, zh-Hans, pt-BR …")),
    "bad_region": (
        _("A region of links is not a code: %(fields)s."),
        _("Use ISO 3166-1 codes such as CN, or UN M49 numbers."),
    ),
    "bad_url": (_("An address is not usable: %(fields)s."), _("Give absolute http or https addresses.")),
    "bad_date": (
        _("A date is not readable: %(fields)s."),
        _("Write RFC 3339 with an offset: 2026-11-24T08:00:00+08:00."),
    ),
    "date_out_of_range": (
        _("A date cannot be right: %(fields)s."),
        _("Check the year and the order of day and month."),
    ),
    "bad_markup": (
        _("The body was not read: it has %(detail)s."),
        _("Send the article's own markup, not the whole page."),
    ),
    "bad_value": (
        _("A field has a value that is not allowed: %(fields)s."),
        _("See docs/schema/item.schema.json."),
    ),
    "no_event": (
        _("The stream entry has no field event (it has: %(fields_found)s)."),
        _("Put the JSON into one field named event."),
    ),
    "source_disabled": (
        _("The source “%(name)s” is switched off."),
        _("Ask the office to switch it on again; then send the item once more."),
    ),
    "storage": (
        _("The database did not take the item: %(detail)s."),
        _("Report this with the entry: the checks before should have found it."),
    ),
    "crashes": (
        _("The worker that read the entry ended without an answer %(times)s times."),
        _("Report this with the entry; a simpler body may pass."),
    ),
    "unknown_item": (
        _("Nothing is known under “%(id)s” yet, so nothing was retracted."),
        _(
            "Check the id and the source. If the item comes later with an event older than this one, it stays retracted."
        ),
    ),
    "held_elsewhere": (
        _("“%(id)s” is held by the source “%(holder)s”, which had its address first."),
        _("Only that source can retract it: send the retraction in its name."),
    ),
    "retracted_item": (
        _("The item “%(id)s” was retracted; an update does not bring it back."),
        _("Send org.publisher.item.published to publish it again."),
    ),
    "identity_conflict": (
        _("The id “%(id)s” belongs to one item and the address %(url)s to another."),
        _("Retract one of the two, or give the item its own address."),
    ),
    "duplicate_entry": (
        _("The entry on line %(line)s has the same kind, date and title."),
        _("Keep one of the two."),
    ),
    "duplicate_id": (
        _("Entry %(position)s of the feed has the same id “%(id)s”."),
        _("Give each entry an id (guid) of its own."),
    ),
    "unknown_kind": (
        _("“%(found)s” stands where a kind is expected, above a date."),
        _("Use one of the words of publisher/items/pages/words.py, or add this one there."),
    ),
    "page_too_large": (
        _("The page has %(size)s characters; the limit is %(limit)s."),
        _("Import it in parts."),
    ),
    "no_entries": (
        _("No entry was found: no line holds a kind with a date on the next line."),
        _("Check that the text is that of a listing page."),
    ),
    "feed_too_large": (
        _("The feed has %(size)s bytes; the limit is %(limit)s."),
        _("Ask the site for a shorter feed."),
    ),
    "feed_too_long": (
        _("The feed has %(entries)s entries and %(tags)s tags; the limits are 5,000 and 150,000."),
        _("Ask the site for a shorter feed."),
    ),
    "feed_empty_body": (
        _("The answer was empty."),
        _("Open the address in a browser and check that a feed is there."),
    ),
    "feed_is_html": (
        _("The answer is a web page, not a feed."),
        _("Look in the page for the address of its RSS or Atom feed."),
    ),
    "not_a_feed": (_("The answer is no RSS, Atom or JSON feed%(detail)s."), _("Check the address.")),
    "feed_has_entities": (
        _("The feed declares XML entities, which may make it grow without limit."),
        _("Ask the site to publish without a DTD."),
    ),
    "feed_has_no_entries": (
        _("The feed holds no entries."),
        _("Nothing to do, unless there should be some."),
    ),
}


IS_FOUND: Final = _("%(name)s is %(found)s, expected %(expected)s")
IS_EXPECTED: Final = _("%(name)s, expected %(expected)s")
AND_MORE: Final = _("and %(number)s more")


@dataclass(frozen=True)
class Problem:
    """One field of an entry: its path (`image.url`), what was found (shortened), what is expected."""

    name: str
    found: str
    expected: str

    def __str__(self) -> str:
        return self.said(IS_FOUND if self.found else IS_EXPECTED)

    def said(self, template: str) -> str:
        return template % {"name": self.name, "found": self.found, "expected": self.expected}


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
    named = [str(problem) for problem in problems[:_NAMED]]
    if len(problems) > _NAMED:
        named.append(AND_MORE % {"number": len(problems) - _NAMED})
    filled = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
    return Refused(code, reason % {"fields": "; ".join(named), **filled}, hint, tuple(problems))


def told_reason(code: str, reason: str, fields: Sequence[Mapping[str, str]]) -> str:
    """A stored reason in the reader's language, with its `fields` (`Refused.fields_json`)."""
    template = CODES[code][0] if code in CODES else ""
    translated = gettext(template) if template else ""
    if translated == template or "%(fields)s" not in template:
        return told(reason)
    named = [_told_problem(Problem(**field)) for field in fields[:_NAMED]]
    if len(fields) > _NAMED:
        named.append(gettext(AND_MORE) % {"number": len(fields) - _NAMED})
    return translated % {"fields": "; ".join(named)}


def _told_problem(problem: Problem) -> str:
    known = Problem(problem.name, told(problem.found), told(problem.expected))
    return known.said(gettext(IS_FOUND if known.found else IS_EXPECTED))


def shown(value: object) -> str:
    """A value from outside as a person may read it: on one line, shortened, its type named where that is the point."""
    if isinstance(value, str):
        return f"“{shorten(one_line(value), _FOUND)}”" if value.strip() else _("empty")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return shorten(
            _("the number %(number)s")
            % {"number": f"{value:g}" if isinstance(value, float) else _digits(value)},
            _FOUND,
        )
    return (
        _("a list")
        if isinstance(value, list | tuple)
        else _("an object")
        if isinstance(value, dict)
        else type(value).__name__
    )


def _digits(value: int) -> str:
    return str(value) if abs(value) < 10**18 else _("with more than 18 digits")
