"""A Mastodon server on loopback, after docs.joinmastodon.org and PostStatusService: for what mastodon-mock takes too lightly.

It has a clock that a test can move, forgets idempotency keys after an hour, counts graphemes, works on pictures for a while,
asks for scopes, and knows who may attach which picture. Texts come back as the HTML that Mastodon makes of them.
"""

from __future__ import annotations

import html
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wcwidth import iter_graphemes

from publisher.social.networks.base import Account
from tests.fakes import oauth

SCOPES = frozenset({"read:accounts", "read:statuses", "write:statuses", "write:media"})
KEYS_KEPT = timedelta(hours=1)
MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif"}
LINK = re.compile(r"https?://[^\s]+")
MENTION = re.compile(r"(?<![\w/])@(\w+)@([\w.-]+\w)")


@dataclass
class Media:
    id: str
    description: str
    focus: tuple[float, float] | None
    type: str
    data: bytes
    polls_left: int
    attached_to: str = ""


@dataclass
class Status:
    id: str
    text: str
    created_at: datetime
    spoiler_text: str = ""
    sensitive: bool = False
    visibility: str = "public"
    language: str = ""
    in_reply_to_id: str = ""
    media: list[str] = field(default_factory=list)
    edited_at: datetime | None = None
    versions: list[str] = field(default_factory=list)


class Refused(Exception):
    def __init__(self, status: int, error: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.headers = status, error, headers or {}


class FakeMastodon:
    """The server's state and rules; `statuses` newest last."""

    def __init__(self) -> None:
        self.tokens: dict[str, frozenset[str]] = {"token": SCOPES}
        self.max_characters = 500
        self.url_length = 23
        self.image_size_limit = 16 * 1024 * 1024
        self.polls = 0
        """How often a picture is asked for before it is ready."""
        self.ahead = timedelta()
        """How far the server's clock is ahead of ours."""
        self.requests_left = 300
        self.shows_nothing = False
        """The list of statuses comes empty, although the account's count is right."""
        self.tells_count = True
        self.statuses: list[Status] = []
        self.media: dict[str, Media] = {}
        self.keys: dict[str, tuple[str, datetime]] = {}
        self.oauth = oauth.Fake()
        """Its pages for people, and its tokens: one that it gave has the scopes that the person gave."""
        self._count = 112233445566
        self.lock = threading.RLock()

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def texts(self) -> list[str]:
        return [status.text for status in self.statuses]

    def add(self, text: str, *, age: timedelta = timedelta()) -> None:
        """A status that somebody made elsewhere, so long ago."""
        self.statuses.append(Status(self._id(), text, self.now - age))

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        with self.lock:
            url = urlsplit(target)
            path = url.path.rstrip("/")
            query = {name: values[-1] for name, values in parse_qs(url.query).items()}
            if path.startswith("/oauth/") or path == "/api/v1/apps":
                status, answer = self.oauth.answer(method, target, headers, body)
                self.tokens |= dict.fromkeys(self.oauth.tokens, SCOPES)
                return status, answer
            self._count_request()
            if (method, path) == ("GET", "/api/v2/instance"):
                return 200, self._instance()
            for pattern, verb, scope, deed in ROUTES:
                if verb == method and (match := re.fullmatch(pattern, path)):
                    self._authorise(headers, scope)
                    return deed(self, Request(headers, query, body, match.groups()))
            raise Refused(404, "The page you are looking for isn't here.")

    def _count_request(self) -> None:
        if self.requests_left <= 0:
            reset = (self.now + timedelta(seconds=200)).isoformat().replace("+00:00", "Z")
            raise Refused(
                429, "Too many requests", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
            )
        self.requests_left -= 1

    def limits(self) -> dict[str, str]:
        """What each success says of the window of requests."""
        return {
            "X-RateLimit-Limit": "300",
            "X-RateLimit-Remaining": str(self.requests_left),
            "X-RateLimit-Reset": _iso(self.now + timedelta(seconds=200)),
        }

    def _authorise(self, headers: dict[str, str], scope: str) -> None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            raise Refused(401, "The access token was revoked")
        if scope not in self.tokens[token]:
            raise Refused(403, "This action is outside the authorized scopes")

    def _instance(self) -> dict[str, Any]:
        statuses = {
            "max_characters": self.max_characters,
            "max_media_attachments": 4,
            "characters_reserved_per_url": self.url_length,
        }
        media = {
            "supported_mime_types": ["image/jpeg", "image/png", "image/gif", "video/mp4"],
            "description_limit": 1500,
            "image_size_limit": self.image_size_limit,
            "image_matrix_limit": 33177600,
        }
        return {
            "domain": "fake",
            "version": "4.4.0",
            "configuration": {"statuses": statuses, "media_attachments": media},
        }

    # What each address does.

    def verify(self, _: Request) -> tuple[int, Any]:
        who = {"id": "7", "username": "office", "acct": "office", "display_name": "Office"}
        return 200, who | ({"statuses_count": len(self.statuses)} if self.tells_count else {})

    def list_statuses(self, request: Request) -> tuple[int, Any]:
        if request.path[0] != "7":
            raise Refused(404, "Record not found")
        most = min(int(request.query.get("limit", "20")), 40)
        below = int(request.query.get("max_id", "9" * 18))
        newest = [each for each in reversed(self.statuses) if int(each.id) < below and not self.shows_nothing]
        return 200, [self._as_json(each) for each in newest[:most]]

    def upload(self, request: Request) -> tuple[int, Any]:
        fields = request.multipart()
        name, data = fields.get("file", ("", b""))
        kind = next((mime for magic, mime in MAGIC.items() if data.startswith(magic)), "")
        if not name or not kind:
            raise Refused(422, "Validation failed: File content type is invalid")
        if len(data) > self.image_size_limit:
            raise Refused(422, "Validation failed: File is too big")
        description = fields.get("description", ("", b""))[1].decode()
        if len(description) > 1500:
            raise Refused(422, "Validation failed: Description is too long (maximum is 1500 characters)")
        raw = fields.get("focus", ("", b""))[1].decode()
        focus = tuple(float(each) for each in raw.split(",")) if raw else None
        media = Media(self._id(), description, focus, kind, data, self.polls)  # type: ignore[arg-type]
        self.media[media.id] = media
        return (202 if media.polls_left else 200), self._media_json(media)

    def show_media(self, request: Request) -> tuple[int, Any]:
        media = self.media.get(request.path[0])
        if media is None or media.attached_to:
            raise Refused(404, "Record not found")
        media.polls_left = max(0, media.polls_left - 1)
        return (206 if media.polls_left else 200), self._media_json(media)

    def post(self, request: Request) -> tuple[int, Any]:
        fields = request.form()
        key = request.headers.get("idempotency-key", "")
        if key in self.keys and self.keys[key][1] > self.now:
            return 200, self._as_json(self._status(self.keys[key][0]))
        status = Status(self._id(), "", self.now, visibility="public", language="en")
        if reply_to := fields.get("in_reply_to_id", [""])[0]:
            if all(each.id != reply_to for each in self.statuses):
                raise Refused(404, "The post you are trying to reply to does not appear to exist.")
            status.in_reply_to_id = reply_to
        status.visibility = fields.get("visibility", ["public"])[0]
        if status.visibility not in ("public", "unlisted", "private", "direct"):
            raise Refused(422, "Validation failed: Visibility is not included in the list")
        status.language = fields.get("language", ["en"])[0]
        self._fill(status, fields)
        self.statuses.append(status)
        if key:
            self.keys[key] = (status.id, self.now + KEYS_KEPT)
        return 200, self._as_json(status)

    def put(self, request: Request) -> tuple[int, Any]:
        status = self._status(request.path[0])
        status.versions.append(self._html(status.text))
        self._fill(status, request.form())
        status.edited_at = self.now
        return 200, self._as_json(status)

    def delete(self, request: Request) -> tuple[int, Any]:
        status = self._status(request.path[0])
        self.statuses.remove(status)
        return 200, self._as_json(status) | {"text": status.text}

    def source(self, request: Request) -> tuple[int, Any]:
        status = self._status(request.path[0])
        return 200, {"id": status.id, "text": status.text, "spoiler_text": status.spoiler_text}

    def history(self, request: Request) -> tuple[int, Any]:
        status = self._status(request.path[0])
        return 200, [{"content": content} for content in [*status.versions, self._html(status.text)]]

    # What they share.

    def _fill(self, status: Status, fields: dict[str, list[str]]) -> None:
        """Text, warning and pictures, checked as a whole before anything of the status changes."""
        text, warning = fields.get("status", [""])[0], fields.get("spoiler_text", [""])[0]
        ids = fields.get("media_ids[]", [])
        if not text.strip() and not ids:
            raise Refused(422, "Validation failed: Text can't be blank")
        if self.length(text, warning) > self.max_characters:
            raise Refused(422, f"Validation failed: Text character limit of {self.max_characters} exceeded")
        if len(ids) > 4:
            raise Refused(422, "Validation failed: Cannot attach more than 4 files")
        for each in ids:
            media = self.media.get(each)
            if media is None or media.attached_to not in ("", status.id):
                raise Refused(422, "Validation failed: Media attachments are invalid")
            if media.polls_left:
                raise Refused(
                    422, "Cannot attach files that have not finished processing. Try again in a moment!"
                )
        for each in ids:
            self.media[each].attached_to = status.id
        status.text, status.spoiler_text, status.media = text, warning, ids
        status.sensitive = bool(warning) or fields.get("sensitive", ["0"])[0] in ("1", "true")

    def length(self, text: str, warning: str) -> int:
        """As the server counts: graphemes, a link at its price, a mention without its domain."""
        priced = LINK.sub("x" * self.url_length, text.replace("\r\n", "\n"))
        return len(list(iter_graphemes(warning + MENTION.sub(r"@\1", priced))))

    def _status(self, status_id: str) -> Status:
        for status in self.statuses:
            if status.id == status_id:
                return status
        raise Refused(404, "Record not found")

    def _id(self) -> str:
        self._count += 1
        return str(self._count)

    def _media_json(self, media: Media) -> dict[str, Any]:
        url = None if media.polls_left else f"https://fake.example/media/{media.id}"
        return {"id": media.id, "type": "image", "url": url, "description": media.description}

    def _as_json(self, status: Status) -> dict[str, Any]:
        return {
            "id": status.id,
            "created_at": _iso(status.created_at),
            "edited_at": _iso(status.edited_at) if status.edited_at else None,
            "in_reply_to_id": status.in_reply_to_id or None,
            "sensitive": status.sensitive,
            "spoiler_text": status.spoiler_text,
            "visibility": status.visibility,
            "language": status.language,
            "url": f"https://fake.example/@office/{status.id}",
            "content": self._html(status.text),
            "media_attachments": [self._media_json(self.media[each]) for each in status.media],
            "account": self.verify(Request({}, {}, b"", ()))[1],
        }

    @staticmethod
    def _html(text: str) -> str:
        """Links in three spans of which two are hidden, mentions as cards without a domain, paragraphs and breaks."""
        made = html.escape(text.strip().replace("\r\n", "\n"), quote=True)

        def link(match: re.Match[str]) -> str:
            url = match[0]
            scheme, rest = url.split("//", 1)
            shown = f'<span class="ellipsis">{rest[:30]}</span><span class="invisible">{rest[30:]}</span>'
            return f'<a href="{url}" rel="nofollow noopener"><span class="invisible">{scheme}//</span>{shown}</a>'

        made = LINK.sub(link, made)
        made = MENTION.sub(
            r'<span class="h-card"><a href="https://\2/@\1" class="u-url mention">@<span>\1</span></a></span>',
            made,
        )
        paragraphs = re.split(r"\n\n+", made)
        return "".join(f"<p>{each.replace(chr(10), '<br />')}</p>" for each in paragraphs)


@dataclass(frozen=True)
class Request:
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes
    path: tuple[str, ...]

    def form(self) -> dict[str, list[str]]:
        if self.headers.get("content-type", "").startswith("application/json"):
            raise Refused(422, "This fake takes forms only.")
        return parse_qs(self.body.decode(), keep_blank_values=True)

    def multipart(self) -> dict[str, tuple[str, bytes]]:
        """Name → (file name, content)."""
        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode()
        parts = message_from_bytes(head + self.body).get_payload()
        found = {}
        for part in parts if isinstance(parts, list) else []:
            name = part.get_param("name", header="content-disposition")
            found[str(name)] = (part.get_filename() or "", part.get_payload(decode=True))
        return found


STATUS = r"/api/v1/statuses/(\d+)"
ROUTES = (
    (r"/api/v1/accounts/verify_credentials", "GET", "read:accounts", FakeMastodon.verify),
    (r"/api/v1/accounts/(\d+)/statuses", "GET", "read:statuses", FakeMastodon.list_statuses),
    (r"/api/v2/media", "POST", "write:media", FakeMastodon.upload),
    (r"/api/v1/media/(\d+)", "GET", "write:media", FakeMastodon.show_media),
    (r"/api/v1/statuses", "POST", "write:statuses", FakeMastodon.post),
    (STATUS, "PUT", "write:statuses", FakeMastodon.put),
    (STATUS, "DELETE", "write:statuses", FakeMastodon.delete),
    (STATUS + "/source", "GET", "read:statuses", FakeMastodon.source),
    (STATUS + "/history", "GET", "read:statuses", FakeMastodon.history),
)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: FakeMastodon) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one piece: TCP makes the second of two wait

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        extra: dict[str, str] = {}
        try:
            status, answer = self.server.fake.handle(self.command, self.path, headers, body)
            extra = self.server.fake.limits()
        except Refused as refused:
            status, answer, extra = refused.status, {"error": refused.error}, refused.headers
        is_page = isinstance(answer, str)
        data = answer.encode() if is_page else json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Date", format_datetime(self.server.fake.now, usegmt=True))
        self.send_header("Content-Type", f"{'text/html' if is_page else 'application/json'}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(fake: FakeMastodon, certificate: Path | None = None) -> Iterator[str]:
    """The fake's address, for the time of a test; https with a file that holds key and certificate."""
    server = _Server(fake)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def account_at(url: str, *, token: str = "token", **settings: Any) -> Account:  # noqa: S107 - a test's own
    """An account on that server."""
    return Account(1, "Almaria Office", {"access_token": token}, {"url": url, **settings})


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
