"""Facebook: by looking. The fake takes a repeated text here, so that the page's list alone decides. Comments are not searched."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.test.utils import override_settings
from PIL import Image

from publisher.social.media import store
from publisher.social.networks.base import Account, Part, Picture
from publisher.social.networks.facebook.network import FACEBOOK
from tests.fakes.facebook import FakeFacebook, account_at, limited
from tests.fakes.fault_proxy import DROP_REPLY, RESET
from tests.fakes.switches import serving
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
    allowed: list[str] = []
    fake = FakeFacebook()
    fake.refuses_repeats = False
    fake.add("Welcome to our page.", age=timedelta(days=30))
    with override_settings(MEDIA_ROOT=folder / "media", FETCH_ALLOW=allowed), serving(fake):
        store.put(DRAWN)

        def account(url: str) -> Account:
            allowed.append(urlsplit(url).netloc)
            return account_at(url, timeout=1.0, app=True)

        yield Fake(fake.url, account, lambda: len(fake.posts) - 1)


UNCLEAR = (
    "drop_reply", "reset", "error_500", "error_503", "error_500_after", "error_503_after", "slow", "late", "html_200", "html_502",
    "truncated", "cut_short",
)  # fmt: skip
FEED = r"/v26\.0/\d+/feed"
LIST = r"/v26\.0/\d+/published_posts"
SUBJECT = Subject(
    network=FACEBOOK,
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
        Step(PUBLISH, "POST", FEED, once=True),
        Step("comment", "POST", r"/v26\.0/\d+_\d+/comments", part=1, once=True),
        Step("picture", "POST", r"/v26\.0/\d+/photos", once=True),
        Step("asked when it is there", "GET", LIST, doubt=DROP_REPLY),
        Step("asked when it is not", "GET", LIST, doubt=RESET),
    ),
    wait_headers=lambda: limited(2),
    slow_seconds=1.6,  # the time-out is one of a whole exchange, which on a busy machine takes long
    may_hold={f"comment: {name}": "comments are not searched" for name in UNCLEAR},
)
