"""A small DNS server on loopback: it answers what a test says, and fails where a test says so.

`DnsServer({("office.example.org", "TXT"): ["v=spf1 -all"]})`; `settings.RESOLVER = server.address`. A name in `fails` gets
SERVFAIL, one in `silent` no answer at all. A name that nothing is known of does not exist (NXDOMAIN).
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 60
STRING = 255


@dataclass
class DnsServer:
    """Use as a context manager. `records` may be changed while it runs; `asked` counts questions by (name, type)."""

    records: Mapping[tuple[str, str], list[str]]
    fails: Collection[str] = ()
    silent: Collection[str] = ()
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __enter__(self) -> DnsServer:
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                question, sock = self.request
                answer = server.answer(question)
                if answer:
                    sock.sendto(answer, self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> tuple[str, int]:
        return str(self._server.server_address[0]), int(self._server.server_address[1])

    def answer(self, packet: bytes) -> bytes | None:
        question = dns.message.from_wire(packet)
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        if name in self.silent:
            return None
        response = dns.message.make_response(question)
        response.flags |= dns.flags.RA
        if name in self.fails:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif texts := self.records.get((name, kind)):
            response.answer.append(_rrset(asked.name, kind, texts))
        elif not any(name == known or known.endswith("." + name) for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire(max_size=65535)


def _rrset(name: dns.name.Name, kind: str, texts: list[str]) -> Any:
    """TXT values are given in one piece, and sent in strings of 255 bytes."""
    if kind == "TXT":
        texts = [_strings(text) for text in texts]
    return dns.rrset.from_text_list(name, TTL, "IN", kind, texts)


def _strings(text: str) -> str:
    pieces = [text[start : start + STRING] for start in range(0, len(text), STRING)] or [""]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
