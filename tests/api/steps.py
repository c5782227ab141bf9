"""Calling the API as a program does: with a key of a person, in JSON."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from publisher.core import clock
from publisher.people import api_keys, roles
from publisher.people.permissions import ADMIN, PERMISSIONS, Role, codename

ALL_SCOPES = tuple(codename(name) for name in PERMISSIONS)
BASE = "/api/v1"


def an_owner(name: str = "mira", role: Role = ADMIN) -> User:
    """A person with that role, made on first use."""
    user, made = User.objects.get_or_create(username=name)
    if made:
        roles.give(user, role)
    return User.objects.get(pk=user.pk)  # with fresh permissions


def a_secret(*scopes: str, owner: User | None = None, name: str = "newsroom") -> str:
    """The secret of a new key; without scopes of all."""
    owner = owner or an_owner()
    wanted = scopes or ALL_SCOPES
    held = api_keys.held_by(owner)
    return api_keys.make(name, wanted, user=owner, held=held, expires_at=None, now=clock.now())[1]


class Caller:
    """A program with one key."""

    def __init__(self, secret: str = "") -> None:
        self.secret = secret
        self.browser = Client()

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.browser.get(_address(path), query or {}, headers=self._headers(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        payload = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        content_type = headers.pop("content_type", "application/json")
        return self.browser.post(_address(path), payload, content_type, headers=self._headers(headers))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return ({"Authorization": f"Bearer {self.secret}"} if self.secret else {}) | named


def caller(*scopes: str, owner: User | None = None) -> Caller:
    """With a new key of these scopes; without any: of all."""
    return Caller(a_secret(*scopes, owner=owner))


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The error that it is expected to be."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    body: dict[str, Any] = json.loads(answer.content)
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status), body
    return body


def data(answer: Any, status: int = 200) -> Any:
    """What was answered, once it is no error."""
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


def _address(path: str) -> str:
    return path if path.startswith(("/api", "http")) else BASE + path
