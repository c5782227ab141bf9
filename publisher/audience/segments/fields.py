"""What a condition may be about: how a form asks for it, and its part of the query.

A part is written so that PostgreSQL can join it: as EXISTS where all conditions must hold, and as a list of ids, which is hashed
once, where one group of several is enough (`Query.of_some`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorExact
from django.db.models import Exists, F, JSONField, Model, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.lookups import GreaterThanOrEqual, IContains, LessThan, LessThanOrEqual
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.audience import addresses, attributes
from publisher.audience.models import Attribute, Subscriber, Subscription, Suppression
from publisher.audience.segments.conditions import Condition
from publisher.core.errors import UserError
from publisher.core.numbers import number_in

ATTRIBUTE: Final = "attribute:"
MOST_TIMES: Final = 1000
MOST_WEEKS: Final = 520
COMMON: Final = 3
"""A text that is searched for and has fewer characters is at the beginning of many names."""

IS = ("is", gettext_lazy("is"))
OPS: dict[str, tuple[tuple[str, str | Promise], ...]] = {
    "choice": (IS,),
    "yes": (IS,),
    "text": (IS, ("contains", gettext_lazy("contains")), ("set", gettext_lazy("is known"))),
    "number": (
        IS,
        ("at_least", gettext_lazy("is at least")),
        ("at_most", gettext_lazy("is at most")),
        ("set", gettext_lazy("is known")),
    ),
    "date": (IS, ("from", gettext_lazy("is on or after")), ("before", gettext_lazy("is before"))),
    "times": (("at_least", gettext_lazy("at least, times")),),
    "weeks": (IS,),
}
"""By control: how what is typed is compared."""
DATE_ATTRIBUTE = (*OPS["date"], ("set", gettext_lazy("is known")))


@dataclass(frozen=True)
class Query:
    """How the parts of one query are written. `joined`: all conditions must hold."""

    now: datetime
    joined: bool = True

    def of_some(self, rows: QuerySet[Any], column: str = "subscriber_id", own: str = "pk") -> Q:
        """Those of whom `rows` has one, by its `column` and their `own`."""
        if self.joined:
            return Q(Exists(rows.filter(**{column: OuterRef(own)})))
        return Q(**{f"{own}__in": rows.exclude(**{column: None}).values(column)})


Build = Callable[[Condition, Query], Q]


@dataclass(frozen=True)
class Field:
    """`control` is a key of `OPS`; of a choice, whoever shows the form knows the options by the field's name. `offered`: in the
    form of segments; the others come from the filter of the list."""

    name: str
    label: str | Promise
    control: str
    build: Build
    offered: bool = True
    options: tuple[tuple[str, str | Promise], ...] = ()
    ops: tuple[tuple[str, str | Promise], ...] = ()

    @property
    def comparisons(self) -> tuple[tuple[str, str | Promise], ...]:
        return self.ops or OPS[self.control]


FIELDS: dict[str, Field] = {}


def add(*more: Field) -> None:
    """Also from a higher room, when it is loaded."""
    FIELDS.update({field.name: field for field in more})


def known() -> dict[str, Field]:
    """All fields, those of attributes among them."""
    return FIELDS | {field.name: field for field in map(_of_attribute, Attribute.objects.all())}


def field_of(name: str) -> Field:
    """Raises `UserError` for one that is not there (any more)."""
    if name in FIELDS:
        return FIELDS[name]
    found = None
    if name.startswith(ATTRIBUTE):
        found = Attribute.objects.filter(key=name.removeprefix(ATTRIBUTE)).first()
    if found is None:
        raise UserError(
            _("Nothing is known by the name %(name)s any more.")
            % {"name": name.removeprefix(ATTRIBUTE)[:60]},
            _("Take this condition away."),
        )
    return _of_attribute(found)


def lasting(now: datetime) -> QuerySet[Suppression]:
    """Suppressions that hold now."""
    return Suppression.objects.filter(Q(until__isnull=True) | Q(until__gt=now))


def receiving() -> QuerySet[Subscription]:
    """Subscriptions by which mail is sent."""
    return Subscription.objects.filter(state=Subscription.State.ACTIVE)


def number(condition: Condition, most: int = MOST_TIMES) -> int:
    """A whole number from 1 on. Raises `UserError`."""
    found = number_in(condition.value)
    if not found or found > most:
        raise UserError(
            _("“%(text)s” is no whole number from 1 to %(most)s.")
            % {"text": condition.value[:40], "most": most}
        )
    return found


def since(condition: Condition, now: datetime) -> datetime | None:
    """From when on things count; None: always. Raises `UserError`."""
    if not condition.within:
        return None
    weeks = number_in(condition.within)
    if not weeks or weeks > MOST_WEEKS:
        raise UserError(_("“%(text)s” is no number of weeks.") % {"text": condition.within[:40]})
    return now - timedelta(weeks=weeks)


def day(text: str) -> date:
    """Raises `UserError`."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.max
    if found == date.max:  # nor is there a day after this one
        raise UserError(_("“%(text)s” is no date.") % {"text": text[:40]}, _("Write it like 2026-05-31."))
    return found


def id_in(condition: Condition) -> int:
    """The id that is chosen. Raises `UserError`."""
    found = number_in(condition.value)
    if found is None:
        raise UserError(_("Something is not chosen in a condition."), _("Choose it, or take it away."))
    return found


def _state(condition: Condition, _query: Query) -> Q:
    if condition.value not in Subscriber.State.values:
        raise UserError(_("Something is not chosen in a condition."), _("Choose it, or take it away."))
    return Q(state=condition.value)


def _digest(condition: Condition, query: Query) -> Q:
    return query.of_some(receiving().filter(digest_id=id_in(condition)))


def _language(condition: Condition, query: Query) -> Q:
    if not condition.value:
        raise UserError(_("Something is not chosen in a condition."), _("Choose it, or take it away."))
    primary = Q(selection__language=condition.value) | Q(
        selection__language__startswith=f"{condition.value}-"
    )
    return query.of_some(receiving().filter(primary))


def _tag(condition: Condition, query: Query) -> Q:
    through: type[Model] = Subscriber.tags.through
    return query.of_some(through._default_manager.filter(tag_id=id_in(condition)))


def _joined(condition: Condition, _query: Query) -> Q:
    begins = datetime.combine(day(condition.value), time(), UTC)
    if condition.op == "from":
        return Q(created_at__gte=begins)
    if condition.op == "before":
        return Q(created_at__lt=begins)
    return Q(created_at__gte=begins, created_at__lt=begins + timedelta(days=1))


def _suppressed(condition: Condition, query: Query) -> Q:
    found = query.of_some(lasting(query.now), "email_key", "email_key")
    return ~found if condition.value == "no" else found


def _text(condition: Condition, _query: Query) -> Q:
    """An address, its beginning, `@domain`, or words of a name. Whoever asks has seen to it that the person may."""
    text = condition.value
    if not text:
        raise UserError(_("There is nothing to search for."))
    if text.startswith("@"):
        return Q(email_key__endswith=f"@{addresses.domain_key(text[1:])}")
    if "@" in text:
        local, _at, domain = text.rpartition("@")
        whole = Q(email_key=addresses.key(text))
        return whole | Q(email_key__startswith=f"{local.casefold()}@{domain.lower()}")
    words = ["".join(each for each in word if each.isalnum()) for word in text.split()]
    beginning = Q(email_key__startswith=text.casefold())
    if not all(words):
        return beginning
    query = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
    named = ~Q(name="") & Q(SearchVectorExact(SearchVector("name", config="simple"), query))
    if len(text) < COMMON:
        return beginning | named  # many: the newest of them are found by walking the list
    # A few: each part by its own index. The planner takes any word of a name for a common one, and would walk the list.
    some = Subscriber.objects.filter(beginning).values("pk"), Subscriber.objects.filter(named).values("pk")
    return Q(pk__in=some[0].union(some[1]))


def _domain(condition: Condition, _query: Query) -> Q:
    domain = condition.value.lstrip("@")
    if not domain:
        raise UserError(_("There is nothing to search for."))
    return Q(email_key__endswith=f"@{addresses.domain_key(domain)}")


def _of_attribute(definition: Attribute) -> Field:
    kind, key = definition.kind, definition.key
    control = "yes" if kind == Attribute.Kind.YES_NO else str(kind)
    ops = DATE_ATTRIBUTE if kind == Attribute.Kind.DATE else ()

    def build(condition: Condition, _query: Query) -> Q:
        if condition.op not in dict(field.comparisons):  # its attribute was made anew, with another kind
            raise UserError(_("Something is not chosen in a condition."), _("Choose it, or take it away."))
        return ~Q(attributes={}) & _attribute(condition, key, kind)

    field = Field(f"{ATTRIBUTE}{key}", definition.label, control, build, ops=ops)
    return field


def _attribute(condition: Condition, key: str, kind: str) -> Q:
    if condition.op == "set":
        return Q(attributes__has_key=key)
    value = attributes.value_of(kind, condition.value)
    if value is None:
        raise UserError(_("Something is not chosen in a condition."), _("Choose it, or take it away."))
    if condition.op == "is":
        return Q(attributes__contains={key: value})
    has = Q(attributes__has_key=key)
    as_text, as_json = KeyTextTransform(key, "attributes"), KeyTransform(key, F("attributes"))
    if condition.op == "contains":
        return has & Q(IContains(as_text, str(value)))
    if kind == Attribute.Kind.DATE:
        compare = GreaterThanOrEqual if condition.op == "from" else LessThan
        return has & Q(compare(as_text, str(value)))
    comparison = GreaterThanOrEqual if condition.op == "at_least" else LessThanOrEqual
    return has & Q(comparison(as_json, Value(value, JSONField())))


add(
    Field("state", gettext_lazy("State"), "choice", _state, options=tuple(Subscriber.State.choices)),
    Field("digest", gettext_lazy("Receives"), "choice", _digest),
    Field("language", gettext_lazy("Language"), "choice", _language),
    Field("tag", gettext_lazy("Tag"), "choice", _tag),
    Field("joined", gettext_lazy("Subscriber since (UTC)"), "date", _joined),
    Field("domain", gettext_lazy("Domain of the address"), "text", _domain, ops=(IS,)),
    Field("suppressed", gettext_lazy("On the suppression list"), "yes", _suppressed),
    Field("text", gettext_lazy("Address or name"), "text", _text, offered=False, ops=(IS,)),
)
