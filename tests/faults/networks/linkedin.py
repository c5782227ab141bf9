"""LinkedIn: by looking. Its fake refuses a repeated text, as LinkedIn does, so nothing may stand there twice."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.test.utils import override_settings
from PIL import Image

from publisher.social.media import store
from publisher.social.networks.base import Account, Part, Picture
from publisher.social.networks.linkedin.network import LINKEDIN
from tests.fakes.fault_proxy import DROP_REPLY, RESET
from tests.fakes.linkedin import FakeLinkedIn
from tests.faults.cases import PUBLISH, Fake, Step, Subject


def _drawn() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 200), "red").save(out, "PNG")
    return out.getvalue()


DRAWN = _drawn()
PICTURE = Picture(hashlib.sha256(DRAWN).hexdigest(), "A red field")


@contextmanager
def start(folder: Path) -> Iterator[Fake]:
    """The fake with a post of last month, and the picture in a store of its own."""
    allowed: list[str] = []
    with FakeLinkedIn() as there, override_settings(MEDIA_ROOT=folder / "media", FETCH_ALLOW=allowed):
        store.put(DRAWN)
        allowed.append(urlsplit(there.url).netloc)
        there.add({"commentary": "Welcome to our page.", "lifecycleState": "PUBLISHED"}, age=30 * 86400)

        def account(url: str) -> Account:
            allowed.append(urlsplit(url).netloc)
            settings = {"organization": there.organization, "api": url, "oauth": url, "timeout_seconds": 0.3}
            return Account(1, "Almaria", {"access_token": there.token}, settings)

        yield Fake(there.url, account, lambda: len(there.posts) - 1)


SUBJECT = Subject(
    network=LINKEDIN,
    start=start,
    parts=(Part("Rain (heavy) arrives. #Rain\nhttps://office.example.org/rain", pictures=(PICTURE,)),),
    steps=(
        Step(PUBLISH, "POST", "/rest/posts", once=True),
        Step("place for a picture", "POST", "/rest/images", once=True),
        Step("picture", "PUT", "/dms-uploads/.+", once=True),
        Step("picture ready", "GET", "/rest/images/.+"),
        Step("asked when it is there", "GET", "/rest/posts", doubt=DROP_REPLY),
        Step("asked when it is not", "GET", "/rest/posts", doubt=RESET),
    ),
)
