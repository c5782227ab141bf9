"""The form of a channel: what its fields show, how what was sent becomes a `ChannelIn`, and what is wrong in which field.

Nothing is checked here: `social/definition.py` and `social/setting_up.py` have the rules, for the file and the API too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http.request import QueryDict
from django.utils.translation import gettext as _
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from publisher.items.models import Topic
from publisher.social.definition import ChannelIn
from publisher.social.models import Channel

TEXTS: Final = ("name", "network", "schedule", "language", "region", "owner")
NUMBERS: Final = ("thread_messages", "approvals", "tolerance_minutes", "max_age_days")
MAY_BE_EMPTY: Final = ("hashtags", "month_budget")
SWITCHES: Final = ("thread_numbers", "auto_approve", "alt_required", "picture_required", "enabled")
LISTS: Final = ("kinds", "topics")
UTM: Final = ("source", "medium", "campaign", "content")
UTM_USUAL: Final = {"source": "{network}", "medium": "social", "campaign": "", "content": ""}
LONGEST: Final = 2000

Values = dict[str, Any]
"""What the form's fields show, by name: texts, lists of texts, and booleans."""


def values_of(channel: Channel | None) -> Values:
    """What is stored; of none the usual values."""
    shown: Values = {name: field.default for name, field in ChannelIn.model_fields.items() if name in _OWN}
    shown |= dict.fromkeys(("name", *MAY_BE_EMPTY), "") | {"kinds": [], "topics": []}
    utm: Mapping[str, Any] = {}
    if channel:
        shown |= {name: getattr(channel, name) for name in _OWN if name not in ("schedule", "topics")}
        shown["schedule"] = channel.schedule.name
        shown["topics"] = list(Topic.objects.filter(pk__in=channel.topics).values_list("slug", flat=True))
        shown |= {name: "" for name in MAY_BE_EMPTY if shown[name] is None}
        utm = channel.utm or {}
    shown["utm_hosts"] = "\n".join(utm.get("hosts", []))
    return shown | {f"utm_{name}": utm.get(name, UTM_USUAL[name]) for name in UTM}


def sent(data: QueryDict) -> Values:
    """What was sent, as the fields show it again."""
    text = {name: _plain(data.get(name, "")) for name in (*TEXTS, *NUMBERS, *MAY_BE_EMPTY)}
    shown: Values = {**text, **{name: name in data for name in SWITCHES}}
    shown |= {name: [_plain(each) for each in data.getlist(name)][:500] for name in LISTS}
    shown["utm_hosts"] = data.get("utm_hosts", "").replace("\0", "")[:LONGEST]
    return shown | {f"utm_{name}": _plain(data.get(f"utm_{name}", "")) for name in UTM}


def read(values: Values, *, network: str = "") -> ChannelIn:
    """The channel that was described; `network` is that of one that exists. Raises `pydantic.ValidationError`."""
    given: dict[str, Any] = {name: values[name] for name in (*TEXTS, *NUMBERS, *SWITCHES, *LISTS)}
    given |= {name: values[name] or None for name in MAY_BE_EMPTY}
    hosts = values["utm_hosts"].split()
    given["utm"] = {"hosts": hosts, **{name: values[f"utm_{name}"] for name in UTM}} if hosts else None
    if network:
        given["network"] = network
    return ChannelIn.model_validate(given)


def wrong_in(error: ValidationError) -> dict[str, str]:
    """A sentence for each field that cannot be taken, by the field's name on the page."""
    wrong: dict[str, str] = {}
    for each in error.errors():
        place = [str(step) for step in each["loc"]]
        name = f"utm_{place[1]}" if place[:1] == ["utm"] and len(place) > 1 else place[0]
        wrong.setdefault(name, _said(each))
    return wrong


def _said(error: ErrorDetails) -> str:
    kind, limits = error["type"], error.get("ctx", {})
    words = {
        "int_parsing": _("Write a whole number."),
        "decimal_parsing": _("Write an amount such as 25 or 19.90."),
        "decimal_max_places": _("Write an amount such as 25 or 19.90."),
        "greater_than_equal": _("It must be at least %(least)s.") % {"least": limits.get("ge")},
        "less_than_equal": _("It must be at most %(most)s.") % {"most": limits.get("le")},
        "string_too_long": _("It may have at most %(most)s characters.") % {"most": limits.get("max_length")},
        "literal_error": _("This is none of these. Choose from the list."),
    }
    said = str(limits.get("error") or error["msg"])
    return words.get(kind) or f"{said[:1].upper()}{said[1:]}."


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST]


_OWN: Final = (*TEXTS, *NUMBERS, *MAY_BE_EMPTY, *SWITCHES, *LISTS)
