"""What posts and answers below them cost, and whether the month's budget of their channel has room for one. `leaving.py` and
`amending/asking.py` ask under the channel's lock.

What is queued counts as spent: it leaves without being asked about again. So does what may have been published. A month is one
of the channel's zone. A price is stored with its delivery, and a later change of prices changes nothing that was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import DecimalField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import clock
from publisher.delivery.models import Amendment, Delivery
from publisher.delivery.states import LEFT_US, State
from publisher.social.models import Channel, Post
from publisher.social.networks.base import Account, Measuring, Part, Priced

WARN_FROM: Final = Decimal("0.8")
_SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "CN¥"}
A: Final = Amendment.State
_NOTHING: Final = Decimal(0)
_BEGUN: Final = (State.SENDING, State.UNKNOWN, *LEFT_US)
# A post is queued at its slot and given up when its channel's tolerance (a week at most) has passed.
_QUEUED_BEFORE: Final = timedelta(days=8)


@dataclass(frozen=True)
class Month:
    """A channel's costs in one month. `ends` (aware) is when the next one begins; `queued`: of what has not left yet."""

    spent: Decimal
    queued: Decimal
    budget: Decimal | None
    currency: str
    ends: datetime

    @property
    def taken(self) -> Decimal:
        return self.spent + self.queued

    @property
    def is_nearly_used_up(self) -> bool:
        return self.budget is not None and self.taken >= WARN_FROM * self.budget

    def has_room_for(self, cost: Decimal) -> bool:
        """What costs nothing always has room."""
        return self.budget is None or not cost or self.taken + cost <= self.budget

    def refusal(self, cost: Decimal, *, of_answer: bool = False) -> str:
        """Why a post of that cost is held, in English, since it is stored; or an answer is not taken, for whoever asks."""
        if of_answer:
            said = (
                _(
                    "The month's budget of %(budget)s is used up: %(spent)s is spent and %(queued)s waiting to leave, and this "
                    "answer costs %(cost)s. Raise the channel's budget, or ask again from %(day)s on."
                )
                if self.queued
                else _(
                    "The month's budget of %(budget)s is used up: %(spent)s is spent, and this answer costs %(cost)s. "
                    "Raise the channel's budget, or ask again from %(day)s on."
                )
            )
        else:
            said = (
                gettext_noop(
                    "The month's budget of %(budget)s is used up: %(spent)s is spent and %(queued)s waiting to leave, and this "
                    "post costs %(cost)s. Raise the channel's budget, or approve the post from %(day)s on."
                )
                if self.queued
                else gettext_noop(
                    "The month's budget of %(budget)s is used up: %(spent)s is spent, and this post costs %(cost)s. "
                    "Raise the channel's budget, or approve the post from %(day)s on."
                )
            )
        return said % {
            "budget": money(self.budget or _NOTHING, self.currency),
            "spent": money(self.spent, self.currency),
            "queued": money(self.queued, self.currency),
            "cost": money(cost, self.currency),
            "day": clock.written_day(self.ends.date()) if of_answer else f"{self.ends.day} {self.ends:%B %Y}",
        }


def money(amount: Decimal, currency: str) -> str:
    """“$0.20”, “$0.015”: two decimals, more where there are more."""
    exact = amount.normalize()
    places = max(2, -int(exact.as_tuple().exponent))
    sign = _SIGNS.get(currency)
    return f"{sign}{amount:,.{places}f}" if sign else f"{amount:,.{places}f} {currency}"


def month_of(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moments of the month in `zone` and of the next one (aware, in `zone`)."""
    local = now.astimezone(zone)
    first = datetime(local.year, local.month, 1, tzinfo=zone)
    later = first + timedelta(days=32)
    return first, datetime(later.year, later.month, 1, tzinfo=zone)


def prices(network: Measuring[Any], parts: Sequence[Part], account: Account) -> list[Decimal | None]:
    """What each message costs; None where the network takes nothing. Raises `Rejected` for a price that is no amount."""
    if not isinstance(network, Priced):
        return [None] * len(parts)
    return [network.price(part, account) for part in parts]


def month(channel: Channel, network: Priced, *, now: datetime, besides: int = 0) -> Month:
    """The channel's month; `besides` the unsent messages of that post. Raises `UserError` for a broken schedule."""
    begins, ends = month_of(now, channel.schedule.rules().zone)
    unsent = Q(post_id=besides) & ~Q(state__in=_BEGUN)
    sums = (
        _paid(channel.pk, begins)
        .exclude(unsent)
        .aggregate(
            spent=_sum(
                Q(state=State.SENDING) | (Q(state__in=[State.UNKNOWN, *LEFT_US]) & Q(counted_at__gte=begins))
            ),
            queued=_sum(Q(state=State.QUEUED)),
        )
    )
    answers = _paid_answers(channel.pk, begins).aggregate(
        spent=_sum(~Q(state=A.QUEUED)), queued=_sum(Q(state=A.QUEUED))
    )
    spent, queued = sums["spent"] + answers["spent"], sums["queued"] + answers["queued"]
    return Month(spent, queued, channel.month_budget, network.currency, ends)


def problem(
    post: Post, channel: Channel, network: Measuring[Any], prices: Sequence[Decimal | None], *, now: datetime
) -> str:
    """Why the month has no room for what is still to leave of a post, by the prices of all its messages; "" when it has."""
    if channel.month_budget is None or not isinstance(network, Priced):
        return ""
    begun = set(post.deliveries.filter(state__in=_BEGUN).values_list("part", flat=True))
    cost = sum((price for part, price in enumerate(prices) if price and part not in begun), _NOTHING)
    so_far = month(channel, network, now=now, besides=post.pk)
    return "" if so_far.has_room_for(cost) else so_far.refusal(cost)


def answer_problem(channel: Channel, network: Measuring[Any], price: Decimal | None, *, now: datetime) -> str:
    """Why the month has no room for an answer of that price; "" when it has."""
    if channel.month_budget is None or not price or not isinstance(network, Priced):
        return ""
    so_far = month(channel, network, now=now)
    return "" if so_far.has_room_for(price) else so_far.refusal(price, of_answer=True)


def _paid(channel_id: int, begins: datetime) -> QuerySet[Delivery]:
    """By the index of paid deliveries: some hundred rows a month. What waited for longer than any tolerance is no more."""
    rows = Delivery.objects.filter(channel_id=channel_id, price__isnull=False)
    return rows.filter(created_at__gte=begins.astimezone(UTC) - _QUEUED_BEFORE).annotate(
        counted_at=Coalesce("sent_at", "created_at")
    )


def _paid_answers(channel_id: int, begins: datetime) -> QuerySet[Amendment]:
    """By the small index of paid amendments: those that may be published, however long they wait, and those that were this
    month."""
    rows = Amendment.objects.filter(delivery__channel=channel_id, price__isnull=False)
    rows = rows.filter(Q(settled_at__isnull=True) | Q(settled_at__gte=begins))
    return rows.filter(state__in=(*Amendment.OPEN, A.DONE))


def _sum(which: Q) -> Coalesce:
    return Coalesce(Sum("price", filter=which), _NOTHING, output_field=DecimalField())
