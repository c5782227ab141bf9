"""A fake of Telegram's Bot API, after core.telegram.org/bots/api: it parses, counts and refuses as the real one does."""

from __future__ import annotations

import email
import email.policy
import html
import io
import json
import re
from dataclasses import dataclass
from typing import Any

from PIL import Image

from publisher.social.networks.base import Account
from tests.fakes.switches import Answer, Fake, Request, as_json

TOKEN = "123456:" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
CHAT = -1001234567890
TAGS = re.compile(r"</?(?:b|strong|i|em|u|s|code|pre)>")


class Refusal(Exception):
    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        body = {"ok": False, "error_code": code, "description": description}
        self.answer = as_json(code, body | ({"parameters": parameters} if parameters else {}))


@dataclass
class Message:
    """One message of the chat; an album is several."""

    id: int
    text: str
    bold: list[str]
    photo: bytes = b""
    album: int = 0
    reply_to: int = 0
    fields: Any = None


class FakeTelegram(Fake):
    def __init__(self, *, username: str = "almaria_news", rights: bool = True) -> None:
        super().__init__()
        self.messages: list[Message] = []
        self.username = username
        self.rights = rights
        self.revoked = False
        self.next_id = 7

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]

    def take(self, request: Request) -> Answer:
        try:
            return as_json(200, {"ok": True, "result": self._done(request)})
        except Refusal as refusal:
            return refusal.answer

    def _done(self, request: Request) -> Any:
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", request.path)
        method = getattr(self, f"do_{found[2]}", None) if found else None
        if not found or method is None:
            raise Refusal(404, "Not Found")
        if found[1] != TOKEN or self.revoked:
            raise Refusal(401, "Unauthorized")
        return method(*_parsed(request))

    def do_getMe(self, _fields: Any, _files: Any) -> Any:
        return {"id": 123456, "is_bot": True, "first_name": "Office", "username": "office_bot"}

    def do_getChat(self, fields: Any, _files: Any) -> Any:
        self._chat_of(fields)
        return self._chat()

    def do_getChatMember(self, fields: Any, _files: Any) -> Any:
        self._chat_of(fields)
        return {
            "status": "administrator",
            "can_post_messages": self.rights,
            "user": {"id": fields["user_id"]},
        }

    def do_sendMessage(self, fields: Any, _files: Any) -> Any:
        self._may_post(fields)
        preview = fields.get("link_preview_options", {})
        if not set(preview) <= {"is_disabled", "url"}:
            raise Refusal(400, "Bad Request: can't parse link preview options JSON object")
        return self._shown(self._add(fields, "text", 4096, empty="message text is empty"))

    def do_sendPhoto(self, fields: Any, files: Any) -> Any:
        self._may_post(fields)
        message = self._add(fields, "caption", 1024, photo=_photo(files.get("photo")))
        return self._shown(message)

    def do_sendMediaGroup(self, fields: Any, files: Any) -> Any:
        self._may_post(fields)
        media = fields.get("media")
        if not isinstance(media, list) or not 2 <= len(media) <= 10:
            raise Refusal(400, "Bad Request: wrong number of items in the album")
        photos = []
        for each in media:
            if each.get("type") != "photo" or not str(each.get("media")).startswith("attach://"):
                raise Refusal(400, "Bad Request: wrong media type")
            photos.append(_photo(files.get(each["media"].removeprefix("attach://"))))
        for each in media:
            _entities(each, "caption", 1024)
        album = self.next_id
        made = [
            self._add({**fields, "caption": "", **each}, "caption", 1024, photo=photo, album=album)
            for each, photo in zip(media, photos, strict=True)
        ]
        return [self._shown(message) for message in made]

    def do_editMessageText(self, fields: Any, _files: Any) -> Any:
        return self._edit(fields, "text", 4096)

    def do_editMessageCaption(self, fields: Any, _files: Any) -> Any:
        return self._edit(fields, "caption", 1024)

    def do_deleteMessage(self, fields: Any, _files: Any) -> Any:
        self._may_post(fields)
        message = self._find(fields, "delete")
        self.messages.remove(message)
        return True

    def _edit(self, fields: Any, key: str, limit: int) -> Any:
        self._may_post(fields)
        message = self._find(fields, "edit")
        if bool(message.photo) != (key == "caption"):
            raise Refusal(400, f"Bad Request: there is no {key} in the message to edit")
        text, bold = _entities(fields, key, limit)
        if (text, bold) == (message.text, message.bold):
            raise Refusal(
                400, "Bad Request: message is not modified: specified new message content is the same"
            )
        message.text, message.bold = text, bold
        return self._shown(message)

    def _find(self, fields: Any, deed: str) -> Message:
        for message in self.messages:
            if message.id == fields.get("message_id"):
                return message
        raise Refusal(400, f"Bad Request: message to {deed} not found")

    def _add(
        self, fields: Any, key: str, limit: int, *, empty: str = "", photo: bytes = b"", album: int = 0
    ) -> Message:
        text, bold = _entities(fields, key, limit)
        if not text and empty:
            raise Refusal(400, f"Bad Request: {empty}")
        reply = (fields.get("reply_parameters") or {}).get("message_id", 0)
        message = Message(self.next_id, text, bold, photo, album, reply, fields)
        self.next_id += 1
        self.messages.append(message)
        return message

    def _may_post(self, fields: Any) -> None:
        self._chat_of(fields)
        if not self.rights:
            raise Refusal(400, "Bad Request: not enough rights to send text messages to the chat")

    def _chat_of(self, fields: Any) -> None:
        if str(fields.get("chat_id")) not in (str(CHAT), f"@{self.username or '-'}"):
            raise Refusal(400, "Bad Request: chat not found")

    def _chat(self) -> Any:
        chat = {"id": CHAT, "type": "channel", "title": "Almaria Office"}
        return chat | ({"username": self.username} if self.username else {})

    def _shown(self, message: Message) -> Any:
        shown = {"message_id": message.id, "date": 1_780_000_000, "chat": self._chat()}
        return shown | ({"caption" if message.photo else "text": message.text})


def _parsed(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return json.loads(request.body), {}
    if not kind.startswith("multipart/form-data"):
        return {}, {}
    whole = email.message_from_bytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body, policy=email.policy.HTTP
    )
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for part in whole.iter_parts():  # type: ignore[attr-defined]  # an EmailMessage by its policy
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if part.get_filename():
            files[name] = data
        else:
            fields[name] = data.decode()
    for key in ("media", "reply_parameters", "link_preview_options"):
        if key in fields:
            fields[key] = json.loads(fields[key])
    return fields, files


def _entities(fields: Any, key: str, limit: int) -> tuple[str, list[str]]:
    """The text after parsing, and what of it is bold. Its own count: code points outside the BMP are two."""
    raw = str(fields.get(key) or "")
    bold: list[str] = []
    if fields.get("parse_mode") == "HTML":
        rest = TAGS.sub("", raw)
        if "<" in rest or re.search(r"&(?!(?:lt|gt|amp|quot|#\d+);)", rest):
            raise Refusal(400, "Bad Request: can't parse entities: unsupported start tag")
        bold = [html.unescape(found) for found in re.findall(r"<b>(.*?)</b>", raw, re.DOTALL)]
        raw = html.unescape(rest)
    elif fields.get("parse_mode"):
        raise Refusal(400, "Bad Request: unsupported parse_mode")
    text = raw.strip()
    if sum(2 if ord(character) > 0xFFFF else 1 for character in text) > limit:
        raise Refusal(400, f"Bad Request: message {'caption ' if limit < 4096 else ''}is too long")
    return text, bold


def _photo(data: bytes | None) -> bytes:
    if not data:
        raise Refusal(400, "Bad Request: there is no photo in the request")
    if len(data) > 10 * 1024 * 1024:
        raise Refusal(413, "Request Entity Too Large")
    try:
        width, height = Image.open(io.BytesIO(data)).size
    except OSError:
        raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return data


def account_at(fake: FakeTelegram, *, token: str = TOKEN, chat: str | int = CHAT, **settings: Any) -> Account:
    """A channel of that chat."""
    return Account(1, "Almaria Office", {"token": token}, {"api": fake.url, "chat": chat, **settings})
