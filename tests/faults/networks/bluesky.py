"""Bluesky, on a real PDS: guaranteed by the key of the record, so nothing may be held, and nothing stand there twice."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from django.test.utils import override_settings
from PIL import Image

from publisher.social import sessions
from publisher.social.media import store
from publisher.social.networks.base import Account, Part, Picture
from publisher.social.networks.bluesky.network import BLUESKY
from publisher.social.sessions import Kept
from tests.fakes.bluesky import PUT, load_library, pds
from tests.fakes.fault_proxy import DROP_REPLY, RESET
from tests.faults.cases import PUBLISH, Fake, Step, Subject

SECONDS = 1.0
XRPC = "/xrpc/com.atproto."


def _drawn() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 200), "red").save(out, "PNG")
    return out.getvalue()


DRAWN = _drawn()
PICTURE = Picture(hashlib.sha256(DRAWN).hexdigest(), "A red field")


@cache
def _friend() -> None:
    """Who is mentioned."""
    pds().new_account("rainwatcher")


@contextmanager
def start(folder: Path) -> Iterator[Fake]:
    """The PDS of this process with an account for the cell alone; its session is kept here, as there is no database."""
    load_library()
    server, kept, allowed = pds(), [Kept()], [pds().place]
    owner = server.new_account()
    _friend()

    def keep(_channel_id: int, value: Mapping[str, Any], *, instead_of: Kept) -> Kept:
        if instead_of.version == kept[0].version:
            kept[0] = Kept(dict(value), instead_of.version + 1)
        return kept[0]

    with (
        override_settings(MEDIA_ROOT=folder / "media", FETCH_ALLOW=allowed),
        patch.multiple(sessions, kept=lambda _: kept[0], keep=keep),
    ):
        store.put(DRAWN)

        def account(url: str) -> Account:
            allowed.append(urlsplit(url).netloc)
            return owner.account(url, seconds=SECONDS)

        yield Fake(server.url, account, lambda: len(owner.posts))


SUBJECT = Subject(
    network=BLUESKY,
    start=start,
    parts=(
        Part(
            "Rain arrives in the north, says @rainwatcher.test. 1/2 https://office.example.org/rain",
            link="https://office.example.org/rain",
            of=2,
            pictures=(PICTURE,),
        ),
        Part("It stays until Monday. 2/2", number=1, of=2),
    ),
    steps=(
        Step(PUBLISH, "POST", PUT, once=True),
        Step("reply", "POST", PUT, part=1, once=True),
        Step("login", "POST", XRPC + "server.createSession", once=True),
        Step("picture", "POST", XRPC + "repo.uploadBlob", once=True),
        Step("mention", "GET", XRPC + "identity.resolveHandle", once=True),
        Step("asked when it is there", "GET", XRPC + "repo.getRecord", doubt=DROP_REPLY),
        Step("asked when it is not", "GET", XRPC + "repo.getRecord", doubt=RESET),
    ),
    # A time of the server's clock, and no Retry-After.
    wait_headers=lambda: {"RateLimit-Reset": str(int(time.time()) + 90)},
    slow_seconds=2.0,
)
