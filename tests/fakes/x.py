"""X on loopback, as far as Publisher speaks to it: posts, timeline, pictures, rate limits. It refuses what the real one refuses.

Written from docs.x.com (API v2) and developer.x.com (OAuth 1.0a). Faults of the wire are `fault_proxy`'s; those that X itself
has are attributes of `FakeX`.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from publisher.social.networks.base import Account
from tests.fakes import x_rules

USER = "1234567"
SECRETS = {
    "consumer_key": "app key",
    "consumer_secret": "app&secret",
    "access_token": f"{USER}-token",
    "access_token_secret": "hush/hush",
}
MAGIC = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "image/gif": b"GIF8"}
LARGEST = {"tweet_image": 5 * 1024 * 1024, "tweet_gif": 15 * 1024 * 1024}
FIELDS = {"created_at", "entities", "referenced_tweets"}


@dataclass
class Post:
    id: str
    text: str
    """As it was sent."""
    media: list[str] = field(default_factory=list)
    reply_to: str = ""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    kind: str = "replied_to"


@dataclass
class Media:
    id: str
    type: str
    category: str
    total: int
    pieces: dict[int, bytes] = field(default_factory=dict)
    done: bool = False
    looks: int = 0
    """How often its state must be asked before it is processed."""
    alt: str = ""

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces[number] for number in sorted(self.pieces))


class Refused(Exception):
    def __init__(self, status: int, detail: str, kind: str = "about:blank", **headers: str) -> None:
        super().__init__(detail)
        body = {"title": detail.split(".", maxsplit=1)[0], "detail": detail, "type": kind, "status": status}
        self.status, self.body, self.headers = status, body, headers


class FakeX(ThreadingHTTPServer):
    """One account. `posts` are those that are public, oldest first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.RLock()
        self.posts: list[Post] = []
        self.media: dict[str, Media] = {}
        self.requests: list[str] = []
        self.nonces: set[str] = set()
        self.revoked = False
        self.remaining = 100
        """Posts that the window still allows."""
        self.reset_at = 0
        self.refuses_repeats = True
        """As X does for a while."""
        self.refuses: Refused | None = None
        """What `POST /2/tweets` is answered, if anything."""
        self.processing = 0
        """How often the state of a GIF must be asked."""
        self.processing_fails = False
        self.page = 100
        """The most posts on a page of the timeline."""
        self.hides: set[str] = set()
        """Posts that the timeline counts and does not show."""
        self.shows_nothing = False
        """The timeline comes empty, although the account's own count is right."""
        self.tells_count = True
        self._last = 1_900_000_000_000_000_000

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def texts(self) -> list[str]:
        return [post.text for post in self.posts]

    def limits(self) -> dict[str, str]:
        """What a success says of the window, where it has an end."""
        if not self.reset_at:
            return {}
        told = {"limit": 100, "remaining": self.remaining, "reset": self.reset_at}
        return {f"x-rate-limit-{name}": str(value) for name, value in told.items()}

    def number(self) -> str:
        self._last += 1
        return str(self._last)

    def add(self, text: str, **given: Any) -> Post:
        """A post that somebody made by hand."""
        with self.lock:
            self.posts.append(Post(self.number(), text, **given))
            return self.posts[-1]

    def take(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        """The status and JSON of a request. Raises `Refused`."""
        self._authorise(method, target, headers.get("Authorization", ""))
        url = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        given = _json(headers.get("Content-Type", ""), body) if body else {}
        for verb, pattern, act in ROUTES:
            if verb == method and (found := re.fullmatch(pattern, url.path)):
                return act(self, given, query, *found.groups())
        raise Refused(404, "Not Found")

    def _authorise(self, method: str, target: str, header: str) -> None:
        why = x_rules.unsigned(method, target, header, SECRETS)
        nonce = re.search(r'oauth_nonce="([^"]+)"', header)
        if self.revoked or why or nonce is None or nonce[1] in self.nonces:
            raise Refused(401, "Unauthorized")
        self.nonces.add(nonce[1])

    def post(self, given: dict[str, Any], _: dict[str, str]) -> tuple[int, Any]:
        if self.refuses:
            raise self.refuses
        if self.remaining <= 0:
            reset = {"x-rate-limit-reset": str(self.reset_at)} if self.reset_at else {}
            raise Refused(429, "Too Many Requests", **{"x-rate-limit-remaining": "0", **reset})
        if unknown := set(given) - {"text", "media", "reply"}:
            raise Refused(400, f"{sorted(unknown)} is not a field of this request.")
        text = given.get("text")
        if not isinstance(text, str) or not text.strip():
            raise Refused(400, "The text field is required.")
        if x_rules.weighted(text) > 280 or any(character in text for character in "\ufeff\ufffe\uffff"):
            raise Refused(400, "Your Tweet text is too long or holds a forbidden character.")
        media = self._attached(given.get("media"))
        reply_to = (given.get("reply") or {}).get("in_reply_to_tweet_id", "")
        if reply_to and all(post.id != reply_to for post in self.posts):
            raise Refused(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
        if self.refuses_repeats and any(post.text.strip() == text.strip() for post in self.posts):
            raise Refused(403, "You are not allowed to create a Tweet with duplicate content.")
        self.remaining -= 1
        post = self.add(text, media=media, reply_to=reply_to)
        return 201, {"data": {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}}

    def _attached(self, given: Any) -> list[str]:
        ids = (given or {}).get("media_ids", []) if isinstance(given, dict | None) else None
        if ids is None or (given is not None and not 1 <= len(ids) <= 4):
            raise Refused(400, "media_ids must hold one to four ids.")
        found = [self.media.get(each) for each in ids]
        if any(each is None or not each.done or each.looks for each in found):
            raise Refused(400, "Your media IDs are invalid.")
        if len(found) > 1 and any(each and each.category == "tweet_gif" for each in found):
            raise Refused(400, "A GIF must be alone.")
        return list(ids)

    def delete(self, _: Any, __: Any, post_id: str) -> tuple[int, Any]:
        before = len(self.posts)
        self.posts = [post for post in self.posts if post.id != post_id]
        if len(self.posts) == before:
            raise Refused(404, "Not Found")
        return 200, {"data": {"deleted": True}}

    def me(self, _: Any, query: dict[str, str]) -> tuple[int, Any]:
        data: dict[str, Any] = {"id": USER, "name": "Almaria Office", "username": "almaria"}
        if self.tells_count and "public_metrics" in query.get("user.fields", "").split(","):
            data["public_metrics"] = {"followers_count": 9, "tweet_count": len(self.posts)}
        return 200, {"data": data}

    def timeline(self, _: Any, query: dict[str, str], user: str) -> tuple[int, Any]:
        if user != USER:
            error = {"title": "Not Found Error", "detail": f"Could not find user with id: [{user}]."}
            return 200, {"errors": [error]}
        size = int(query.get("max_results", "10"))
        asked = set(query.get("tweet.fields", "").split(",")) - {""}
        if not 5 <= size <= 100 or asked - FIELDS:
            raise Refused(400, "One or more parameters to your request was invalid.")
        shown = [] if self.shows_nothing else self.posts
        newest = sorted(shown, key=lambda post: (post.created_at, post.id), reverse=True)
        at, size = int(query.get("pagination_token", "t0")[1:]), min(size, self.page)
        page = newest[at : at + size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if at + size < len(newest):
            meta["next_token"] = f"t{at + size}"
        data = [self._shown(post, asked) for post in page if post.id not in self.hides]
        return 200, {"meta": meta, **({"data": data} if data else {})}

    def _shown(self, post: Post, asked: set[str]) -> dict[str, Any]:
        text, urls = x_rules.shown(post.text, int(post.id) % 100_000, post.media)
        made: dict[str, Any] = {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}
        if "created_at" in asked:
            made["created_at"] = f"{post.created_at:%Y-%m-%dT%H:%M:%S}.000Z"
        if "entities" in asked and urls:
            made["entities"] = {"urls": urls}
        if "referenced_tweets" in asked and post.reply_to:
            made["referenced_tweets"] = [{"type": post.kind, "id": post.reply_to}]
        return made

    def initialize(self, given: dict[str, Any], _: Any) -> tuple[int, Any]:
        kind, category, total = given.get("media_type"), given.get("media_category"), given.get("total_bytes")
        if kind not in MAGIC or category not in LARGEST or not isinstance(total, int):
            raise Refused(400, "media_type, media_category or total_bytes is wrong.")
        if (kind == "image/gif") != (category == "tweet_gif") or not 0 < total <= LARGEST[category]:
            raise Refused(400, "The media is too large, or not of its category.")
        media = Media(self.number(), kind, category, total)
        self.media[media.id] = media
        return 200, {"data": {"id": media.id, "media_key": f"3_{media.id}", "expires_after_secs": 86400}}

    def append(self, given: dict[str, Any], _: Any, media_id: str) -> tuple[int, Any]:
        media = self._media(media_id)
        number = given.get("segment_index")
        if not isinstance(number, int) or not 0 <= number <= 999 or not isinstance(given.get("media"), str):
            raise Refused(400, "segment_index or media is wrong.")
        piece = base64.b64decode(given["media"], validate=True)
        if len(piece) > 5 * 1024 * 1024:
            raise Refused(413, "The segment is too large.")
        media.pieces[number] = piece
        return 200, {"data": {"expires_at": 86400}}

    def finalize(self, _: Any, __: Any, media_id: str) -> tuple[int, Any]:
        media = self._media(media_id)
        if len(media.data) != media.total or sorted(media.pieces) != list(range(len(media.pieces))):
            raise Refused(400, "The segments do not make the whole.")
        if not media.data.startswith(MAGIC[media.type]):
            raise Refused(400, "The media is not of its type.")
        media.done = True
        media.looks = self.processing if media.category == "tweet_gif" else 0
        return 200, self._state(media)

    def status(self, _: Any, query: dict[str, str]) -> tuple[int, Any]:
        if query.get("command") != "STATUS":
            raise Refused(400, "command must be STATUS.")
        media = self._media(query.get("media_id", ""))
        media.looks = max(0, media.looks - 1)
        return 200, self._state(media, asked=True)

    def _state(self, media: Media, *, asked: bool = False) -> dict[str, Any]:
        data: dict[str, Any] = {"id": media.id, "media_key": f"3_{media.id}", "size": media.total}
        if media.looks:
            data["processing_info"] = {"state": "in_progress", "check_after_secs": 0}
        elif asked:
            data["processing_info"] = {"state": "failed" if self.processing_fails else "succeeded"}
        return {"data": data}

    def describe(self, given: dict[str, Any], _: Any) -> tuple[int, Any]:
        media = self._media(given.get("id", ""))
        alt = given.get("metadata", {}).get("alt_text", {}).get("text")
        if not isinstance(alt, str) or not 1 <= len(alt) <= 1000:
            raise Refused(400, "alt_text must have 1 to 1000 characters.")
        media.alt = alt
        return 200, {"data": {"id": media.id, "associated_metadata": {"alt_text": {"text": alt}}}}

    def _media(self, media_id: str) -> Media:
        if media_id not in self.media:
            raise Refused(400, "Your media ID is invalid.")
        return self.media[media_id]


ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/2/tweets", FakeX.post),
    ("DELETE", "/2/tweets/([0-9]+)", FakeX.delete),
    ("GET", "/2/users/me", FakeX.me),
    ("GET", "/2/users/([0-9]+)/tweets", FakeX.timeline),
    ("POST", "/2/media/upload/initialize", FakeX.initialize),
    ("POST", "/2/media/upload/([0-9]+)/append", FakeX.append),
    ("POST", "/2/media/upload/([0-9]+)/finalize", FakeX.finalize),
    ("GET", "/2/media/upload", FakeX.status),
    ("POST", "/2/media/metadata", FakeX.describe),
]


class _Handler(BaseHTTPRequestHandler):
    server: FakeX
    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.requests.append(f"{self.command} {urlsplit(self.path).path}")
            try:
                status, answer = self.server.take(self.command, self.path, self.headers, body)
                headers = self.server.limits()
            except Refused as refused:
                status, answer, headers = refused.status, refused.body, refused.headers
        data = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """One line a request would be noise."""


def _json(kind: str, body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Refused(400, "The body is not JSON.") from error
    if not kind.startswith("application/json") or not isinstance(found, dict):
        raise Refused(400, "The body is not a JSON object.")
    return found


@contextmanager
def fake_x() -> Iterator[FakeX]:
    """The server, for the time of a test."""
    server = FakeX()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def account_at(url: str, *, timeout: float = 5.0, **settings: Any) -> Account:
    """The account on the server, or on the proxy before it, at this address."""
    return Account(1, "Almaria Office", SECRETS, {"api_url": url, "timeout_seconds": timeout, **settings})


def in_seconds(seconds: int) -> int:
    """A moment as X names it in its headers."""
    return int(time.time()) + seconds
