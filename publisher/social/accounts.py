"""A channel's row as its network sees it, and what the network says of a text. Approval, delivery and the desk ask here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import ChannelDown, UserError
from publisher.core.told import told
from publisher.render.measure import Measure
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.networks.base import Ability, Account, Differing, Network, Preview, Previewing
from publisher.social.threads import takes_threads


class TooLong(UserError):
    """A text does not fit its network."""


class NoThreads(UserError):
    """A post of several messages, for an account that takes one."""


def account_of(channel: Channel) -> Account:
    """The account with its credentials opened: hand it to a network, keep it nowhere. Raises `CannotDecrypt`."""
    return Account(channel.pk, channel.name, opened(channel.credentials) or {}, settings_of(channel))


def at_work(channel: Channel) -> tuple[Network[Any], Account]:
    """The channel's network and account, to send with. Raises `ChannelDown` where there is no such network, or the credentials
    cannot be opened."""
    try:
        return registry.sending(channel.network), account_of(channel)
    except UserError as error:
        raise ChannelDown(error.message) from error
    except CannotDecrypt as error:
        raise ChannelDown(str(error)) from error


def measured_as(channel: Channel) -> Account:
    """The account without its credentials: for `rules` and `pictures`, which ask nobody."""
    return Account(channel.pk or 0, channel.name, {}, settings_of(channel))


def settings_of(channel: Channel) -> Mapping[str, Any]:
    """The channel's settings, and the limits that its server told where staff have set none."""
    health = getattr(channel, "health", None)
    return {**(health.told_limits if health else {}), **(channel.settings or {})}


def abilities_of(network: Network[Any], account: Account) -> frozenset[Ability]:
    """What can be done with a message that this account has published."""
    return network.abilities_of(account) if isinstance(network, Differing) else network.abilities


def preview_of(channel: Channel) -> Preview:
    """How the channel's posts look to readers."""
    network = registry.networks().get(channel.network)
    return network.preview(measured_as(channel)) if isinstance(network, Previewing) else Preview()


def measured(channel: Channel, texts: Sequence[str]) -> list[Measure]:
    """Each text by the network's own measure. Raises `NoSuchNetwork`."""
    network = registry.get(channel.network)
    rules = network.rules(measured_as(channel))
    return [network.measure(text, rules) for text in texts]


def check_texts(channel: Channel, texts: Sequence[str]) -> None:
    """Raises `TooLong` for the first text that does not fit, `NoThreads`, `NoSuchNetwork`."""
    if not texts:
        raise TooLong(gettext("The post has no text."), gettext("Write one, then save it."))
    if len(texts) > 1:
        _check_thread(channel)
    for number, measure in enumerate(measured(channel, texts), 1):
        if not measure.fits:
            which = (
                gettext("Message %(number)s of %(texts)s") % {"number": number, "texts": len(texts)}
                if len(texts) > 1
                else gettext("The text")
            )
            label = registry.get(channel.network).label
            raise TooLong(
                gettext("%(which)s does not fit %(label)s: %(why)s (%(length)s of %(limit)s).")
                % {
                    "which": which,
                    "label": label,
                    "why": told(measure.why),
                    "length": measure.length,
                    "limit": measure.limit,
                },
                gettext("Change it, then save again. Nothing you wrote is lost."),
            )


def _check_thread(channel: Channel) -> None:
    network = registry.get(channel.network)
    account = measured_as(channel)
    if registry.can_send(channel.network) and not takes_threads(network, account):
        raise NoThreads(
            gettext("%(label)s takes no posts of several messages from this channel.")
            % {"label": network.label},
            gettext(
                "Make it one message. Where an account of %(label)s can take threads, the channel's settings say so."
            )
            % {"label": network.label},
        )
