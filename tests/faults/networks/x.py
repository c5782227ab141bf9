"""X: by looking. The fake takes a repeated text here, which X does only after a while: so the timeline alone decides."""

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
from publisher.social.networks.x.network import X
from tests.fakes.fault_proxy import DROP_REPLY, RESET
from tests.fakes.x import account_at, fake_x, in_seconds
from tests.faults.cases import PUBLISH, Fake, Step, Subject


def _drawn() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(out, "PNG")
    return out.getvalue()


DRAWN = _drawn()
PICTURE = Picture(hashlib.sha256(DRAWN).hexdigest(), "A blue field")


@contextmanager
def start(folder: Path) -> Iterator[Fake]:
    """The fake with a post of last month, and the picture in a store of its own."""
    with override_settings(MEDIA_ROOT=folder / "media"), fake_x() as there:
        there.refuses_repeats = False
        there.add("Welcome to our account.", created_at=datetime.now(UTC) - timedelta(days=30))
        store.put(DRAWN)

        def account(url: str) -> Account:
            return account_at(url, timeout=0.3, threads=True)

        yield Fake(there.url, account, lambda: len(there.posts) - 1)


def wait() -> Mapping[str, str]:
    """X names the end of a limit by the clock."""
    return {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(in_seconds(120))}


SUBJECT = Subject(
    network=X,
    start=start,
    parts=(
        Part(
            "Rain & wind arrive in the north. 1/2\nhttps://office.example.org/rain",
            of=2,
            pictures=(PICTURE,),
        ),
        Part("It stays until Monday. 2/2", number=1, of=2),
    ),
    steps=(
        Step(PUBLISH, "POST", "/2/tweets", once=True),
        Step("reply", "POST", "/2/tweets", part=1, once=True),
        Step("place for a picture", "POST", "/2/media/upload/initialize", once=True),
        Step("picture", "POST", r"/2/media/upload/\d+/append", once=True),
        Step("picture whole", "POST", r"/2/media/upload/\d+/finalize", once=True),
        Step("description", "POST", "/2/media/metadata", once=True),
        Step("asked when it is there", "GET", r"/2/users/\d+/tweets", doubt=DROP_REPLY),
        Step("asked when it is not", "GET", r"/2/users/\d+/tweets", doubt=RESET),
    ),
    wait_headers=wait,
)
