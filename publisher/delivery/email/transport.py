"""The ways in which mail can leave, chosen by the scheme of `PUBLISHER_MAIL`: over SMTP, or through a provider."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol

from publisher.delivery.email.outgoing import Outgoing, Result, always
from publisher.delivery.email.providers import PROVIDERS, ProviderSession, at_once
from publisher.delivery.email.setting import read, scheme_of
from publisher.delivery.email.smtp import MailServer, Session


class Transport(Protocol):
    """A user of one mail server or provider. Not for use by two threads; `str()` names it without its secrets."""

    flight: int
    """The most messages that can be in doubt at once: complete on the wire, and without an answer. They are consecutive."""

    gives_way: bool
    """Whether others in its thread go on while it waits (`core.strands`)."""

    def send(self, messages: Iterable[Outgoing], may_go: Callable[[], bool] = always) -> Generator[Result]:
        """Send each message and yield its result, in order; settle it before asking for the next.

        `may_go` is asked right before content goes out; when it says no, Withdrawn is raised. Up to `flight` messages are
        taken from `messages` ahead of their turn, and as many results may come of one call: whoever ends the iteration
        without an exception from here must have taken them all. Raises ChannelDown or Retry when the other side itself
        cannot be used: what gave no result was not accepted then.
        """

    def close(self) -> None:
        """Part from the other side."""


def is_provider(url: str) -> bool:
    """Whether mail goes through a provider, which writes its own headers and signs the message itself."""
    return scheme_of(url) in PROVIDERS


def open_transport(url: str, *, before_call: Callable[[int], bool] = at_once) -> Transport:
    """The transport for an address such as `smtp://…` or `mailgun://…`. It connects when there is something to send.
    `before_call`: of a provider's session, told how many messages a call takes, returns when they may leave; False: they may not.

    Raises UserError, which never repeats a secret, for an address that cannot be used, or when a package is missing.
    """
    found = read(url)
    if isinstance(found, MailServer):
        return Session(found)
    return ProviderSession(found, before_call=before_call)
