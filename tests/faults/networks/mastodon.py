"""Mastodon: for an hour by its key, and by looking all the time, so nothing may be held and nothing posted twice."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.test.utils import override_settings
from PIL import Image

from publisher.social.media import store
from publisher.social.networks.base import Account, Part, Picture
from publisher.social.networks.mastodon.network import MASTODON
from tests.fakes.fault_proxy import DROP_REPLY, RESET
from tests.fakes.mastodon import FakeMastodon, account_at, serving
from tests.faults.cases import PUBLISH, Fake, Step, Subject


def _drawn() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(out, "PNG")
    return out.getvalue()


DRAWN = _drawn()
PICTURE = Picture(hashlib.sha256(DRAWN).hexdigest(), "A blue field", focus=(0.0, 0.5))


@contextmanager
def start(folder: Path) -> Iterator[Fake]:
    """The fake with a status of last month and a clock that moves with the story, and the picture in a store of its own."""
    fake = FakeMastodon()
    fake.add("Welcome to our account.", age=timedelta(days=30))
    with override_settings(MEDIA_ROOT=folder / "media"), serving(fake) as url:
        store.put(DRAWN)

        def account(at: str) -> Account:
            return account_at(at, timeout_seconds=0.3)

        def later(by: timedelta) -> None:
            fake.ahead += by

        yield Fake(url, account, lambda: len(fake.statuses) - 1, later)


def wait() -> Mapping[str, str]:
    """Mastodon names the end of a limit by the clock."""
    return {"X-RateLimit-Reset": (datetime.now(UTC) + timedelta(minutes=2)).isoformat()}


WHO = "/api/v1/accounts/verify_credentials"
LIST = r"/api/v1/accounts/\d+/statuses"
SUBJECT = Subject(
    network=MASTODON,
    start=start,
    parts=(
        Part(
            "Rain & wind arrive in the north. 1/2\nhttps://office.example.org/rain @ana@e.org",
            of=2,
            pictures=(PICTURE,),
        ),
        Part("It stays until Monday. 2/2", number=1, of=2),
    ),
    steps=(
        Step(PUBLISH, "POST", "/api/v1/statuses", once=True),
        Step("reply", "POST", "/api/v1/statuses", part=1, once=True),
        Step("picture", "POST", "/api/v2/media", once=True),
        Step("who when it is there", "GET", WHO, doubt=DROP_REPLY),
        Step("asked when it is there", "GET", LIST, doubt=DROP_REPLY),
        Step("compared when it is there", "GET", r"/api/v1/statuses/\d+/source", doubt=DROP_REPLY),
        Step("asked when it is not", "GET", LIST, doubt=RESET),
    ),
    wait_headers=wait,
)
