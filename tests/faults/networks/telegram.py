"""Telegram: only a person can tell, so what may be there is held; nothing may be posted twice or lost. With text and album."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

from django.conf import settings
from django.test import override_settings
from PIL import Image

from publisher.social.media import store
from publisher.social.networks.base import Account, Part, Picture
from publisher.social.networks.telegram import client
from publisher.social.networks.telegram.network import TELEGRAM
from tests.fakes.switches import serving
from tests.fakes.telegram import FakeTelegram, account_at
from tests.faults.cases import PUBLISH, Fake, Step, Subject


def _png(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), (shade, 90, 120)).save(file, "PNG")
    return file.getvalue()


PICTURES = [_png(shade) for shade in (10, 200)]


@contextmanager
def start(folder: Path) -> Iterator[Fake]:
    """A fake of the Bot API, with time-outs that a test can wait for."""
    allowed: list[str] = []
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder / "media")},
    }
    fake = FakeTelegram()
    with (
        override_settings(FETCH_ALLOW=allowed, STORAGES={**settings.STORAGES, "default": files}),
        patch.multiple(client, WHOLE_SECONDS=0.5, UPLOAD_SECONDS=0.5),
        serving(fake),
    ):
        for picture in PICTURES:
            store.put(picture)

        def account(url: str) -> Account:
            allowed.append(urlsplit(url).netloc)
            usual = account_at(fake)
            return replace(usual, settings={**usual.settings, "api": url})

        yield Fake(fake.url, account, lambda: len([text for text in fake.texts if text]))


SUBJECT = Subject(
    network=TELEGRAM,
    start=start,
    parts=(
        Part("Rain arrives in the north. 1/2", link="https://office.example.org/rain", of=2),
        Part(
            "It stays until Monday. 2/2",
            number=1,
            of=2,
            pictures=tuple(Picture(hashlib.sha256(picture).hexdigest()) for picture in PICTURES),
        ),
    ),
    steps=(
        Step(PUBLISH, "POST", "/bot[^/]+/sendMessage", once=True),
        Step("album", "POST", "/bot[^/]+/sendMediaGroup", part=1, once=True),
    ),
)
