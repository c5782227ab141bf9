"""The sandbox network: guaranteed by its keys, so nothing may be held and nothing posted twice, also when we ask at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.test import override_settings

from publisher.social.media import store
from publisher.social.networks.base import Account, Part, Picture
from publisher.social.networks.sandbox.network import SANDBOX
from tests.drawn import drawn
from tests.fakes.fault_proxy import DROP_REPLY, RESET
from tests.fakes.sandbox import sandbox, timeline
from tests.faults.cases import PUBLISH, Fake, Step, Subject

DRAWN = drawn()


@contextmanager
def start(folder: Path) -> Iterator[Fake]:
    """Its own server, and the picture in a store of its own."""
    with override_settings(MEDIA_ROOT=folder / "media"), sandbox(folder) as server:
        store.put(DRAWN)

        def account(url: str) -> Account:
            return Account(1, "Almaria Office", {"token": "secret"}, {"url": url, "timeout_seconds": 0.3})

        yield Fake(server.url, account, lambda: len(timeline(server)))


SUBJECT = Subject(
    network=SANDBOX,
    start=start,
    parts=(
        Part(
            "Rain arrives in the north. 1/2",
            link="https://office.example.org/rain",
            of=2,
            pictures=(Picture(store.digest_of(DRAWN), "A green field"),),
        ),
        Part("It stays until Monday. 2/2", number=1, of=2),
    ),
    steps=(
        Step(PUBLISH, "POST", "/api/posts", once=True),
        Step("picture", "POST", "/api/pictures", once=True),
        Step("reply", "POST", "/api/posts", part=1, once=True),
        Step("asked when it is there", "GET", "/api/posts", doubt=DROP_REPLY),
        Step("asked when it is not", "GET", "/api/posts", doubt=RESET),
    ),
)
