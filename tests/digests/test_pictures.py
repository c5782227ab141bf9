"""Pictures that are gone are found by asking their server; anything less clear is believed to exist."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from publisher.delivery.enqueue import assemble
from publisher.digests import pictures
from publisher.digests.models import Edition
from tests.builders import NOON, a_digest, a_subscriber, an_item


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow.png":
            threading.Event().wait(3)
        status = {"/gone.png": 404, "/withdrawn.png": 410, "/secret.png": 403, "/broken.png": 500}.get(
            self.path, 200
        )
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"x" * 200_000 if status == 200 else b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(settings: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.FETCH_ALLOW = [f"127.0.0.1:{server.server_port}"]
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_only_what_its_server_denies_is_gone(site: str) -> None:
    urls = [f"{site}/{name}.png" for name in ("gone", "withdrawn", "secret", "broken", "here")]
    found = pictures.gone([*urls, "data:image/png;base64,AA", "http://no.such.host.invalid/a.png", ""])
    assert found == {
        f"{site}/gone.png": f"{site}/gone.png answered 404.",
        f"{site}/withdrawn.png": f"{site}/withdrawn.png answered 410.",
    }


@pytest.mark.django_db
def test_a_picture_that_is_gone_is_left_out_of_the_mail_and_the_edition_says_so(site: str) -> None:
    digest = a_digest()
    an_item(at=NOON - timedelta(days=1), title="Rain at last", image_url=f"{site}/gone.png", image_alt="Rain")
    an_item(at=NOON - timedelta(days=1), title="A bridge", image_url=f"{site}/here.png", image_alt="A bridge")
    a_subscriber(digest)
    edition = Edition.objects.create(
        digest=digest,
        due_at=NOON,
        window_from=NOON - timedelta(days=7),
        window_to=NOON,
        created_at=NOON,
        trace_id="e" * 32,
    )
    edition = assemble(edition.pk, now=NOON)
    assert edition.state == "sending"
    assert edition.problem == f"The picture of “Rain at last” is left out: {site}/gone.png answered 404."
    html = edition.variants.get().html
    assert f"{site}/gone.png" not in html
    assert f"{site}/here.png" in html


def test_a_server_that_does_not_answer_holds_nothing_up_and_is_named(site: str) -> None:
    seen = pictures.ask([f"{site}/slow.png", f"{site}/gone.png"], seconds=0.5)
    assert (list(seen.gone), seen.late) == ([f"{site}/gone.png"], [f"{site}/slow.png"])


def test_what_is_not_asked_any_more_is_late(site: str) -> None:
    assert pictures.ask([f"{site}/gone.png"], seconds=0).late == [f"{site}/gone.png"]


def test_an_address_that_may_not_be_asked_is_no_proof(settings: Any) -> None:
    settings.FETCH_ALLOW = []
    assert pictures.gone(["http://127.0.0.1:9/gone.png"]) == {}
