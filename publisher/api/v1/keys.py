"""Who calls: the API key of the request, and whether it may. A session of the desk opens nothing here."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import HttpBearer

from publisher.api.problems import ProblemError
from publisher.api.v1 import rate
from publisher.core import clock
from publisher.people import api_keys
from publisher.people.models import ApiKey
from publisher.people.permissions import PERMISSIONS, SEE_ADDRESSES, codename


class ApiKeyAuth(HttpBearer):
    """`Authorization: Bearer pub_…`, of a living key that has `permission`."""

    def __init__(self, permission: str) -> None:
        super().__init__()
        self.permission = permission

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        now = clock.now()
        key = api_keys.find(token.strip(), now)
        if key is None:
            return None
        rate.take(key.pk, now)
        held = api_keys.permissions_of(key)
        request.api_permissions = held  # type: ignore[attr-defined]  # read by `holds`
        if self.permission and self.permission not in held:
            raise ProblemError(
                403,
                "not_allowed",
                f"This key may not do that: it needs the scope “{codename(self.permission)}”, and so does its owner.",
                f"{PERMISSIONS[self.permission]}: make a key with that scope, in the desk under “API keys”.",
            )
        return key


def key_of(request: HttpRequest) -> ApiKey:
    """The key of an operation's request."""
    return cast("ApiKey", cast("Any", request).auth)


def user_of(request: HttpRequest) -> User:
    """In whose name it is done: the key's owner."""
    return key_of(request).created_by


def held_by(request: HttpRequest) -> frozenset[str]:
    """Every permission of the key, as far as its owner has it."""
    return cast("frozenset[str]", cast("Any", request).api_permissions)


def sees_addresses(request: HttpRequest) -> bool:
    return SEE_ADDRESSES in held_by(request)


def require(request: HttpRequest, permission: str, what: str) -> None:
    """For a part of an operation that takes a second permission. Raises `ProblemError`."""
    if permission not in held_by(request):
        raise ProblemError(
            403,
            "not_allowed",
            f"{what} needs the scope “{codename(permission)}” too.",
            "Use a key that has it.",
        )
