"""What posts of a paid channel will cost this month and the next, against its budget. The sums are pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from publisher.core.errors import Rejected, UserError
from publisher.delivery import budget
from publisher.delivery.leaving import outgoing
from publisher.social.accounts import measured_as
from publisher.social.models import Channel, Post
from publisher.social.networks.base import Priced

NOTHING = Decimal(0)


@dataclass(frozen=True)
class MonthAhead:
    """A month of a channel's zone from `first`: `taken` is spent or waits to leave, `planned` what posts with a slot in it will
    cost, `drafts` what those cost that nobody has approved yet. `refused` planned posts find no room in the budget."""

    first: datetime
    taken: Decimal
    planned: Decimal
    drafts: Decimal
    budget: Decimal | None
    currency: str
    refused: int
    unpriced: int = 0

    @property
    def is_short(self) -> bool:
        """Whether all that is planned and drafted costs more than there is."""
        return self.budget is not None and self.taken + self.planned + self.drafts > self.budget

    def written(self, amount: Decimal) -> str:
        """An amount in the month's currency."""
        return budget.money(amount, self.currency)


def refused(costs: Iterable[Decimal], *, taken: Decimal, most: Decimal | None) -> int:
    """How many posts, in the order in which they leave, find that the budget has no room for them. Pure."""
    count = 0
    for cost in costs:
        if most is not None and cost and taken + cost > most:
            count += 1
        else:
            taken += cost
    return count


def months_ahead(
    channel: Channel,
    network: Priced,
    posts: Sequence[Post],
    slots: Mapping[int, datetime],
    *,
    now: datetime,
) -> list[MonthAhead]:
    """This month and the next. `slots` says when each post leaves. Raises `UserError` for a broken schedule."""
    zone = channel.schedule.rules().zone
    this = budget.month(channel, network, now=now)
    first, second = budget.month_of(now, zone)
    third = budget.month_of(second + timedelta(days=1), zone)[1]
    costs = {post.pk: _cost(post, network) for post in posts if post.pk in slots}
    found = []
    for begins, ends, taken in ((first, second, this.taken), (second, third, NOTHING)):
        mine = sorted(
            (post for post in posts if post.pk in slots and begins <= slots[post.pk] < ends),
            key=lambda post: slots[post.pk],
        )
        drafted = {post.pk for post in mine if post.state == Post.State.DRAFT}
        known = [(post.pk, cost) for post in mine if (cost := costs[post.pk]) is not None]
        planned = [cost for key, cost in known if key not in drafted]
        found.append(
            MonthAhead(
                first=begins,
                taken=taken,
                planned=sum(planned, NOTHING),
                drafts=sum((cost for key, cost in known if key in drafted), NOTHING),
                budget=channel.month_budget,
                currency=network.currency,
                refused=refused(planned, taken=taken, most=channel.month_budget),
                unpriced=len(mine) - len(known),
            )
        )
    return found


def _cost(post: Post, network: Priced) -> Decimal | None:
    """None while it cannot be told, such as of a text that does not fit."""
    try:
        account = measured_as(post.channel)
        prices = [network.price(part, account) for part in outgoing(post, post.item).parts]
    except (Rejected, UserError):
        return None
    return sum((price for price in prices if price), NOTHING)
