"""Every error that crosses a room's border: what the other side may answer, and what a person may be told.

Networks, mail servers and feeds raise the `OtherSideError` family and nothing else; the delivery log turns each into a state.
"""

from __future__ import annotations

from datetime import timedelta


class OtherSideError(Exception):
    """An answer of a network, mail server or feed that is not success."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


LONGEST_WAIT = timedelta(days=7)
"""However long the other side asks to wait: by then a person has looked."""


class Retry(OtherSideError):
    """Certainly not accepted; trying the same again later may succeed. `after` is what the other side asked for, if it did, and a
    week at most."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = min(after, LONGEST_WAIT) if after else after


class Rejected(OtherSideError):
    """Certainly not accepted, and the same message never will be."""


class Unknown(OtherSideError):
    """The request went out and no clear answer came back: it may have been accepted. Never repeat it blindly."""


class ChannelDown(OtherSideError):
    """Nothing can be sent through this account or server until a person repairs it (revoked token, bad password)."""


class SenderRefused(ChannelDown):
    """Nothing can be sent in this sender's name through this server; other senders may be welcome."""


class UserError(Exception):
    """A message for the person at the command line or page: what happened, to what; `hint` says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ChangedSince(UserError):
    """It has changed since the person or program saw it, and nothing was overwritten. Each room has its own beneath this one."""
