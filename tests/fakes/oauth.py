"""The other side of connecting an account: the pages and token addresses of Mastodon, LinkedIn, Facebook and X on loopback.

Written from their documents and from RFC 5849, 6749 and 7636; it knows nothing of our code. It refuses what they refuse: a wrong
secret, a code used twice or for another address, a proof that does not fit, a signature that is not right. `sent` has what came.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from django.conf import settings

APP = {"id": "app-1", "secret": "app-secret-1"}
X_KEYS = {"key": "consumer-1", "secret": "consumer-secret-1"}


@dataclass
class Fake:
    """What was asked, given and is still good."""

    scopes: str = ""
    """Those that the person gives; empty: all that were asked for."""
    organizations: list[tuple[str, str, str]] = field(
        default_factory=lambda: [
            ("2414183", "Almaria Office", "ADMINISTRATOR"),
            ("77", "Elsewhere", "ANALYST"),
        ]
    )
    pages: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {
                "id": "1020",
                "name": "Almaria Office",
                "access_token": "page-token-1020",
                "tasks": ["CREATE_CONTENT"],
            },
            {"id": "1030", "name": "Only read", "access_token": "page-token-1030", "tasks": ["ANALYZE"]},
        ]
    )
    apps: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        path = parts.path
        given = dict(parse_qsl(parts.query)) | (dict(parse_qsl(body.decode())) if method == "POST" else {})
        self.sent.append((path, given))
        return self._answered(path, given, headers)

    def _answered(self, path: str, given: dict[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        is_one = "OAuth " in headers.get("authorization", "")
        answers: tuple[tuple[bool, Callable[[], tuple[int, Any]]], ...] = (
            (
                path.endswith(("/oauth/authorize", "/authorization", "/dialog/oauth")),
                lambda: (200, self.page(given)),
            ),
            (path == "/api/v1/apps", lambda: self.register(given["redirect_uris"])),
            (is_one, lambda: self.one(path, headers["authorization"])),
            (
                path.endswith(("/oauth/token", "/accessToken", "/oauth/access_token")),
                lambda: self.token(given),
            ),
            (path.endswith("/organizationAcls"), self.acls),
            ("/rest/organizations/" in path, lambda: self.organization(path.rpartition("/")[2])),
            (path.endswith("/me/accounts"), lambda: self.accounts(given, headers["authorization"])),
        )
        return next((answer for fits, answer in answers if fits), lambda: (404, {"error": "not_found"}))()

    def register(self, back: str) -> tuple[int, Any]:
        client = secrets.token_hex(4)
        self.apps[client] = {"secret": secrets.token_hex(8), "back": back}
        return 200, {"client_id": client, "client_secret": self.apps[client]["secret"]}

    def acls(self) -> tuple[int, Any]:
        rows = [
            {"organization": f"urn:li:organization:{n}", "role": role}
            for n, _name, role in self.organizations
        ]
        return 200, {"elements": rows}

    def organization(self, number: str) -> tuple[int, Any]:
        return 200, {"localizedName": {number: name for number, name, _role in self.organizations}[number]}

    def accounts(self, given: dict[str, str], authorization: str) -> tuple[int, Any]:
        token = authorization.removeprefix("Bearer ")
        proof = hmac.new(APP["secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
        if given.get("appsecret_proof") != proof:
            return 400, {"error": {"code": 100, "message": "Invalid appsecret_proof provided"}}
        return 200, {"data": self.pages}

    def page(self, asked: dict[str, str]) -> str:
        """What the person sees: two links, as the buttons of the real ones lead."""
        back = asked.get("redirect_uri") or self.apps[asked["oauth_token"]]["back"]
        code = secrets.token_hex(8)
        self.codes[code] = asked
        join = "&" if "?" in back else "?"
        if "oauth_token" in asked:
            yes = {"oauth_token": asked["oauth_token"], "oauth_verifier": code}
            no = {"denied": asked["oauth_token"]}
        else:
            yes = {"code": code, "state": asked["state"]}
            no = {"error": "access_denied", "error_description": "The user said no", "state": asked["state"]}
        link = '<a href="{}">{}</a>'
        return (
            "<!doctype html><html lang=en><title>Allow?</title><h1>Publisher wants to post</h1>"
            + link.format(html.escape(back + join + urlencode(yes)), "Authorize")
            + " "
            + link.format(html.escape(back + join + urlencode(no)), "Deny")
        )

    def token(self, given: dict[str, str]) -> tuple[int, Any]:
        if given.get("grant_type") == "fb_exchange_token":
            return 200, {"access_token": f"long-{given['fb_exchange_token']}"}
        ours = APP["secret"] if given["client_id"] == APP["id"] else ""
        known = self.apps.get(given["client_id"], {}).get("secret") or ours
        if not known or given.get("client_secret") != known:
            return 401, {"error": "invalid_client", "error_description": "Client authentication failed"}
        asked = self.codes.pop(given.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != given.get("redirect_uri"):
            return 400, {"error": "invalid_grant", "error_description": "The code is invalid or expired"}
        if challenge := asked.get("code_challenge"):
            digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                return 400, {"error": "invalid_grant", "error_description": "The proof does not fit"}
        self.tokens.append(f"token-{len(self.tokens) + 1}-{secrets.token_hex(4)}")
        scope = self.scopes or asked.get("scope", "")
        return 200, {
            "access_token": self.tokens[-1],
            "token_type": "Bearer",
            "scope": scope,
            "expires_in": 5184000,
        }

    def one(self, path: str, header: str) -> tuple[int, Any]:
        """OAuth 1.0a, with the signature of RFC 5849 counted anew."""
        fields = {}
        for pair in header.removeprefix("OAuth ").split(", "):
            name, _, value = pair.partition("=")
            fields[name] = unquote(value.strip('"'))
        token = self.apps.get(fields.get("oauth_token", ""), {})
        signed = sorted(
            (quote(n, safe="~"), quote(v, safe="~"))
            for n, v in fields.items()
            if n not in ("realm", "oauth_signature")
        )
        text = "&".join(
            quote(each, safe="~")
            for each in ("POST", f"https://api.twitter.com{path}", "&".join(f"{n}={v}" for n, v in signed))
        )
        key = f"{quote(X_KEYS['secret'], safe='~')}&{quote(token.get('secret', ''), safe='~')}"
        ours = base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()).decode()
        if fields["oauth_signature"] != ours or fields["oauth_consumer_key"] != X_KEYS["key"]:
            return 401, "Could not authenticate you."
        if path == "/oauth/request_token":
            name = secrets.token_hex(6)
            self.apps[name] = {"secret": secrets.token_hex(6), "back": fields["oauth_callback"]}
            return 200, urlencode(
                {
                    "oauth_token": name,
                    "oauth_token_secret": self.apps[name]["secret"],
                    "oauth_callback_confirmed": "true",
                }
            )
        if fields.get("oauth_verifier") not in self.codes:
            return 401, "Invalid request token."
        return 200, urlencode(
            {
                "oauth_token": "7-access",
                "oauth_token_secret": "access-secret",
                "user_id": "7",
                "screen_name": "almaria",
            }
        )


@contextmanager
def serving() -> Iterator[Fake]:
    """The fake on loopback, allowed as an address while it runs."""
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = fake.answer(self.command, self.path, headers, body)
            text = answer if isinstance(answer, str) else json.dumps(answer)
            kind = (
                "application/json"
                if not isinstance(answer, str)
                else "text/html"
                if text.startswith("<")
                else "text/plain"
            )
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    host = f"127.0.0.1:{server.server_port}"
    fake.url = f"http://{host}"
    try:
        with patch.object(settings, "FETCH_ALLOW", [*settings.FETCH_ALLOW, host]):
            yield fake
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
