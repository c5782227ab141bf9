"""Showing mail: a small HTTP server for GET, without scripts. A message's HTML lives in a sandbox and loads nothing from afar."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jinja2

from publisher.core.numbers import number_in
from publisher.demo.mailbox.reading import parts
from publisher.demo.mailbox.store import PAGE, Store

PAGES: Final = Path(__file__).parent / "pages"
TABS: Final = (("html", "HTML"), ("text", "Text"), ("headers", "Headers"), ("source", "Source"))
OWN_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'"
)
MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: http://127.0.0.1:* http://localhost:*; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
SECONDS: Final = 10


@dataclass(frozen=True)
class Response:
    """What goes back to a browser."""

    body: str
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/html; charset=utf-8"
    policy: str = OWN_POLICY
    more: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        body = self.body.encode("utf-8", "replace")
        headers = {
            "Content-Type": self.kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": self.policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Connection": "close",
            **self.more,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\n{head}\r\n".encode() + body


class Web:
    """Answers requests from a store."""

    def __init__(self, store: Store, smtp_port: int) -> None:
        self._store = store
        self._smtp_port = smtp_port
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            async with asyncio.timeout(SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self.answer(head.partition(b"\r\n")[0].decode("ascii", "replace")).to_bytes())
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def answer(self, request: str) -> Response:
        """The response to a request line such as `GET /?q=news HTTP/1.1`."""
        method, _, rest = request.partition(" ")
        if method not in ("GET", "HEAD"):
            return Response("GET only", HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", more={"Allow": "GET"})
        url = urlsplit(rest.partition(" ")[0])
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        return self._route([unquote(word) for word in url.path.split("/") if word], query)

    def _route(self, path: list[str], query: dict[str, str]) -> Response:
        match path:
            case []:
                return self._list(query)
            case ["style.css"]:
                return Response(
                    (PAGES / "style.css").read_text(encoding="utf-8"), kind="text/css; charset=utf-8"
                )
            case ["api", "messages"]:
                return self._api(query)
            case ["messages", number, *tab] if number_in(number) is not None and len(tab) <= 1:
                return self._message(int(number), tab[0] if tab else "")
        return self._missing()

    def _api(self, query: dict[str, str]) -> Response:
        """The list for programs: how many are kept, and the newest that fit `q` and `before`."""
        lines = self._store.page(query.get("q", "")[:200], number_in(query.get("before", "")))
        messages = [{**asdict(line), "received": line.received.isoformat()} for line in lines[:PAGE]]
        return Response(
            json.dumps({"total": self._store.count(), "messages": messages}, ensure_ascii=False),
            kind="application/json; charset=utf-8",
        )

    def _list(self, query: dict[str, str]) -> Response:
        words = query.get("q", "")[:200]
        before = query.get("before", "")
        lines = self._store.page(words, number_in(before))
        older = urlencode({"q": words, "before": lines[PAGE - 1].id}) if len(lines) > PAGE else ""
        return self._page(
            "list.html",
            lines=lines[:PAGE],
            words=words,
            older=older,
            newest=not before,
            count=self._store.count(),
            smtp_port=self._smtp_port,
        )

    def _message(self, number: int, tab: str) -> Response:
        found = self._store.message(number)
        if found is None:
            return self._missing()
        line, data = found
        read = parts(data)
        if tab == "frame":
            return Response('<base target="_blank">' + (read.html or ""), policy=MAIL_POLICY)
        tab = tab or ("html" if read.html is not None else "text")
        if tab not in dict(TABS):
            return self._missing()
        source = data.decode("utf-8", "replace") if tab == "source" else ""
        return self._page("message.html", line=line, read=read, tab=tab, tabs=TABS, source=source)

    def _missing(self) -> Response:
        return self._page("missing.html", HTTPStatus.NOT_FOUND)

    def _page(self, name: str, status: HTTPStatus = HTTPStatus.OK, /, **values: object) -> Response:
        return Response(self._templates.get_template(name).render(values), status)
