"""What the pages of posts and channels say of links, threads, hashtags and money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from publisher.core.errors import Rejected, UserError
from publisher.core.told import told
from publisher.delivery import budget
from publisher.delivery.budget import Month, money
from publisher.delivery.leaving import outgoing
from publisher.social import links, notes
from publisher.social.accounts import measured_as
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Priced


@dataclass(frozen=True)
class Cost:
    """What a post costs as text; `problem`: why it cannot be told, or the month has no room for it."""

    amount: str = ""
    problem: str = ""


def cost_of(post: Post, *, editable: bool, now: datetime) -> Cost | None:
    """Of a post on a network that takes money; of one that left, what was counted then. None: it costs nothing."""
    network = registry.networks().get(post.channel.network)
    if not isinstance(network, Priced):
        return None
    written = {row.part: row.price for row in post.deliveries.only("part", "price", "state", "post_id")}
    if not editable:
        known = [price for price in written.values() if price is not None]
        return Cost(money(sum(known, Decimal(0)), network.currency)) if known else None
    account = measured_as(post.channel)
    try:
        costs = budget.prices(network, outgoing(post, post.item).parts, account)
        leaves_at = max(now, post.slot_at or now)
        problem = budget.problem(post, post.channel, network, costs, now=leaves_at)
    except Rejected as error:
        return Cost(problem=told(error.reason))
    except UserError as error:
        return Cost(problem=error.message)
    return Cost(money(sum((each for each in costs if each), Decimal(0)), network.currency), problem)


@dataclass(frozen=True)
class Drafting:
    """How a channel drafts, as its panel shows it: facts (a name, its lines), and warnings, a sentence each."""

    facts: tuple[tuple[str, tuple[str, ...]], ...]
    warnings: tuple[str, ...]


def drafting_of(channel: Channel, *, now: datetime) -> Drafting:
    """What there is to say of a channel; nothing of what it leaves to its network and template."""
    facts: list[tuple[str, tuple[str, ...]]] = []
    warnings = [told(note) for note in notes.of_channel(channel)]
    if channel.region:
        facts.append(
            (
                _("Readers in"),
                (
                    _("%(region)s: their link of an item, where it has one")
                    % {"region": channel.region.upper()},
                ),
            )
        )
    if notes.makes_threads(channel):
        most = {"num": channel.thread_messages}
        said = (
            _("up to %(num)s messages, numbered") % most
            if channel.thread_numbers
            else _("up to %(num)s messages, without numbers") % most
        )
        facts.append((_("Threads"), (said,)))
    if channel.hashtags is not None:
        facts.append((_("Hashtags"), (_("%(num)s at most") % {"num": channel.hashtags},)))
    if rule := links.rule_of(channel.utm):
        values = {name: getattr(rule, name) for name in ("source", "medium", "campaign", "content")}
        parameters = [f"utm_{name}={value}" for name, value in values.items() if value]
        facts.append((_("Links"), (*parameters, _("on %(hosts)s") % {"hosts": ", ".join(rule.hosts)})))
    network = registry.networks().get(channel.network)
    if isinstance(network, Priced):
        try:
            month = budget.month(channel, network, now=now)
        except UserError:  # the panel says already that its schedule cannot be used
            return Drafting(tuple(facts), tuple(warnings))
        facts.append((_("This month"), (_spent(month),)))
        if month.is_nearly_used_up:
            warnings.append(_used_up(month))
    return Drafting(tuple(facts), tuple(warnings))


def _spent(month: Month) -> str:
    amounts = {"spent": money(month.spent, month.currency), "queued": money(month.queued, month.currency)}
    if month.budget is None:
        if month.queued:
            return _("%(spent)s spent, no budget; %(queued)s is waiting to leave") % amounts
        return _("%(spent)s spent, no budget") % amounts
    amounts["budget"] = money(month.budget, month.currency)
    if month.queued:
        return _("%(spent)s of %(budget)s spent; %(queued)s is waiting to leave") % amounts
    return _("%(spent)s of %(budget)s spent") % amounts


def _used_up(month: Month) -> str:
    until = date_format(month.ends - timedelta(days=1), _("j F"))
    if month.budget is None or month.taken >= month.budget:
        return _("The month's budget is used up: posts that cost something are held until %(day)s.") % {
            "day": until
        }
    share = int(100 * month.taken / month.budget)
    return _("%(share)s %% of the month's budget is used up; it must last until %(day)s.") % {
        "share": share,
        "day": until,
    }
