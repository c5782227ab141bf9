"""A real PDS for tests (`pds/server.js`), and what tests ask of it themselves: over HTTP, past the client that is tested."""

from __future__ import annotations

import atexit
import base64
import contextlib
import hashlib
import hmac
import json
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from publisher.core.tls import trusted
from publisher.social.networks.base import Account
from publisher.social.networks.bluesky import wire

FOLDER = Path(__file__).resolve().parent / "pds"
POSTS = "app.bsky.feed.post"
PUT = "/xrpc/com.atproto.repo.putRecord"


@dataclass
class Pds:
    """A running server. `secret` is the key of its tokens."""

    url: str
    admin: str
    secret: str

    @property
    def place(self) -> str:
        """For PUBLISHER_FETCH_ALLOW."""
        return urlsplit(self.url).netloc

    def ask(
        self,
        method: str,
        *,
        body: Mapping[str, Any] | None = None,
        token: str = "",
        admin: bool = False,
        post: bool = False,
        **params: str,
    ) -> dict[str, Any]:
        """One request, which must succeed: a GET, or with a `body`, or where there is none as `post`, a POST."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        auth = ("admin", self.admin) if admin else None
        url = f"{self.url}/xrpc/{method}"
        with httpx.Client(
            trust_env=False, timeout=30, headers=headers, auth=auth, verify=trusted()
        ) as client:
            got = client.post(url, json=body) if post or body is not None else client.get(url, params=params)
        assert got.status_code == 200, (method, got.text)
        found: dict[str, Any] = got.json() if got.content else {}
        return found

    def new_account(self, name: str = "") -> PdsAccount:
        """An account with an app password."""
        handle = f"{name or uuid.uuid4().hex[:12]}.test"
        password = uuid.uuid4().hex
        made = self.ask(
            "com.atproto.server.createAccount",
            body={"handle": handle, "email": f"{handle}@example.org", "password": password},
        )
        token = made["accessJwt"]
        app = self.ask("com.atproto.server.createAppPassword", token=token, body={"name": "Publisher"})
        return PdsAccount(self, made["did"], handle, app["password"], token)

    def token(self, did: str, *, expired: bool) -> str:
        """An access token signed by the server's own key, as it makes them."""
        now = int(time.time())
        at = now - 8000 if expired else now
        claims = {
            "scope": "com.atproto.appPass",
            "aud": "did:web:localhost",
            "sub": did,
            "iat": at,
            "exp": at + 7200,
        }
        head, body = _b64({"typ": "at+jwt", "alg": "HS256"}), _b64(claims)
        signature = hmac.new(self.secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
        return f"{head}.{body}.{_text(signature)}"


@dataclass
class PdsAccount:
    """An account of the server, with the token of its owner."""

    pds: Pds
    did: str
    handle: str
    app_password: str
    owner: str = field(repr=False)

    @property
    def posts(self) -> list[dict[str, Any]]:
        """Its posts, oldest first: `{"uri", "cid", "value"}`."""
        found = self.pds.ask(
            "com.atproto.repo.listRecords", repo=self.did, collection=POSTS, limit="100", reverse="true"
        )
        records: list[dict[str, Any]] = found["records"]
        return records

    @property
    def texts(self) -> list[str]:
        return [post["value"]["text"] for post in self.posts]

    def account(self, url: str = "", *, channel_id: int = 1, seconds: float = 20.0) -> Account:
        """As a channel has it; its client speaks to `url`, else to the server itself."""
        return Account(
            channel_id,
            "Almaria Office",
            {"identifier": self.handle, "app_password": self.app_password},
            {"service": url or self.pds.url, "timeout_seconds": seconds},
        )

    def admin(self, method: str, body: Mapping[str, Any]) -> None:
        """What only the administrator may do."""
        self.pds.ask(method, body=body, admin=True)

    def blob(self, cid: str) -> bytes:
        """A picture's bytes."""
        url = f"{self.pds.url}/xrpc/com.atproto.sync.getBlob"
        got = httpx.get(url, params={"did": self.did, "cid": cid}, trust_env=False)
        assert got.status_code == 200, got.text
        return got.content


@contextmanager
def running(*, rate_limits: bool = False) -> Iterator[Pds]:
    """A server of one's own, in a folder that goes away with it."""
    folder = Path(tempfile.mkdtemp(prefix="publisher-pds-"))
    process = _node("server.js", str(folder), *(["--rate-limits"] if rate_limits else []))
    try:
        assert process.stdout
        assert process.stdin
        line = process.stdout.readline()
        assert line, "the PDS did not start"
        yield Pds(**json.loads(line))
        process.stdin.close()  # it ends with its standard input, also when this process is killed
        process.wait(20)
    finally:
        process.kill()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@cache
def pds() -> Pds:
    """The server of this process: started at the first call, gone with the process."""
    kept = contextlib.ExitStack()
    atexit.register(kept.close)
    return kept.enter_context(running())


def fits(texts: Sequence[str]) -> list[bool]:
    """Of each text, whether the server's own schema takes it in a post."""
    process = _node("fits.js")
    out, _ = process.communicate(json.dumps(texts).encode())
    assert process.returncode == 0
    answers: list[bool] = json.loads(out)
    return answers


def load_library() -> None:
    """The library takes a second to load: not within the time-outs of a test that has short ones."""
    assert wire.ClientRaw


def _node(*command: str) -> subprocess.Popen[bytes]:
    assert (FOLDER / "node_modules" / ".ready").exists(), "run .ci/pds first (`make test` does)"
    return subprocess.Popen(
        ["node", *command],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def _b64(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(value).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
