"""A fake of WeChat's interface for official accounts, after developers.weixin.qq.com: stable_token, media/uploadimg,
material/add_material, draft/add, draft/batchget. It counts and refuses as the real one does, and filters what it filters."""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

from publisher.social.networks.base import Account
from tests.fakes.switches import Answer, Fake, Request, as_json

IMAGES = "http://mmbiz.qpic.cn/mmbiz_png/"
ALLOWED = frozenset(
    {"p", "br", "h1", "h2", "h3", "img", "strong", "em", "section", "span", "blockquote", "ul", "ol", "li"}
)


class Refusal(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = as_json(200, {"errcode": code, "errmsg": f"{message} rid: 6a1b-c"})


@dataclass
class Draft:
    media_id: str
    article: dict[str, Any]
    updated: int


@dataclass
class Token:
    """Good until `until`; an old one lives for five minutes beside the new one."""

    value: str
    until: float


@dataclass
class FakeWeChat(Fake):
    """`ahead`: seconds that its clock is in front. `quota`: calls left of a path. `barred`: a code that each call gets.
    `shows_nothing`: its list of drafts comes empty, although its count is right, which it tells if it `tells_count`."""

    app_id: str = field(default_factory=lambda: f"wx{secrets.token_hex(8)}")
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    drafts: list[Draft] = field(default_factory=list)
    materials: dict[str, bytes] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    quota: dict[str, int] = field(default_factory=dict)
    barred: dict[str, int] = field(default_factory=dict)
    ahead: float = 0.0
    forced: int = 0
    shows_nothing: bool = False
    tells_count: bool = True

    def __post_init__(self) -> None:
        Fake.__init__(self)

    @property
    def now(self) -> float:
        return time.time() + self.ahead

    @property
    def titles(self) -> list[str]:
        return [draft.article["title"] for draft in self.drafts]

    def add(self, title: str, *, age: float = 0.0) -> None:
        """A draft that somebody made by hand, `age` seconds ago."""
        article = {"title": title, "digest": "", "content_source_url": "", "content": ""}
        self.drafts.append(Draft(f"by-hand-{len(self.drafts)}", article, int(self.now - age)))

    def asked(self, path: str) -> int:
        return sum(urlsplit(request.path).path == f"/cgi-bin/{path}" for request in self.requests)

    def revoke(self) -> None:
        """Somebody else has made the account's tokens anew."""
        for token in self.tokens:
            token.value = f"gone-{token.value}"

    def take(self, request: Request) -> Answer:
        try:
            return as_json(200, self._done(request))
        except Refusal as refusal:
            return refusal.answer

    def _done(self, request: Request) -> dict[str, Any]:
        parts = urlsplit(request.path)
        path = parts.path.removeprefix("/cgi-bin/")
        method = getattr(self, f"do_{path.replace('/', '_')}", None)
        if method is None:
            raise Refusal(40066, "invalid url")
        if request.method != "POST":
            raise Refusal(43002, "require POST method")
        if path in self.barred:
            raise Refusal(self.barred[path], "no")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if path != "stable_token":
            self._check_token(query)
        if self.quota.get(path, 1) <= 0:
            raise Refusal(45009, "reach max api daily quota limit")
        if path in self.quota:
            self.quota[path] -= 1
        result: dict[str, Any] = method(request, query)
        return result

    def _check_token(self, query: dict[str, str]) -> None:
        given = query.get("access_token")
        if not given:
            raise Refusal(41001, "access_token missing")
        for token in self.tokens:
            if token.value == given:
                if token.until < self.now:
                    raise Refusal(42001, "access_token expired")
                return
        raise Refusal(40001, "invalid credential, access_token is invalid or not latest")

    def do_stable_token(self, request: Request, _query: Any) -> dict[str, Any]:
        given = _json(request)
        if given.get("grant_type") != "client_credential":
            raise Refusal(40002, "invalid grant_type")
        if given.get("appid") != self.app_id:
            raise Refusal(40013, "invalid appid")
        if given.get("secret") != self.secret:
            raise Refusal(40125, "invalid appsecret")
        newest = self.tokens[-1] if self.tokens else None
        force = given.get("force_refresh") is True
        self.forced += force
        if newest is None or force or newest.until - self.now < 300 or newest.value.startswith("gone-"):
            for token in self.tokens:
                token.until = min(token.until, self.now + 300) if not force else self.now
            newest = Token(secrets.token_urlsafe(40), self.now + 7200)
            self.tokens.append(newest)
        return {"access_token": newest.value, "expires_in": int(newest.until - self.now)}

    def do_media_uploadimg(self, request: Request, _query: Any) -> dict[str, Any]:
        data = _media(request)
        if len(data) >= 1024 * 1024:
            raise Refusal(40009, "invalid image size")
        _check_image(data, {"JPEG", "PNG"})
        url = f"{IMAGES}{len(self.images)}/0"
        self.images[url] = data
        return {"url": url, "errcode": 0, "errmsg": "ok"}

    def do_material_add_material(self, request: Request, query: dict[str, str]) -> dict[str, Any]:
        if query.get("type") not in ("image", "thumb"):
            raise Refusal(40004, "invalid media type")
        data = _media(request)
        if len(data) >= 10 * 1024 * 1024:
            raise Refusal(40009, "invalid image size")
        _check_image(data, {"JPEG", "PNG", "GIF", "BMP"})
        media_id = f"material-{secrets.token_hex(8)}"
        self.materials[media_id] = data
        return {"media_id": media_id, "url": f"{IMAGES}{media_id}/0"}

    def do_draft_add(self, request: Request, _query: Any) -> dict[str, Any]:
        if b"\\u" in request.body:
            raise Refusal(47001, "data format error: escaped characters are shown as they are")
        articles = _json(request).get("articles")
        if not isinstance(articles, list) or not 1 <= len(articles) <= 8:
            raise Refusal(45008, "article size out of limit")
        media_id = f"draft-{secrets.token_hex(8)}"
        for article in articles:
            self._check_article(article)
            article["content"] = self._filtered(article["content"])
        self.drafts.append(Draft(media_id, articles[0], int(self.now)))
        return {"media_id": media_id, "item": []}

    def _check_article(self, article: dict[str, Any]) -> None:
        if article.get("article_type", "news") != "news":
            raise Refusal(40008, "invalid message type")
        if not article.get("title"):
            raise Refusal(45003, "title size out of limit")
        for name, most, code in (("title", 32, 45003), ("author", 16, 45110), ("digest", 128, 45004)):
            if _zi(str(article.get(name) or "")) > most:
                raise Refusal(code, f"{name} size out of limit")
        content = article.get("content")
        if not isinstance(content, str) or not content:
            raise Refusal(44004, "empty content")
        if len(content) >= 20_000 or len(content.encode()) >= 1024 * 1024:
            raise Refusal(45002, "content size out of limit")
        if len(str(article.get("content_source_url") or "").encode()) >= 1024:
            raise Refusal(45005, "url size out of limit")
        if article.get("thumb_media_id") not in self.materials:
            raise Refusal(40007, "invalid media_id")

    def _filtered(self, content: str) -> str:
        """Without scripts, unknown tags, and pictures that do not lie with WeChat."""

        def kept(found: re.Match[str]) -> str:
            name = found[1].lower()
            source = re.search(r'src="([^"]*)"', found[0])
            if name not in ALLOWED or (name == "img" and (not source or source[1] not in self.images)):
                return ""
            return found[0]

        return re.sub(r"</?([a-zA-Z0-9]+)[^>]*>", kept, content)

    def do_draft_batchget(self, request: Request, _query: Any) -> dict[str, Any]:
        given = _json(request)
        offset, count = given.get("offset"), given.get("count")
        if not isinstance(offset, int) or not isinstance(count, int) or not 1 <= count <= 20 or offset < 0:
            raise Refusal(40097, "invalid args")
        newest = [] if self.shows_nothing else sorted(self.drafts, key=lambda draft: -draft.updated)
        items = []
        for draft in newest[offset : offset + count]:
            shown = dict(draft.article)
            if given.get("no_content") == 1:
                del shown["content"]
            items.append(
                {"media_id": draft.media_id, "content": {"news_item": [shown]}, "update_time": draft.updated}
            )
        total = {"total_count": len(self.drafts)} if self.tells_count else {}
        return {**total, "item_count": len(items), "item": items}


def _zi(text: str) -> int:
    """字: two Latin letters are one."""
    return (sum(2 if ord(sign) > 0x2E7F else 1 for sign in text) + 1) // 2


def _json(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except ValueError:
        raise Refusal(47001, "data format error") from None
    return found if isinstance(found, dict) else {}


def _media(request: Request) -> bytes:
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise Refusal(41005, "media data missing")
    whole = email.message_from_bytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body, policy=email.policy.HTTP
    )
    for part in whole.iter_parts():  # type: ignore[attr-defined]  # an EmailMessage by its policy
        if part.get_param("name", header="content-disposition") == "media" and part.get_filename():
            data: bytes = part.get_payload(decode=True)
            return data
    raise Refusal(41005, "media data missing")


def _check_image(data: bytes, kinds: set[str]) -> None:
    try:
        kind = Image.open(io.BytesIO(data)).format
    except OSError:
        raise Refusal(40113, "unsupported file type") from None
    if kind not in kinds:
        raise Refusal(40005, "invalid file type")


def account_at(fake: FakeWeChat, **settings: Any) -> Account:
    """A channel of that account."""
    credentials = {"app_id": fake.app_id, "app_secret": fake.secret}
    return Account(1, "Almaria 公众号", credentials, {"api": fake.url, **settings})
