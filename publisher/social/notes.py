"""What staff should know of how a channel drafts, though nothing is broken: settings without effect, a link that is missing."""

from __future__ import annotations

from publisher.core import standstill
from publisher.core.marking import gettext_noop
from publisher.social.accounts import measured_as
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Priced
from publisher.social.threads import takes_threads

MAY_BE_OUT = gettext_noop(
    "The database was restored from a backup since this post was made: it may have been published before "
    "that. Look at the channel, then approve it or cancel it."
)


def of_channel(channel: Channel) -> list[str]:
    """Settings of the channel that do nothing, a sentence each."""
    try:
        network = registry.get(channel.network)
    except registry.NoSuchNetwork:
        return []
    notes = []
    account = measured_as(channel)
    if makes_threads(channel) and not takes_threads(network, account):
        notes.append(
            gettext_noop(
                "Long texts stay one message: %(label)s takes no threads with this channel's settings."
            )
            % {"label": network.label}
        )
    if channel.month_budget is not None and not isinstance(network, Priced):
        notes.append(
            gettext_noop("Its budget counts nothing: no price is known of posts on %(label)s.")
            % {"label": network.label}
        )
    return notes


def of_post(post: Post) -> list[str]:
    """What the post has not got of what its channel wants, and whether it may be out already, a sentence each."""
    notes = [MAY_BE_OUT] if post.problem != MAY_BE_OUT and standstill.may_be_out(post.created_at) else []
    region = post.channel.region.upper()
    if region and post.item.url and region not in post.item.links:
        without = gettext_noop(
            "The item came without a link for readers in %(region)s, so the post leads to its own address."
        ) % {"region": region}
        notes.append(
            gettext_noop("%(without)s Its producer may send one in links.%(region)s.")
            % {"without": without, "region": region}
        )
    return notes


def makes_threads(channel: Channel) -> bool:
    """Whether the channel wants long texts as threads."""
    return channel.thread_messages > 1
