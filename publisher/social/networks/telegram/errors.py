"""What Telegram's answers mean. It says in words what a code does not tell; the words are matched loosely."""

from __future__ import annotations

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.wire import wait_of

# Parts of the descriptions of a 400 that concern the chat or the bot's rights, not the message.
_OF_THE_CHANNEL = (
    "chat not found",
    "not enough rights",
    "need administrator rights",
    "have no rights",
    "chat_write_forbidden",
    "chat_admin_required",
    "chat_restricted",
    "upgraded to a supergroup",
    "not a member",
    "chat_id is empty",
    "message thread not found",
    "topic_closed",
)
UNCHANGED = "message is not modified"
GONE = "message to delete not found"


class NotModified(Rejected):
    """An edit that changes nothing: the message says that already."""


class AlreadyGone(Rejected):
    """A message that is to be deleted and is not there."""


def error_of(answer: Answer) -> OtherSideError | None:
    """None for success, which is 200 with `"ok": true`. A 5xx may come after the message was sent, and so may another 2xx."""
    said = answer.json()
    if 200 <= answer.status < 300:
        return (
            None
            if said and said.get("ok") is True
            else Unknown(gettext_noop("Telegram's answer cannot be read."))
        )
    description = said.get("description") if said else None
    detail = description[:300] if isinstance(description, str) else ""
    reason = gettext_noop("Telegram answered %(status)s%(detail)s.") % {
        "status": answer.status,
        "detail": f": {detail}" if detail else "",
    }
    if answer.status == 429:
        return Retry(reason, after=wait_of(_named_wait(answer)))
    if answer.status >= 500 or answer.status in (408, 409):
        return Unknown(reason)
    if answer.status in (401, 404):
        return ChannelDown(
            gettext_noop("%(reason)s The bot's token is not valid (any more): ask @BotFather for it.")
            % {"reason": reason}
        )
    if answer.status == 403:
        return ChannelDown(
            gettext_noop("%(reason)s Make the bot an administrator of the chat that may post messages.")
            % {"reason": reason}
        )
    return _refusal(answer.status, reason, detail.lower())


def _refusal(status: int, reason: str, detail: str) -> OtherSideError:
    if status < 400:
        return ChannelDown(
            gettext_noop("%(reason)s The channel's `api` must be the server's own address.")
            % {"reason": reason}
        )
    if any(words in detail for words in _OF_THE_CHANNEL):
        return ChannelDown(
            gettext_noop("%(reason)s Check the channel's `chat`, and the bot's rights there.")
            % {"reason": reason}
        )
    if UNCHANGED in detail:
        return NotModified(reason)
    if GONE in detail:
        return AlreadyGone(reason)
    return Rejected(reason)


def _named_wait(answer: Answer) -> object:
    parameters = answer.fields.get("parameters")
    named = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return named if named is not None else answer.headers.get("retry-after")
