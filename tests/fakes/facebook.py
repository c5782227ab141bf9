"""A fake of Facebook's Graph API for one page, after developers.facebook.com: it checks, counts and refuses as the real one does.

It knows nothing of our code. A picture that is uploaded as published makes a post, as on Facebook.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

from publisher.social.networks.base import Account
from tests.fakes.switches import Answer, Fake, Request, as_json

PAGE, PAGE_NAME = "102030405060708", "Almaria Office"
TOKEN = "EAAGpageTOKEN" + "x" * 60
APP, APP_SECRET = "998877665544", "0123456789abcdef0123456789abcdef"
FORMATS = {"JPEG", "PNG", "GIF", "BMP", "TIFF"}
LARGEST = 10_000_000
PAGE_FIELDS = {"id", "name", "link"}
POST_FIELDS = {"id", "message", "created_time", "permalink_url"}
FEED = {"message", "link", "published", "appsecret_proof"}
PHOTO = {"published", "alt_text_custom", "appsecret_proof", "source"}


class Refused(Exception):
    def __init__(self, code: int, message: str, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        headers = more.pop("headers", {})
        error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbC"} | more
        self.answer = as_json(status, {"error": error}, headers)


@dataclass
class Photo:
    data: bytes
    alt: str
    shown_by: str = ""


@dataclass
class Post:
    """A post, or the comment on `parent`. `ours`: made by this app, so that it may change it."""

    id: str
    message: str
    created: datetime
    link: str = ""
    photos: list[str] = field(default_factory=list)
    parent: str = ""
    ours: bool = True


class FakeFacebook(Fake):
    """`posts` by id, oldest first; comments are among them."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, Post] = {}
        self.photos: dict[str, Photo] = {}
        self.scopes = [
            "pages_show_list",
            "pages_manage_posts",
            "pages_read_engagement",
            "pages_manage_engagement",
        ]
        self.token_state = "good"
        """Or expired, revoked: what is wrong with the token."""
        self.whose = (PAGE, PAGE_NAME)
        self.needs_proof = False
        self.refuses_repeats = True
        self.expires_at = self.data_access_expires_at = 0
        self.most_on_a_page = 100
        self.refuses: Refused | None = None
        """What a request that publishes is answered, if anything."""
        self._last = 1000

    @property
    def texts(self) -> list[str]:
        return [post.message for post in self.posts.values()]

    def add(self, message: str, *, age: timedelta = timedelta(), parent: str = "", ours: bool = True) -> Post:
        """A post that somebody made, `age` ago; or a comment."""
        number = self._number()
        owner = (parent.rpartition("_")[2] or parent) if parent else PAGE
        post = Post(f"{owner}_{number}", message, datetime.now(UTC) - age, parent=parent, ours=ours)
        self.posts[post.id] = post
        return post

    def take(self, request: Request) -> Answer:
        try:
            return as_json(200, self._done(request))
        except Refused as refused:
            return refused.answer

    def _done(self, request: Request) -> Any:
        url = urlsplit(request.path)
        found = re.fullmatch(r"/v(\d+)\.(\d+)(/.+)", url.path)
        if not found or not 20 <= int(found[1]) <= 26:
            raise Refused(2500, f"Unknown path components: {url.path}")
        query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        given = query | _form(request)
        path = found[3]
        if (request.method, path) == ("GET", "/debug_token"):
            return self._debugged(request, given)
        self._authorise(request, given)
        for method, pattern, does in ROUTES:
            if method == request.method and (match := re.fullmatch(pattern, path)):
                return does(self, given, *match.groups())
        raise Refused(100, "Unsupported request", error_subcode=33)

    def _authorise(self, request: Request, given: Mapping[str, Any]) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token != TOKEN:
            raise Refused(190, f"Malformed access token {token}", 400)
        if self.token_state == "expired":
            raise Refused(190, "Error validating access token: Session has expired.", 400, error_subcode=463)
        if self.token_state == "revoked":
            raise Refused(190, "The user has not authorized application.", 400, error_subcode=458)
        proof = given.get("appsecret_proof")
        if (proof or self.needs_proof) and proof != proof_of(token):
            raise Refused(100, "Invalid appsecret_proof provided in the API argument")

    def _debugged(self, request: Request, given: Mapping[str, Any]) -> Any:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer != f"{APP}|{APP_SECRET}":
            raise Refused(190, "Invalid OAuth access token - Cannot parse access token")
        if given.get("input_token") != TOKEN:
            raise Refused(100, "The access token could not be decrypted")
        data: dict[str, Any] = {
            "app_id": APP,
            "type": "PAGE",
            "is_valid": self.token_state == "good",
            "expires_at": self.expires_at,
            "data_access_expires_at": self.data_access_expires_at,
            "scopes": self.scopes,
            "profile_id": self.whose[0],
        }
        if not data["is_valid"]:
            data["error"] = {"code": 190, "message": "Error validating access token: Session has expired."}
        return {"data": data}

    def me(self, given: Mapping[str, Any]) -> Any:
        asked = str(given.get("fields", "id,name")).split(",")
        for name in asked:
            if name not in PAGE_FIELDS:
                raise Refused(100, f"(#100) Tried accessing nonexisting field ({name}) on node type (Page)")
        return {"id": self.whose[0], "name": self.whose[1]}

    def feed(self, given: Mapping[str, Any], page: str) -> Any:
        self._may("pages_manage_posts", page)
        if self.refuses:
            raise self.refuses
        attached = [given[name] for name in sorted(given) if re.fullmatch(r"attached_media\[\d+\]", name)]
        if unknown := set(given) - FEED - {f"attached_media[{number}]" for number in range(len(attached))}:
            raise Refused(100, f"(#100) Invalid parameter {sorted(unknown)}")
        message, link = str(given.get("message", "")), str(given.get("link", ""))
        if not message.strip() and not link and not attached:
            raise Refused(100, "(#100) You must provide a message, link or attached_media")
        self._check(message, 63_206)
        if link and not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", link):
            raise Refused(1500, "The url you supplied is invalid")
        if link and attached:
            raise Refused(100, "(#100) A post shows a link or photos")
        photos = [self._attached(each) for each in attached]
        if len(photos) > 10 or len(set(photos)) != len(photos):
            raise Refused(100, "(#100) Too many photos, or the same twice")
        top = [post for post in self.posts.values() if not post.parent]
        if self.refuses_repeats and any(post.message == message.strip() for post in top[-20:]):
            raise Refused(506, "Duplicate status message", error_subcode=1455006)
        post = self.add(message.strip())
        post.link, post.photos = link, photos
        for photo in photos:
            self.photos[photo].shown_by = post.id
        return {"id": post.id}

    def photo(self, given: Mapping[str, Any], page: str) -> Any:
        self._may("pages_manage_posts", page)
        if unknown := set(given) - PHOTO:
            raise Refused(100, f"(#100) Invalid parameter {sorted(unknown)}")
        data = given.get("source")
        if not isinstance(data, bytes):
            raise Refused(324, "Requires upload file")
        try:
            format_ = Image.open(io.BytesIO(data)).format
        except OSError:
            format_ = None
        if format_ not in FORMATS or len(data) >= LARGEST:
            raise Refused(324, "Missing or invalid image file", error_subcode=2069019)
        number = str(self._number())
        self.photos[number] = Photo(data, str(given.get("alt_text_custom", "")))
        if given.get("published") != "false":
            post = self.add("")
            post.photos = [number]
            return {"id": number, "post_id": post.id}
        return {"id": number}

    def comment(self, given: Mapping[str, Any], parent: str) -> Any:
        self._may("pages_manage_engagement", PAGE)
        if self.refuses:
            raise self.refuses
        self._post(parent, "post")
        message = str(given.get("message", ""))
        if not message.strip():
            raise Refused(100, "(#100) Missing message")
        self._check(message, 8000)
        return {"id": self.add(message.strip(), parent=parent).id}

    def edit(self, given: Mapping[str, Any], post_id: str) -> Any:
        post = self._post(post_id, "post")
        if not post.ours:
            raise Refused(200, "(#200) This post wasn't created by the application")
        message = str(given.get("message", ""))
        self._check(message, 8000 if post.parent else 63_206)
        post.message = message.strip()
        return {"success": True}

    def delete(self, _: Mapping[str, Any], post_id: str) -> Any:
        self._post(post_id, "delete")
        self.posts = {each: post for each, post in self.posts.items() if post_id not in (each, post.parent)}
        return {"success": True}

    def published(self, given: Mapping[str, Any], page: str) -> Any:
        self._may("pages_read_engagement", page)
        limit = int(given.get("limit", 25))
        asked = str(given.get("fields", "id,message,created_time")).split(",")
        if not 1 <= limit <= 100:
            raise Refused(100, "(#100) Please reduce the limit: at most 100")
        for name in asked:
            if name not in POST_FIELDS:
                raise Refused(100, f"(#100) Tried accessing nonexisting field ({name})")
        limit = min(limit, self.most_on_a_page)
        own = [post for post in self.posts.values() if not post.parent]
        newest = sorted(own, key=lambda post: (post.created, post.id), reverse=True)
        start = int(str(given.get("after", "c0"))[1:])
        shown = newest[start : start + limit]
        answer: dict[str, Any] = {"data": [_shown(post, asked) for post in shown]}
        if shown:
            after = f"c{start + limit}"
            answer["paging"] = {"cursors": {"before": f"c{start}", "after": after}}
            if start + limit < len(newest):
                answer["paging"]["next"] = (
                    f"https://graph.facebook.com/next?access_token={TOKEN}&after={after}"
                )
        return answer

    def _may(self, scope: str, page: str) -> None:
        if page != PAGE or self.whose[0] != PAGE:
            raise _no_object(page, "post")
        if scope not in self.scopes:
            raise Refused(200, f"(#200) Requires {scope} permission", 403)

    def _post(self, post_id: str, verb: str) -> Post:
        if post_id not in self.posts or self.whose[0] != PAGE:
            raise _no_object(post_id, verb)
        return self.posts[post_id]

    def _attached(self, given: Any) -> str:
        try:
            number = str(json.loads(given)["media_fbid"])
        except (ValueError, TypeError, KeyError):
            number = ""
        if number not in self.photos or self.photos[number].shown_by:
            raise Refused(100, "(#100) attached_media must name photos that are not published")
        return number

    @staticmethod
    def _check(message: str, most: int) -> None:
        """Two for what is outside of the basic plane: the strictest reading of a “character”."""
        length = sum(2 if ord(character) > 0xFFFF else 1 for character in message.strip())
        if length > most:
            raise Refused(100, f"(#100) The message is {length} characters long, more than {most}")

    def _number(self) -> int:
        self._last += 1
        return self._last


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/me", FakeFacebook.me),
    ("POST", r"/(\d+)/feed", FakeFacebook.feed),
    ("POST", r"/(\d+)/photos", FakeFacebook.photo),
    ("GET", r"/(\d+)/published_posts", FakeFacebook.published),
    ("POST", r"/(\d+_\d+)/comments", FakeFacebook.comment),
    ("POST", r"/(\d+_\d+)", FakeFacebook.edit),
    ("DELETE", r"/(\d+_\d+)", FakeFacebook.delete),
]


def proof_of(token: str) -> str:
    return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


def limited(minutes: int) -> dict[str, str]:
    """The header of a page whose limit is used up."""
    use = {"type": "pages", "call_count": 100, "total_cputime": 3, "total_time": 5}
    return {
        "X-Business-Use-Case-Usage": json.dumps({PAGE: [use | {"estimated_time_to_regain_access": minutes}]})
    }


def account_at(url: str, *, timeout: float = 5.0, app: bool = False, **settings: Any) -> Account:
    """The page's account on that server; `app`: with the app's id and secret."""
    credentials = {"access_token": TOKEN} | ({"app_id": APP, "app_secret": APP_SECRET} if app else {})
    return Account(
        1, "Almaria Office", credentials, {"page": PAGE, "api": url, "timeout_seconds": timeout, **settings}
    )


def _no_object(number: str, verb: str) -> Refused:
    why = "does not exist, cannot be loaded due to missing permissions, or does not support this operation"
    return Refused(100, f"Unsupported {verb} request. Object with ID '{number}' {why}", error_subcode=33)


def _shown(post: Post, asked: list[str]) -> dict[str, Any]:
    everything = {
        "id": post.id,
        "message": post.message,
        "created_time": f"{post.created:%Y-%m-%dT%H:%M:%S}+0000",
        "permalink_url": f"https://www.facebook.com/{PAGE}/posts/{post.id.rpartition('_')[2]}",
    }
    return {name: value for name, value in everything.items() if name in asked and value}


def _form(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        return {
            name: values[-1]
            for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()
        }
    if not kind.startswith("multipart/form-data"):
        return {}
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    found: dict[str, Any] = {}
    for part in email.message_from_bytes(head + request.body, policy=email.policy.HTTP).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        found[name] = data if part.get_filename() else data.decode()
    return found
