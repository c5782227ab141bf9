"""The filter of the list of subscribers: a query string as conditions, so that the list, a segment, a bulk action and an export
that begin with the same address mean the same people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django.http import HttpRequest
from django.http.request import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from publisher.audience.models import Attribute, Segment, Subscriber, Tag
from publisher.audience.segments import conditions, fields, saved
from publisher.audience.segments.conditions import Condition, Groups
from publisher.audience.segments.fields import ATTRIBUTE, Query
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.desk.audience.showing import by_title, named
from publisher.desk.language_names import language_name
from publisher.desk.page import unknown
from publisher.items.languages import primary
from publisher.items.models import Topic
from publisher.people.permissions import SEE_ADDRESSES

NAMES = (
    "q",
    "state",
    "digest",
    "language",
    "topic",
    "tag",
    "attr",
    "value",
    "from",
    "to",
    "suppressed",
    "segment",
)
Options = list[tuple[str, str | Promise]]


@dataclass
class Asked:
    """What a query string asks for. With `errors` nobody is shown."""

    wanted: dict[str, str]
    groups: Groups = ()
    errors: dict[str, str] = field(default_factory=dict)
    segment: Segment | None = None

    @property
    def filtered(self) -> bool:
        return any(self.wanted.values())


def asked_of(request: HttpRequest, query: QueryDict | None = None) -> Asked:
    """Held to what there is to choose from, and to what the viewer may see."""
    given = request.GET if query is None else query
    wanted = {name: given.get(name, "").replace("\0", "").strip()[:200] for name in NAMES}
    asked = Asked(wanted)
    asked.errors = _errors(wanted, may_search=request.user.has_perm(SEE_ADDRESSES))
    number = number_in(wanted["segment"])
    if number is not None:
        asked.segment = Segment.objects.filter(pk=number).first()
    if asked.errors:
        return asked
    try:
        base = saved.groups_of(asked.segment) if asked.segment else ()
        asked.groups = conditions.both(base, _conditions(wanted))
        for each in {each for group in asked.groups for each in group}:
            fields.field_of(each.field)
    except UserError as error:
        asked.errors["segment"] = f"{error.message} {error.hint}".strip()
    return asked


def options() -> dict[str, Options]:
    """What may be chosen in fields whose values are ids, by the field's name."""
    digests = by_title()
    languages = sorted({primary(tag) for digest in digests for tag in digest.languages})
    return {
        "state": list(Subscriber.State.choices),
        "digest": [(str(each.pk), named(each)) for each in digests],
        "language": [(tag, language_name(tag)) for tag in languages],
        "topic": [(str(each.pk), each.name) for each in Topic.objects.filter(retired=False)],
        "tag": [(str(pk), name) for pk, name in Tag.objects.order_by("key").values_list("pk", "name")],
        "segment": [(str(pk), name) for pk, name in Segment.objects.values_list("pk", "name")],
        "attr": [(each.key, each.label) for each in Attribute.objects.all()],
        "suppressed": [("yes", _("yes")), ("no", _("no"))],
    }


def _errors(wanted: dict[str, str], *, may_search: bool) -> dict[str, str]:
    known = options()
    errors = unknown(wanted, **{name: known[name] for name in known})
    if wanted["q"] and not may_search:
        errors["q"] = _("You may not search by address or name.")
    for name in ("from", "to"):
        if wanted[name]:
            errors |= _error_of(name, partial(fields.day, wanted[name]))
    if wanted["attr"] and wanted["value"] and "attr" not in errors:
        condition = Condition(f"{ATTRIBUTE}{wanted['attr']}", value=wanted["value"])
        query = Query(clock.now())
        errors |= _error_of("value", lambda: fields.field_of(condition.field).build(condition, query))
    return errors


def _error_of(name: str, check: Callable[[], object]) -> dict[str, str]:
    try:
        check()
    except UserError as error:
        return {name: f"{error.message} {error.hint}".strip()}
    return {}


def _conditions(wanted: dict[str, str]) -> list[Condition]:
    found = [
        Condition(name, value=wanted[name])
        for name in ("state", "digest", "language", "topic", "tag", "suppressed")
        if wanted[name]
    ]
    if wanted["from"]:
        found.append(Condition("joined", "from", wanted["from"]))
    if wanted["to"]:
        found.append(Condition("joined", "before", wanted["to"]))
    if wanted["attr"]:
        op = "is" if wanted["value"] else "set"
        found.append(Condition(f"{ATTRIBUTE}{wanted['attr']}", op, wanted["value"]))
    if wanted["q"]:
        found.append(Condition("text", value=wanted["q"]))
    return found
