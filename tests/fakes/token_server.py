"""An OAuth authority that gives access tokens (RFC 6749 sections 4.4 and 6), each with its number in it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass
class TokenServer:
    """Use as a context manager. `status` and `answer`, when set, are given instead of a token."""

    refresh: str = "the-refresh-token"
    secret: str = "the-client-secret"
    lasts: int = 3600
    length: int = 0
    """Characters that are added to each token: Microsoft's are about 2,000 long."""

    rotates: bool = False
    """Whether a refresh token is good for one use, and the next comes with the answer."""

    status: int = 0
    answer: object = None
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    def __enter__(self) -> TokenServer:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                authority.asked.append(form)
                status, answer = authority.decide(form)
                body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/token"

    def decide(self, form: dict[str, str]) -> tuple[int, object]:
        if self.status:
            return self.status, self.answer
        if form.get("client_id") != "our-client" or form.get("client_secret") != self.secret:
            return 401, {
                "error": "invalid_client",
                "error_description": f"bad secret {form.get('client_secret')}",
            }
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
            return 400, {"error": "invalid_grant", "error_description": f"Bad token {form['refresh_token']}"}
        token = f"token-{len(self.given) + 1}-" + "x" * self.length
        self.given.append(token)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": self.lasts}
        if self.rotates:
            self.refresh = answer["refresh_token"] = f"refresh-{len(self.given)}"
        return 200, answer
