"""From a network's name to the network: our own folders, and those that others install (entry points `publisher.networks`).

The only place that lists networks, in the order in which staff are offered them. Everything else asks here by the name that a
channel stores.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from django.utils.translation import gettext

from publisher.core.errors import UserError
from publisher.social.networks.base import ByHand, Measuring, Network
from publisher.social.networks.bluesky.network import BLUESKY
from publisher.social.networks.facebook.network import FACEBOOK
from publisher.social.networks.linkedin.network import LINKEDIN
from publisher.social.networks.mastodon.network import MASTODON
from publisher.social.networks.sandbox.network import SANDBOX
from publisher.social.networks.telegram.network import TELEGRAM
from publisher.social.networks.webhook.network import WEBHOOK
from publisher.social.networks.wechat.network import WECHAT
from publisher.social.networks.weibo.network import WEIBO
from publisher.social.networks.x.network import X

log = logging.getLogger(__name__)

OWN: tuple[Measuring[Any], ...] = (
    X,
    MASTODON,
    BLUESKY,
    LINKEDIN,
    FACEBOOK,
    TELEGRAM,
    WECHAT,
    WEIBO,
    WEBHOOK,
    SANDBOX,
)
GROUP = "publisher.networks"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


class NoSuchNetwork(UserError):
    """No network of that name is installed."""


class CannotSend(UserError):
    """The network can be drafted for and measured, not sent to."""


def get(name: str) -> Measuring[Any]:
    """The network of that name, for drafting and measuring. Raises `NoSuchNetwork`."""
    known = networks()
    if name not in known:
        raise NoSuchNetwork(
            gettext("There is no network “%(name)s”.") % {"name": name},
            gettext("Known: %(known)s. One that was added by a package needs that package installed.")
            % {"known": ", ".join(sorted(known))},
        )
    return known[name]


def label(name: str) -> str:
    """What staff call the network of that name; of one that is not installed the name itself."""
    network = networks().get(name)
    return network.label if network else name


def sending(name: str) -> Network[Any]:
    """The network of that name, for publishing. Raises `NoSuchNetwork`, `CannotSend`."""
    network = get(name)
    if not isinstance(network, Network):
        raise CannotSend(
            gettext("Publisher cannot send to %(label)s yet: its posts are drafted and measured only.")
            % {"label": network.label},
            gettext("Copy the text from the draft, or choose a channel on another network."),
        )
    return network


def leaving(name: str) -> Network[Any] | ByHand[Any]:
    """The network of that name whose posts can leave: sent by us, or by a person. Raises `NoSuchNetwork`, `CannotSend`."""
    network = get(name)
    return network if isinstance(network, ByHand) else sending(name)


def by_hand(name: str) -> ByHand[Any] | None:
    """The network of that name if a person publishes there; None for any other."""
    network = networks().get(name)
    return network if isinstance(network, ByHand) else None


def can_send(name: str) -> bool:
    """Whether posts for a channel on that network can leave, by us or by a person."""
    return isinstance(networks().get(name), Network | ByHand)


def sendable() -> list[str]:
    """The names of the networks whose posts can leave."""
    return [name for name in networks() if can_send(name)]


@cache
def networks() -> dict[str, Measuring[Any]]:
    """All networks by name. Read once a process: a package installed later needs a restart."""
    return {network.name: network for network in OWN} | installed(entry_points(group=GROUP))


def installed(found: Iterable[EntryPoint]) -> dict[str, Measuring[Any]]:
    """The networks of other packages. One that cannot be loaded, takes a name of ours or cannot even measure is left out and
    logged; so is what one lacks that begins to send and is no whole `Network`."""
    ours = {network.name for network in OWN}
    loaded: dict[str, Measuring[Any]] = {}
    for point in found:
        told = {"network": point.name}
        try:
            network = point.load()
        except Exception as error:  # an edge: the package is not ours, and must not stop the other networks
            log.exception("network.not_loaded", extra=told | {"error": str(error)})
            continue
        name = getattr(network, "name", "")
        if not _NAME.fullmatch(str(name)) or name in ours or name in loaded:
            log.error("network.bad_name", extra=told | {"given": str(name)})
        elif lacks := missing(network, Measuring):
            log.error("network.not_whole", extra=told | {"lacks": ", ".join(lacks)})
        else:
            loaded[name] = network
            if (lacks := missing(network, Network)) and hasattr(network, "publish"):
                log.error("network.cannot_send", extra=told | {"lacks": ", ".join(lacks)})
    return loaded


def missing(network: object, kind: type) -> list[str]:
    """The members of `Measuring`, `Network` or `ByHand` that an object does not have."""
    members = {each for base in kind.__mro__ if getattr(base, "_is_protocol", False) for each in vars(base)}
    return sorted(each for each in members if not each.startswith("_") and not hasattr(network, each))
