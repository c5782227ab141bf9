"""Gathers what `social/preflight.py` decides about: a post's texts as its network measures them, its pictures, links, money,
channel. The desk and the API ask here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from publisher.core.errors import Rejected, UserError
from publisher.delivery import budget
from publisher.render.measure import Measure
from publisher.social import accounts, link_checks, paused, picturing, thread_editing
from publisher.social.accounts import measured_as
from publisher.social.link_checks import LinkCheck
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Part, Priced
from publisher.social.preflight import Facts, Finding, findings


def of_post(
    post: Post,
    *,
    now: datetime,
    texts: Sequence[str] | None = None,
    checks: Mapping[str, LinkCheck] | None = None,
) -> tuple[Finding, ...]:
    """What stands against the post, with `texts` in place of what is stored. `checks` is what links answered (`check_links`);
    None: only what is known from the last minutes. Asks nobody outside.
    """
    written = [part["text"] for part in post.parts] if texts is None else list(texts)
    links = link_checks.links_in(written)
    known = link_checks.kept(links) if checks is None else checks
    return findings(_facts(post, written, links, known, now), now=now)


def known_links(texts: Iterable[str]) -> dict[str, LinkCheck]:
    """What was found out of the links of these texts in the last minutes; nobody is asked."""
    return link_checks.kept(link_checks.links_in(texts))


def check_links(texts: Iterable[str], *, seconds: float = link_checks.SECONDS) -> dict[str, LinkCheck]:
    """Ask the links of these texts, within `seconds`. Never inside a transaction."""
    return link_checks.check(link_checks.links_in(texts), seconds=seconds)


def _facts(
    post: Post, texts: list[str], links: list[str], checks: Mapping[str, LinkCheck], now: datetime
) -> Facts:
    channel, item = post.channel, post.item
    cost, over = _money(post, texts, now)
    health = getattr(channel, "health", None)
    return Facts(
        texts=texts,
        measures=_measures(channel, texts),
        language=post.language,
        channel_language=channel.language,
        link=post.link,
        links=links,
        checks=checks,
        pictures=picturing.problem(channel, post.pictures),
        picture_count=len(post.pictures),
        pictures_wait=picturing.waits(post.pictures),
        alts_missing=sum(not picture["alt"] for picture in post.pictures),
        most_hashtags=channel.hashtags,
        takes_threads=thread_editing.takes_threads(channel) or not registry.can_send(channel.network),
        cost=cost,
        budget=over,
        embargo_until=item.embargo_until,
        retracted=item.retracted_at is not None,
        cannot_leave=_cannot_leave(channel),
        channel=_stopped(post),
        access_ends=health.credentials_end_at if health else None,
        leaves_at=post.slot_at,
    )


def _measures(channel: Channel, texts: Sequence[str]) -> list[Measure]:
    try:
        return accounts.measured(channel, texts)
    except registry.NoSuchNetwork as error:
        return [Measure(len(text), 0, False, error.message) for text in texts]


def _money(post: Post, texts: Sequence[str], now: datetime) -> tuple[str, str]:
    """What the post costs, and why the month has no room for it; both "" on a network that takes nothing."""
    network = registry.networks().get(post.channel.network)
    if not isinstance(network, Priced):
        return "", ""
    parts = [
        Part(text, post.link, post.language, number=number, of=len(texts))
        for number, text in enumerate(texts)
    ]
    try:
        costs = budget.prices(network, parts, measured_as(post.channel))
        leaves_at = max(now, post.slot_at or now)
        over = budget.problem(post, post.channel, network, costs, now=leaves_at)
    except Rejected as error:
        return "", error.reason
    except UserError as error:
        return "", error.message
    total = sum((each for each in costs if each), Decimal(0))
    return budget.money(total, network.currency), over


def _cannot_leave(channel: Channel) -> str:
    try:
        registry.leaving(channel.network)
    except UserError as error:
        return error.message
    return ""


def _stopped(post: Post) -> str:
    channel = post.channel
    if not channel.enabled:
        return _("%(channel)s is switched off: the post waits.") % {"channel": channel.name}
    if channel.paused_reason:
        return _("%(channel)s is stopped: %(why)s") % {"channel": channel.name, "why": channel.paused_reason}
    behind = paused.of_posts([post.pk]).get(post.pk, []) if post.pk else []
    if behind:
        return _("%(what)s is paused: %(why)s") % {"what": behind[0], "why": behind[0].reason}
    return ""
