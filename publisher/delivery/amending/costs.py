"""What an answer costs where its network takes money, and whether the month has room for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from publisher.core.errors import Rejected, UserError
from publisher.delivery import budget
from publisher.delivery.budget import money
from publisher.social.accounts import measured_as
from publisher.social.models import Post
from publisher.social.networks import registry
from publisher.social.networks.base import Part, Priced


@dataclass(frozen=True)
class Cost:
    """`price`: None where the network takes nothing; `problem`: why it cannot be told, or the month has no room for it."""

    price: Decimal | None = None
    amount: str = ""  # as people read it
    problem: str = ""


def of_answer(post: Post, part: Part, *, now: datetime) -> Cost:
    """Of an answer below a post. Binding only under the channel's lock, with its row as it is then."""
    network = registry.networks().get(post.channel.network)
    if not isinstance(network, Priced):
        return Cost()
    try:
        (price,) = budget.prices(network, [part], measured_as(post.channel))
        problem = budget.answer_problem(post.channel, network, price, now=now)
    except Rejected as error:
        return Cost(problem=error.reason)
    except UserError as error:  # its schedule cannot be used, so nobody knows its month
        return Cost(problem=error.message)
    return Cost(price, money(price, network.currency) if price is not None else "", problem)
