"""A channel's row as its network sees it, and what the network says of a text. Approval, delivery and the desk ask here."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.core.crypto import opened
from publisher.core.errors import UserError
from publisher.render.measure import Measure
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.networks.base import Account


class TooLong(UserError):
    """A text does not fit its network."""


def account_of(channel: Channel) -> Account:
    """The account with its credentials opened: hand it to a network, keep it nowhere. Raises `CannotDecrypt`."""
    return Account(channel.pk, channel.name, opened(channel.credentials) or {}, channel.settings or {})


def account_without_secrets(channel: Channel) -> Account:
    """The account for what a network says by itself: rules, limits of pictures."""
    return Account(channel.pk, channel.name, {}, channel.settings or {})


def measured(channel: Channel, texts: Sequence[str]) -> list[Measure]:
    """Each text by the network's own measure. Raises `NoSuchNetwork`."""
    network = registry.get(channel.network)
    rules = network.rules(account_without_secrets(channel))
    return [network.measure(text, rules) for text in texts]


def check_texts(channel: Channel, texts: Sequence[str]) -> None:
    """Raises `TooLong` for the first text that does not fit, `NoSuchNetwork`."""
    if not texts:
        raise TooLong("The post has no text.", "Write one, then save it.")
    for number, measure in enumerate(measured(channel, texts), 1):
        if not measure.fits:
            which = f"Message {number} of {len(texts)}" if len(texts) > 1 else "The text"
            label = registry.get(channel.network).label
            raise TooLong(
                f"{which} does not fit {label}: {measure.why} ({measure.length} of {measure.limit}).",
                "Change it, then save again. Nothing you wrote is lost.",
            )
