"""What an authenticator app does, and signing in as a browser does it.

django-allauth has no public names for the other half of an app; only this file of the tests takes its internal ones.
"""

from __future__ import annotations

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tests.desk.conftest import PASSWORD


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or `steps` half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def wrong_code(secret: str) -> str:
    """A code that none of the near half minutes has."""
    near = {code_of(secret, steps=n) for n in range(-3, 4)}
    return next(code for code in (f"{n:06}" for n in range(100)) if code not in near)


def an_app(user: User) -> str:
    """Connect an app for codes; gives its key. Recovery codes come with it, as in the desk."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def recovery_codes(user: User) -> list[str]:
    found = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return list(found.wrap().get_unused_codes())


def forget_used_codes() -> None:
    """As after a minute: codes may be typed that were typed in another test."""
    cache.clear()


def first_step(name: str = "mira", client: Client | None = None, **more: str) -> tuple[Client, HttpResponse]:
    client = client or Client()
    response = client.post("/desk/login", {"username": name, "password": PASSWORD, **more})
    return client, response


def signed_in(name: str = "mira") -> Client:
    """A browser in which somebody has just signed in by their password."""
    client, response = first_step(name)
    assert response.status_code == 302
    return client
