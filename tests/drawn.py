"""Pictures for tests, drawn; and a small site that serves them, and what pretends to be one."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

from publisher.social.media import keeping
from publisher.social.models import StoredPicture
from tests.builders import NOON

GPS = 0x8825
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
PAGE = b"<!DOCTYPE html><html><title>Log in</title></html>"


def drawn(
    colour: str = "seagreen", size: tuple[int, int] = (64, 48), kind: str = "PNG", *, where: bool = False
) -> bytes:
    """A field of one colour. `where`: a photograph that says where and with what it was taken."""
    out = io.BytesIO()
    picture = Image.new("RGB", size, colour)
    if where:
        exif = Image.Exif()
        exif[0x010F] = "Maker of cameras"
        exif.get_ifd(GPS)[2] = (39.0, 54.0, 26.0)
        picture.save(out, kind, exif=exif)
    else:
        picture.save(out, kind)
    return out.getvalue()


def notes_of(data: bytes) -> dict[int, object]:
    """The notes of the camera that a file still holds."""
    exif = Image.open(io.BytesIO(data)).getexif()
    return {**exif, **exif.get_ifd(GPS)}


def bomb() -> bytes:
    """Few bytes that are very many pixels."""
    out = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(out, "PNG")
    return out.getvalue()


def a_stored_picture(data: bytes | None = None, *, now: datetime = NOON) -> StoredPicture:
    return keeping.keep(data or drawn(), now=now)


@dataclass
class Site:
    """What the site serves by path: bytes, a status, or an address that it redirects to. `asked` counts requests."""

    url: str
    serves: dict[str, bytes | int | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, path: str, what: bytes | int | str) -> str:
        """Serve this there from now on; its address."""
        self.serves[path] = what
        return self.url + path


@contextmanager
def a_site() -> Iterator[Site]:
    """A site on this machine: whoever should fetch from it names it in FETCH_ALLOW."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            what = site.serves.get(self.path, 404)
            self.send_response(what if isinstance(what, int) else 302 if isinstance(what, str) else 200)
            if isinstance(what, str):
                self.send_header("Location", what)
            self.send_header("Content-Type", "image/png")  # whatever it is
            self.end_headers()
            self.wfile.write(what if isinstance(what, bytes) else b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
