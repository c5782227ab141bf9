"""LinkedIn's Posts, Images and Organizations APIs on loopback, from Microsoft's pages: it checks, keeps posts, and goes wrong
on demand. While it runs, PUBLISHER_FETCH_ALLOW names it. It knows nothing else of our code; texts it reads by its own parser,
which cuts off at what is not escaped.

    with FakeLinkedIn() as there:
        there.faults.append(Fault("publish", "drop"))
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from PIL import Image

RESERVED = "|{}@[]()<>#*_~"
MOST_PIXELS = 36_152_320
KINDS_BEFORE = ("reset", "error", "busy", "limit", "limit_told", "limit_day", "unauthorised", "html_before")
KINDS_AFTER = ("drop", "error_after", "slow", "html_after", "truncated", "cut_body")


@dataclass
class Fault:
    """What goes wrong at a step (initialize, put, image, publish, list, get, edit, delete, organization, introspect)."""

    step: str
    kind: str
    times: int = 1


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.answer = Answer(status, {"status": status, "code": code, "message": message, **more})


@dataclass
class FakeLinkedIn:
    """`posts` by URN in the order of their making; a post's `text` is what readers see."""

    token: str = "the-right-token"
    scopes: str = "r_organization_social,w_organization_social"
    organization: str = "2414183"
    versions: tuple[str, ...] = ("202605", "202606", "202607")
    processing: int = 0
    """How often a picture is asked about before it can be shown."""

    pictures_fail: bool = False
    knows_repeats: bool = True
    shows_nothing: bool = False
    """The list of posts comes empty, although its count is right."""

    tells_count: bool = True
    slow_seconds: float = 1.0
    faults: list[Fault] = field(default_factory=list)
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    deleted: dict[str, str] = field(default_factory=dict)
    client: tuple[str, str] = ("app", "app-secret")
    token_state: str = "active"
    expires_at: int = field(default_factory=lambda: int(time.time()) + 60 * 86400)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def texts(self) -> list[str]:
        return [post["text"] for post in self.posts.values()]

    def __enter__(self) -> FakeLinkedIn:
        self._lock = threading.RLock()
        self._count = 7_431_329_065_766_260_736
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self._allowed = patch.object(
            settings, "FETCH_ALLOW", [*settings.FETCH_ALLOW, f"127.0.0.1:{self.port}"]
        )
        self._allowed.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._allowed.stop()
        self._server.shutdown()
        self._server.server_close()

    def take(self, request: Request) -> Answer:
        with self._lock:
            try:
                return self._dispatch(request)
            except Refused as refused:
                return refused.answer

    def _dispatch(self, request: Request) -> Answer:
        if request.step == "introspect":
            return self._introspect(request)
        self._authorise(request)
        if request.step == "put":
            return self._put(request)
        if request.headers.get("linkedin-version") is None:
            raise Refused(400, "VERSION_MISSING", "A version must be present. Please specify a version.")
        if request.headers["linkedin-version"] not in self.versions:
            asked = request.headers["linkedin-version"]
            raise Refused(426, "NONEXISTENT_VERSION", f"Requested version {asked}01 is not active")
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise Refused(400, "ILLEGAL_ARGUMENT", "X-Restli-Protocol-Version 2.0.0 is needed")
        does = {
            "initialize": self._initialize,
            "image": self._image,
            "publish": self._publish,
            "list": self._list,
            "get": self._get,
            "edit": self._edit,
            "delete": self._delete,
            "organization": self._organization,
        }
        return does[request.step](request)

    def _authorise(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise Refused(401, "INVALID_ACCESS_TOKEN", "Invalid access token", serviceErrorCode=65600)
        if self.token_state == "revoked":
            raise Refused(
                401,
                "REVOKED_ACCESS_TOKEN",
                "The token used in the request has been revoked by the user",
                serviceErrorCode=65601,
            )
        if self.token_state == "expired":
            raise Refused(
                401,
                "EXPIRED_ACCESS_TOKEN",
                "The token used in the request has expired",
                serviceErrorCode=65602,
            )
        needed = "r_organization_social" if request.step in {"list", "get"} else "w_organization_social"
        if needed not in self.scopes.split(","):
            raise Refused(
                403,
                "ACCESS_DENIED",
                f"Not enough permissions to access: {request.step}",
                serviceErrorCode=100,
            )

    def _initialize(self, request: Request) -> Answer:
        self._own(request.json()["initializeUploadRequest"]["owner"])
        urn = f"urn:li:image:C4D{self._number()}"
        self.images[urn] = {"status": "WAITING_UPLOAD", "asked": 0}
        return Answer(
            200, {"value": {"uploadUrl": f"http://{request.headers['host']}/dms-uploads/{urn}", "image": urn}}
        )

    def _put(self, request: Request) -> Answer:
        urn = request.path.rpartition("/")[2]
        if urn not in self.images or self.images[urn]["status"] != "WAITING_UPLOAD":
            raise Refused(400, "BAD", "This place is not free")
        try:
            picture = Image.open(io.BytesIO(request.body))
            good = picture.format in {"JPEG", "PNG", "GIF"} and picture.width * picture.height < MOST_PIXELS
        except OSError:
            good = False
        failed = self.pictures_fail or not good
        self.images[urn] |= {
            "status": "PROCESSING_FAILED" if failed else "PROCESSING",
            "data": request.body,
            "type": request.headers.get("content-type"),
        }
        return Answer(201)

    def _image(self, request: Request) -> Answer:
        urn = unquote(request.path.rpartition("/")[2])
        if urn not in self.images:
            raise Refused(404, "NOT_FOUND", "No such image")
        image = self.images[urn]
        if image["status"] == "PROCESSING" and image["asked"] >= self.processing:
            image["status"] = "AVAILABLE"
        image["asked"] += 1
        return Answer(
            200, {"id": urn, "owner": f"urn:li:organization:{self.organization}", "status": image["status"]}
        )

    def _publish(self, request: Request) -> Answer:
        body = request.json()
        self._own(body["author"])
        allowed = {
            "author", "commentary", "visibility", "distribution", "lifecycleState", "isReshareDisabledByAuthor", "content"
        }  # fmt: skip
        if set(body) - allowed or body["visibility"] != "PUBLIC" or body["lifecycleState"] != "PUBLISHED":
            raise Refused(422, "UNPROCESSABLE", "ERROR :: unrecognized field or value")
        if body["distribution"]["feedDistribution"] != "MAIN_FEED":
            raise Refused(422, "UNPROCESSABLE", "ERROR :: /distribution")
        self._check_length(body["commentary"])
        self._check_content(body.get("content") or {})
        for urn, commentary in [
            *((urn, post["commentary"]) for urn, post in self.posts.items()),
            *self.deleted.items(),
        ]:
            if self.knows_repeats and commentary == body["commentary"]:
                raise Refused(
                    422,
                    "UNPROCESSABLE_ENTITY",
                    f"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}",
                    errorDetailType="com.linkedin.common.error.BadRequest",
                    errorDetails={
                        "inputErrors": [
                            {
                                "description": "Duplicate post is detected",
                                "input": {},
                                "code": "DUPLICATE_POST",
                            }
                        ]
                    },
                )
        return Answer(201, None, {"x-restli-id": self.add(body)})

    def add(self, body: Mapping[str, Any], *, age: float = 0.0) -> str:
        """Keep a post, made `age` seconds ago."""
        urn = f"urn:li:share:{self._number()}"
        made = int((time.time() - age) * 1000)
        self.posts[urn] = {**body, "id": urn, "createdAt": made, "text": seen(body["commentary"])}
        return urn

    def _check_length(self, commentary: str) -> None:
        length = sum(2 if ord(character) > 0xFFFF else 1 for character in commentary)
        if length > 3000:
            raise Refused(422, "UNPROCESSABLE", f"commentary :: length {length} is greater than 3000")

    def _check_content(self, content: Mapping[str, Any]) -> None:
        if len(content) > 1:
            raise Refused(422, "UNPROCESSABLE", "content :: is a union of one")
        shown = [content["media"]] if "media" in content else content.get("multiImage", {}).get("images", [])
        if "multiImage" in content and not 2 <= len(shown) <= 20:
            raise Refused(422, "UNPROCESSABLE", "multiImage :: needs 2 to 20 images")
        for image in shown:
            if len(image.get("altText", "")) > 4086 or image["id"] not in self.images:
                raise Refused(422, "UNPROCESSABLE", "content :: bad image")
            if self.images[image["id"]]["status"] != "AVAILABLE":
                raise Refused(400, "MEDIA_ASSET_WAITING_UPLOAD", "Media asset is not ready")
        if "article" in content and not (
            content["article"].get("source") and content["article"].get("title")
        ):
            raise Refused(422, "UNPROCESSABLE", "article :: source and title are required")

    def _list(self, request: Request) -> Answer:
        if request.headers.get("x-restli-method") != "FINDER" or request.query.get("q") != "author":
            raise Refused(400, "BAD", "no such finder")
        self._own(request.query["author"])
        start, count = int(request.query.get("start", 0)), int(request.query.get("count", 10))
        if count > 100:
            raise Refused(400, "BAD", "count is at most 100")
        newest = sorted(self.posts.values(), key=lambda post: post["createdAt"], reverse=True)
        page = [] if self.shows_nothing else [self._shown(post) for post in newest[start : start + count]]
        total = {"total": len(newest)} if self.tells_count else {}
        return Answer(200, {"paging": {"start": start, "count": count, **total}, "elements": page})

    def _get(self, request: Request) -> Answer:
        return Answer(200, self._shown(self._post(request)))

    def _edit(self, request: Request) -> Answer:
        post = self._post(request)
        changes = request.json()["patch"]["$set"]
        if set(changes) - {"commentary", "contentCallToActionLabel", "contentLandingPage"}:
            raise Refused(422, "UNPROCESSABLE", "this cannot be changed")
        self._check_length(changes["commentary"])
        post |= {"commentary": changes["commentary"], "text": seen(changes["commentary"])}
        return Answer(204)

    def _delete(self, request: Request) -> Answer:
        urn = unquote(request.path.rpartition("/")[2])
        if urn in self.posts:
            self.deleted[urn] = self.posts.pop(urn)["commentary"]
        return Answer(204)

    def _organization(self, request: Request) -> Answer:
        if request.path.rpartition("/")[2] != self.organization:
            raise Refused(404, "NOT_FOUND", "No such organization")
        return Answer(200, {"id": int(self.organization), "localizedName": "Almaria Office"})

    def _introspect(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != self.client:
            raise Refused(401, "invalid_client", "Client authentication failed")
        if form.get("token") != self.token:
            return Answer(200, {"active": False})
        active = self.token_state == "active"
        return Answer(
            200,
            {
                "active": active,
                "status": self.token_state,
                "scope": self.scopes,
                "expires_at": self.expires_at,
            },
        )

    def _post(self, request: Request) -> dict[str, Any]:
        urn = unquote(request.path.rpartition("/")[2])
        if urn not in self.posts:
            raise Refused(404, "NOT_FOUND", f"{urn} is not found")
        return self.posts[urn]

    def _shown(self, post: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in post.items() if name != "text"}

    def _own(self, urn: str) -> None:
        if urn != f"urn:li:organization:{self.organization}":
            raise Refused(403, "ACCESS_DENIED", "The viewer is no administrator of this page")

    def _number(self) -> int:
        self._count += 1
        return self._count


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def step(self) -> str:
        partial = self.headers.get("x-restli-method") == "PARTIAL_UPDATE"
        for method, pattern, step in (
            ("POST", r"/oauth/v2/introspectToken", "introspect"),
            ("PUT", r"/dms-uploads/.+", "put"),
            ("POST", r"/rest/images", "initialize"),
            ("GET", r"/rest/images/[^/]+", "image"),
            ("POST", r"/rest/posts", "publish"),
            ("GET", r"/rest/posts", "list"),
            ("GET", r"/rest/posts/[^/]+", "get"),
            ("POST", r"/rest/posts/[^/]+", "edit" if partial else "?"),
            ("DELETE", r"/rest/posts/[^/]+", "delete"),
            ("GET", r"/rest/organizations/[^/]+", "organization"),
        ):
            if method == self.method and re.fullmatch(pattern, self.path):
                return step
        return "?"


def seen(commentary: str) -> str:
    """What readers see of a text in the “little” format. It ends where something reserved is neither escaped nor a template."""
    out, at = "", 0
    while at < len(commentary):
        character = commentary[at]
        if character == "\\" and at + 1 < len(commentary) and commentary[at + 1] in RESERVED + "\\":
            out, at = out + commentary[at + 1], at + 2
        elif found := re.compile(r"\{hashtag\|\\#\|([^\\|{}]+)\}").match(commentary, at):
            out, at = f"{out}#{found[1]}", found.end()
        elif character in RESERVED:
            return out
        else:
            out, at = out + character, at + 1
    return out


def _handler(there: FakeLinkedIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            there.steps.append(request.step)
            there.headers.append(headers)
            if request.step == "?":
                self._answer(
                    Answer(404, {"status": 404, "code": "RESOURCE_NOT_FOUND", "message": "No resource"})
                )
                return
            kind = self._fault(request.step)
            if kind in KINDS_BEFORE:
                self._instead(kind)
                return
            answer = there.take(request)
            if kind == "drop":
                self._reset()
            elif kind == "error_after":
                self._answer(Answer(500, {"status": 500, "message": "Internal Server Error"}))
            elif kind == "html_after":
                self._answer(Answer(200, "<html><body>Please wait</body></html>"))
            else:
                if kind == "slow":
                    time.sleep(there.slow_seconds)
                self._answer(answer, cut=kind in {"truncated", "cut_body"}, nameless=kind == "truncated")

        do_GET = do_POST = do_PUT = do_DELETE = _serve

        def _fault(self, step: str) -> str:
            with there._lock:
                for fault in there.faults:
                    if fault.step == step and fault.times > 0:
                        fault.times -= 1
                        return fault.kind
            return ""

        def _instead(self, kind: str) -> None:
            limit = "Resource level throttle APPLICATION_AND_MEMBER {} limit for calls to this resource is reached."
            span = "DAY" if kind == "limit_day" else "MINUTE"
            limited = {"status": 429, "code": "TOO_MANY_REQUESTS", "message": limit.format(span)}
            answers = {
                "error": Answer(500, {"status": 500, "message": "Internal Server Error"}),
                "busy": Answer(503, "<html><body>Service Unavailable</body></html>"),
                "limit": Answer(429, limited),
                "limit_day": Answer(429, limited),
                "limit_told": Answer(429, limited, {"Retry-After": "90"}),
                "unauthorised": Answer(
                    401, {"status": 401, "code": "REVOKED_ACCESS_TOKEN", "message": "revoked"}
                ),
                "html_before": Answer(502, "<html><body>Bad Gateway</body></html>"),
            }
            self._reset() if kind == "reset" else self._answer(answers[kind])

        def _answer(self, answer: Answer, *, cut: bool = False, nameless: bool = False) -> None:
            body = b"" if answer.body is None else json.dumps(answer.body).encode()
            kind = "application/json"
            if isinstance(answer.body, str):
                body, kind = answer.body.encode(), "text/html"
            self.send_response(answer.status)
            for name, value in {"Content-Type": kind, **answer.headers}.items():
                # Cut off before the end of its head, an answer names no post.
                if not (nameless and name == "x-restli-id"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + (10 if cut and not body else 0)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body[: len(body) // 2] if cut else body)
                self.wfile.flush()
            self.close_connection = True

        def _reset(self) -> None:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                self.connection.close()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
