"""Webhooks: a receiver that looks at no key, so only a person can tell; nothing may be posted twice or lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

from django.test import override_settings

from publisher.social.networks.base import Account, Part
from publisher.social.networks.webhook import client
from publisher.social.networks.webhook.network import WEBHOOK
from tests.fakes.switches import serving
from tests.fakes.webhook import FakeReceiver, account_at
from tests.faults.cases import PUBLISH, Fake, Step, Subject


@contextmanager
def start(_folder: Path) -> Iterator[Fake]:
    """A receiver that takes all that is signed."""
    allowed: list[str] = []
    fake = FakeReceiver(careful=False)
    with (
        override_settings(FETCH_ALLOW=allowed),
        patch.object(client, "WHOLE_SECONDS", 0.5),
        serving(fake),
    ):

        def account(url: str) -> Account:
            allowed.append(urlsplit(url).netloc)
            usual = account_at(fake)
            return replace(usual, credentials={**usual.credentials, "url": f"{url}/hook"})

        yield Fake(fake.url, account, lambda: len(fake.texts))


SUBJECT = Subject(
    network=WEBHOOK,
    start=start,
    parts=(
        Part("Rain arrives in the north. 1/2", link="https://office.example.org/rain", of=2),
        Part("It stays until Monday. 2/2", number=1, of=2),
    ),
    steps=(
        Step(PUBLISH, "POST", "/hook", once=True),
        Step("reply", "POST", "/hook", part=1, once=True),
    ),
)
