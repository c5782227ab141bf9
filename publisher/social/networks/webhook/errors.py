"""What a receiver's answers mean. One table for the codes; the rest by hundreds."""

from __future__ import annotations

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.webhook.rules import Format
from publisher.social.networks.wire import wait_of

# 404 and 410: the address is not served (any more). 409: the key is known, and its first request may still be at work.
# 425: the receiver does not want it yet, and may have it already.
_BY_CODE: dict[int, type[OtherSideError]] = {
    401: ChannelDown,
    403: ChannelDown,
    404: ChannelDown,
    405: ChannelDown,
    408: Unknown,
    409: Unknown,
    410: ChannelDown,
    425: Unknown,
}
UNKNOWN_MESSAGE = 10008
"""Discord's code for a message that is not there (any more); for a webhook that is gone it has another."""
_TEAMS_REFUSED = b"Microsoft Teams endpoint returned HTTP error "


class MessageGone(Rejected):
    """There is no such message (any more), and nothing is wrong with the webhook."""


def error_of(answer: Answer, target: Format) -> OtherSideError | None:
    """None for success: any 2xx, whatever it says, but for Discord, which answers with the message. A 5xx may come from a gate
    in front of a receiver that did take it.
    """
    status = answer.status
    if 200 <= status < 300:
        return _hidden(answer, target)
    reason = gettext_noop("The webhook's receiver answered %(status)s.") % {"status": status}
    if status == 429:
        named = answer.headers.get("retry-after") or answer.fields.get("retry_after")
        return Retry(reason, after=wait_of(named))
    if status >= 500:
        return Unknown(reason)
    if status < 400:
        return ChannelDown(
            gettext_noop("%(reason)s It sends us on to another address: put that one into the channel.")
            % {"reason": reason}
        )
    if target is Format.DISCORD and status == 404 and answer.fields.get("code") == UNKNOWN_MESSAGE:
        return MessageGone(gettext_noop("%(reason)s The message is not there any more.") % {"reason": reason})
    return _BY_CODE.get(status, Rejected)(reason)


def _hidden(answer: Answer, target: Format) -> OtherSideError | None:
    """Teams may say 200 and tell of an error in its text."""
    if target is Format.TEAMS and _TEAMS_REFUSED in answer.body:
        if _TEAMS_REFUSED + b"429" in answer.body:
            return Retry(
                gettext_noop("Teams asks to wait."), after=wait_of(answer.headers.get("retry-after"))
            )
        return Unknown(gettext_noop("Teams answered with an error in its text."))
    return None
