"""Conditions on subscribers by what was sent to them: editions received, mail that came back, silence.

What was sent is known as long as single deliveries are kept (`retention.py`). A condition that looks further back is refused:
those of whom nothing is known any more would count as those to whom nothing was sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from publisher.audience.segments import fields
from publisher.audience.segments.conditions import Condition
from publisher.audience.segments.fields import Field, Query
from publisher.core.errors import UserError
from publisher.delivery.models import Delivery
from publisher.delivery.states import State

RECEIVED = (State.SENT, State.DELIVERED)
CAME_BACK = (State.BOUNCED, State.FAILED, State.COMPLAINED)


def add() -> None:
    """Make them known, once, when the room is loaded."""
    fields.add(
        Field("received", gettext_lazy("Editions received"), "times", _received),
        Field("came_back", gettext_lazy("Mail refused or come back"), "times", _came_back),
        Field("silent", gettext_lazy("Was sent nothing for (weeks)"), "weeks", _silent),
    )


def _received(condition: Condition, query: Query) -> Q:
    return _at_least(_mails().filter(state__in=RECEIVED), condition, query)


def _came_back(condition: Condition, query: Query) -> Q:
    return _at_least(_mails().filter(state__in=CAME_BACK), condition, query)


def _silent(condition: Condition, query: Query) -> Q:
    fields.number(condition, fields.MOST_WEEKS)
    since = _since(Condition("silent", within=condition.value), query)
    return ~query.of_some(_mails().filter(state__in=RECEIVED, sent_at__gte=since))


def _mails() -> QuerySet[Delivery]:
    return Delivery.objects.filter(purpose=Delivery.Purpose.READER, edition__isnull=False)


def _since(condition: Condition, query: Query) -> datetime | None:
    """From when on mails count; None: all that are known. Raises `UserError`."""
    since, days = fields.since(condition, query.now), settings.KEEP_DELIVERIES_DAYS
    if since and since < query.now - timedelta(days=days):
        raise UserError(
            _("Whom something was sent to is known for %(days)s days only.") % {"days": days},
            _("Choose at most %(weeks)s weeks.") % {"weeks": days // 7},
        )
    return since


def _at_least(mails: QuerySet[Delivery], condition: Condition, query: Query) -> Q:
    """A look along the index of each subscriber's mails: there are a few for each, and millions of all."""
    since = _since(condition, query)
    if since:
        mails = mails.filter(created_at__gte=since)
    wanted = fields.number(condition)
    if wanted == 1:
        return query.of_some(mails)
    counted = (
        mails.filter(subscriber_id=OuterRef("pk")).order_by().values("subscriber_id").annotate(n=Count("*"))
    )
    number = Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), Value(0))
    return Q(GreaterThanOrEqual(number, wanted))
