"""Steps of the tests of webhooks: a receiver on loopback that verifies by itself, and endpoints that lead to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from publisher.core import clock
from publisher.hooks import endpoints, sending
from publisher.hooks.endpoints import Wishes
from publisher.hooks.models import Endpoint
from publisher.people import api_keys, roles
from publisher.people.permissions import ADMIN
from tests.fakes.switches import Answer, Fake, Request

_numbers = itertools.count(1)


class Receiver(Fake):
    """Takes what is signed with one of its `secrets`; `answers` are given first, one a request."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: list[str] = []
        self.answers: list[Answer] = []
        self.taken: list[tuple[str, Any]] = []

    def take(self, request: Request) -> Answer:
        if not any(verified(request, secret) for secret in self.secrets):
            return Answer(401, b"no valid signature")
        if self.answers:
            return self.answers.pop(0)
        self.taken.append((request.headers["webhook-id"], json.loads(request.body)))
        return Answer(204)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event, those of batches too."""
        return [event for _key, body in self.taken for event in (body if isinstance(body, list) else [body])]

    @property
    def told(self) -> Counter[str]:
        """How often each name came."""
        return Counter(event["type"].removeprefix("org.publisher.") for event in self.events)


def verified(request: Request, secret: str) -> bool:
    """Written from the standard, with nothing of the product."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
    right = base64.b64encode(hmac.new(key, head + request.body, hashlib.sha256).digest()).decode()
    return f"v1,{right}" in request.headers["webhook-signature"].split(" ")


def an_admin(name: str = "ada") -> User:
    user, made = User.objects.get_or_create(username=name)
    if made:
        roles.give(user, ADMIN)
    return User.objects.get(pk=user.pk)


def wishes(url: str, *events: str, **given: Any) -> Wishes:
    return Wishes(name=f"Newsroom site {next(_numbers)}", url=url, events=events or ("*",), **given)


def an_endpoint(receiver: Receiver | str, *events: str, **given: Any) -> Endpoint:
    """Of a running receiver, which then knows its secret; or of any address."""
    user = an_admin()
    url = receiver if isinstance(receiver, str) else f"{receiver.url}/hook"
    endpoint, secret = endpoints.create(
        wishes(url, *events, **given), user=user, held=api_keys.held_by(user), now=clock.now()
    )
    if isinstance(receiver, Receiver):
        receiver.secrets.append(secret)
    return endpoint


def send(now: Callable[[], datetime] = clock.database_now) -> dict[str, int]:
    """Send until nothing is due."""
    return sending.send_due(seconds=30, now=now)
