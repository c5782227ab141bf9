"""Telegram's Bot API over HTTP: one request publishes a message, also one with pictures. `errors.py` says what answers mean.

The token is part of the address, so no address stands in any error or log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account, Prepared, Receipt
from publisher.social.networks.telegram.errors import AlreadyGone, NotModified, error_of
from publisher.social.networks.telegram.measure import measure
from publisher.social.networks.telegram.rules import CAPTION, PICTURES, WIDEST, Rules
from publisher.social.networks.wire import File, Request, ask, time_left

API = "https://api.telegram.org"
WHOLE_SECONDS = 25.0
UPLOAD_SECONDS = 50.0
"""Making an album's pictures and uploading them: 100 MB at most. Over before anything left: tried again."""

_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{20,100}\Z")


@dataclass(frozen=True)
class Remote:
    """What `Receipt.remote_id` holds: the chat's number, whether the text is a caption, and the message's numbers."""

    chat: int
    caption: bool
    messages: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.chat}/{'caption' if self.caption else 'text'}/{','.join(map(str, self.messages))}"


def remote_of(remote_id: str) -> Remote:
    """Raises `Rejected` for what is none, as after a person's word that a message is there."""
    found = re.fullmatch(r"(-?\d+)/(caption|text)/(\d+(?:,\d+)*)", remote_id)
    if not found:
        raise Rejected(
            gettext_noop("It is not known which message on Telegram this is: change or delete it there.")
        )
    return Remote(int(found[1]), found[2] == "caption", tuple(int(each) for each in found[3].split(",")))


def send(account: Account, prepared: Prepared, *, reply_to: str = "") -> Receipt:
    """Publish. Nothing tells Telegram that a message is a repeated one: never call it again after `Unknown`."""
    content = prepared.payload
    until = time_left(
        UPLOAD_SECONDS if content["pictures"] else WHOLE_SECONDS
    )  # pictures take time to be made
    fields = {"chat_id": _chat(account), **content["options"], **_reply(reply_to)}
    pictures = content["pictures"]
    if not pictures:
        fields |= {**_text(content, "text"), "link_preview_options": content["link_preview"]}
        return _receipt(_call(account, "sendMessage", fields, until=until), caption=False)
    files = _files(pictures)
    if len(pictures) == 1:
        fields |= _text(content, "caption")
        answer = _call(account, "sendPhoto", fields, {"photo": files[0]}, until=until)
        return _receipt(answer, caption=True)
    named = {f"picture{number}": file for number, file in enumerate(files)}
    media: list[dict[str, Any]] = [{"type": "photo", "media": f"attach://{name}"} for name in named]
    media[0] |= _text(content, "caption")
    answer = _call(account, "sendMediaGroup", fields | {"media": media}, named, until=until)
    return _receipt(answer, caption=True)


def edit(account: Account, remote_id: str, prepared: Prepared) -> Receipt:
    """Put another text in the message's place; its pictures stay."""
    remote, content = remote_of(remote_id), prepared.payload
    plain = _plain_of(content["text"]) if content["parse_mode"] else content["text"]
    if remote.caption and not measure(plain, Rules(CAPTION)).fits:
        raise Rejected(
            gettext_noop("A text with pictures has %(caption)s characters at most on Telegram.")
            % {"caption": CAPTION}
        )
    fields: dict[str, Any] = {"chat_id": remote.chat, "message_id": remote.messages[0]}
    try:
        if remote.caption:
            answer = _call(account, "editMessageCaption", fields | _text(content, "caption"))
        else:
            fields |= {**_text(content, "text"), "link_preview_options": content["link_preview"]}
            answer = _call(account, "editMessageText", fields)
    except NotModified:
        return Receipt(remote_id)
    return Receipt(remote_id, _receipt(answer, caption=remote.caption).url)


def delete(account: Account, remote_id: str) -> None:
    """Delete a message with all pictures of its album. What is gone already is no error."""
    remote = remote_of(remote_id)
    until = time_left(WHOLE_SECONDS)
    for message in remote.messages:
        try:
            _call(account, "deleteMessage", {"chat_id": remote.chat, "message_id": message}, until=until)
        except AlreadyGone:
            continue


def whoami(account: Account) -> str:
    """The bot and the chat by name. Raises `ChannelDown` when the bot may not post there."""
    until = time_left(WHOLE_SECONDS)
    try:
        bot = _object(_call(account, "getMe", {}, until=until))
        chat = _object(_call(account, "getChat", {"chat_id": _chat(account)}, until=until))
        asked = {"chat_id": _chat(account), "user_id": bot.get("id")}
        member = _object(_call(account, "getChatMember", asked, until=until))
    except Unknown as error:
        raise Retry(error.reason) from error
    except Rejected as error:
        raise ChannelDown(error.reason) from error
    status = member.get("status")
    is_channel = chat.get("type") == "channel"
    if status in ("left", "kicked") or (is_channel and not _may_post(member)):
        raise ChannelDown(
            gettext_noop(
                "The bot may not post in “%(title)s”: make it an administrator that may post messages."
            )
            % {"title": chat.get("title")}
        )
    return f"@{bot.get('username')} in {chat.get('title') or chat.get('username')}"


def _may_post(member: Mapping[str, Any]) -> bool:
    return member.get("status") == "creator" or (
        member.get("status") == "administrator" and member.get("can_post_messages") is True
    )


def _call(
    account: Account,
    method: str,
    fields: Mapping[str, Any],
    files: Mapping[str, File] | None = None,
    *,
    until: float | None = None,
) -> Answer:
    """One request. In a form, what is no text is JSON."""
    token = str(account.credentials.get("token") or "")
    if not _TOKEN.match(token):
        raise ChannelDown(
            gettext_noop("The channel has no bot token such as 123456:ABC…: ask @BotFather for it.")
        )
    url = f"{str(account.settings.get('api') or API).rstrip('/')}/bot{token}/{method}"
    if files:
        form = {
            key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for key, value in fields.items()
        }
        request = Request("POST", url, form=form, files=files)
    else:
        content = json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()
        request = Request("POST", url, {"Content-Type": "application/json"}, content=content)
    got = ask(request, until=until or time_left(WHOLE_SECONDS))
    if refused := _without(token, error_of(got)):
        raise refused
    return got


def _without(token: str, error: OtherSideError | None) -> OtherSideError | None:
    """A server between may quote the address: the token is taken out of what it says."""
    if error:
        error.reason = error.reason.replace(token, "…")
        error.args = (error.reason,)
    return error


def _chat(account: Account) -> str | int:
    chat = account.settings.get("chat")
    if not isinstance(chat, str | int) or isinstance(chat, bool) or not str(chat).strip():
        raise ChannelDown(
            gettext_noop("The channel's settings name no `chat`: “@name” or the chat's number.")
        )
    return chat


def _reply(remote_id: str) -> dict[str, Any]:
    """A thread's next message answers the one before; without it, it stands alone rather than not at all."""
    if not remote_id:
        return {}
    last = remote_of(remote_id).messages[0]
    return {"reply_parameters": {"message_id": last, "allow_sending_without_reply": True}}


def _text(content: Mapping[str, Any], key: str) -> dict[str, str]:
    mode = {"parse_mode": content["parse_mode"]} if content["parse_mode"] else {}
    return {key: content["text"], **mode}


def _files(pictures: list[Mapping[str, Any]]) -> list[File]:
    """Raises `Rejected` for a picture that cannot be made what Telegram takes."""
    from publisher.social.media.fitting import fitted  # noqa: PLC0415 - Pillow, which mail workers do without

    files = []
    for number, picture in enumerate(pictures):
        made = fitted(picture["digest"], PICTURES)
        if max(made.width, made.height) > WIDEST * min(made.width, made.height):
            raise Rejected(
                gettext_noop(
                    "A picture is more than %(widest)s times as long as it is wide: Telegram shows none such."
                )
                % {"widest": WIDEST}
            )
        files.append(File(f"picture{number}.jpg", made.data, made.type))
    return files


def _plain_of(text: str) -> str:
    """The text of our own HTML as it is read."""
    bare = text.replace("<b>", "").replace("</b>", "")
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _receipt(answer: Answer, *, caption: bool) -> Receipt:
    """What names no message is no proof: it may be there all the same."""
    said = answer.fields.get("result")
    messages = said if isinstance(said, list) else [said]
    numbers, chat = [], None
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("message_id"), int):
            raise Unknown(gettext_noop("Telegram's answer names no message."))
        numbers.append(message["message_id"])
        chat = message.get("chat")
    if not isinstance(chat, dict) or not isinstance(chat.get("id"), int):
        raise Unknown(gettext_noop("Telegram's answer names no chat."))
    return Receipt(str(Remote(chat["id"], caption, tuple(numbers))), _url(chat, numbers[0]))


def _url(chat: Mapping[str, Any], message: int) -> str:
    """The message's page; a private channel's opens for members only, and a small group has none."""
    if isinstance(chat.get("username"), str) and chat["username"]:
        return f"https://t.me/{chat['username']}/{message}"
    number = str(chat["id"])
    return f"https://t.me/c/{number[4:]}/{message}" if number.startswith("-100") else ""


def _object(answer: Answer) -> dict[str, Any]:
    found = answer.fields.get("result")
    if not isinstance(found, dict):
        raise Unknown(gettext_noop("Telegram's answer cannot be read."))
    return found
