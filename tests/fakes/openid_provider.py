"""An OpenID Connect provider on the loopback: discovery, authorization code with PKCE, keys, signed ID tokens.

It checks what a strict provider checks (client, secret, redirect address, PKCE verifier, a code once), and misbehaves where a
test says so: `provider.token = {...}` changes claims, `provider.sign_with` and `provider.algorithm` the signature.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

CLIENT, SECRET = "publisher", "a secret of the client"


def a_key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class OpenIdProvider:
    """One person is signed in there, with a subject and an address that no other provider has: `person` are their claims."""

    def __init__(self) -> None:
        subject = f"s-{secrets.token_hex(8)}"
        self.key = a_key()
        self.person: dict[str, Any] = {
            "sub": subject,
            "email": f"{subject}@example.org",
            "email_verified": True,
        }
        self.token: dict[str, Any] = {}
        self.sign_with: Any = self.key
        self.algorithm = "RS256"
        self.user_info: dict[str, Any] | None = None
        self.description: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> OpenIdProvider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to, when the person agrees."""
        self.asked.append(query)
        if query.get("client_id") != CLIENT or query.get("code_challenge_method") != "S256":
            return (
                f"{query['redirect_uri']}?{urlencode({'error': 'invalid_request', 'state': query['state']})}"
            )
        code = secrets.token_urlsafe(8)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token for a code."""
        query = self._codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            query is None
            or query["redirect_uri"] != form.get("redirect_uri")
            or query["code_challenge"] != challenge
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET)
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": query.get("nonce", ""),
        }
        claims |= {**self.person, **self.token}
        headers = {"kid": "k1"}
        id_token = jwt.encode(
            {name: value for name, value in claims.items() if value is not None},
            self.sign_with,
            algorithm=self.algorithm,
            headers=headers,
        )
        return 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": id_token}

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            found = {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
            found |= {"userinfo_endpoint": f"{self.url}/userinfo"} if self.user_info is not None else {}
            return 200, {**found, **self.description}
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]}
        if path == "/userinfo":
            return 200, self.user_info or {}
        return 404, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(query))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self._send(*provider.answer(parts.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                self._send(*provider.exchange({name: values[0] for name, values in parse_qs(body).items()}))

            def _send(self, status: int, value: dict[str, Any]) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: tests read their own output."""

        return Handler
