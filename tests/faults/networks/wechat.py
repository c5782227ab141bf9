"""WeChat: what is counted are drafts in the account. No readers see them, but two of one post count as twice here as well."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

from django.conf import settings
from django.test import override_settings
from PIL import Image

from publisher.social.media import store
from publisher.social.networks.base import Account, Part, Picture
from publisher.social.networks.wechat import client
from publisher.social.networks.wechat.network import WECHAT
from tests.fakes.fault_proxy import DROP_REPLY, RESET
from tests.fakes.switches import serving
from tests.fakes.wechat import FakeWeChat, account_at
from tests.faults.cases import PUBLISH, Fake, Step, Subject


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), (10, 90, 120)).save(file, "PNG")
    return file.getvalue()


PICTURE = _png()


@contextmanager
def start(folder: Path) -> Iterator[Fake]:
    """A fake account with its own keys and a draft of last month, and time-outs that a test can wait for."""
    allowed: list[str] = []
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder / "media")},
    }
    fake = FakeWeChat()
    fake.add("欢迎", age=30 * 86400)
    with (
        override_settings(FETCH_ALLOW=allowed, STORAGES={**settings.STORAGES, "default": files}),
        patch.multiple(client, ANSWER_SECONDS=0.7),
        serving(fake),
    ):
        store.put(PICTURE)

        def account(url: str) -> Account:
            allowed.append(urlsplit(url).netloc)
            usual = account_at(fake)
            return replace(usual, settings={**usual.settings, "api": url})

        def later(by: timedelta) -> None:
            fake.ahead += by.total_seconds()

        yield Fake(fake.url, account, lambda: len(fake.drafts) - 1, later)


SUBJECT = Subject(
    network=WECHAT,
    start=start,
    parts=(
        Part(
            "Rain arrives in the north\n\nIt stays until Monday.",
            link="https://office.example.org/rain",
            pictures=(Picture(hashlib.sha256(PICTURE).hexdigest(), "Rain"),),
        ),
    ),
    steps=(
        Step(PUBLISH, "POST", "/cgi-bin/draft/add", once=True),
        Step("token", "POST", "/cgi-bin/stable_token"),
        Step("cover", "POST", "/cgi-bin/material/add_material", once=True),
        Step("picture", "POST", "/cgi-bin/media/uploadimg", once=True),
        Step("asked when it is there", "POST", "/cgi-bin/draft/batchget", doubt=DROP_REPLY),
        Step("asked when it is not", "POST", "/cgi-bin/draft/batchget", doubt=RESET),
    ),
)
