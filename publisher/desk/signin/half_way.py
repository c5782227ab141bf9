"""A sign-in that was begun and not ended: it lives for a quarter of an hour, and ends with the account or its password."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

KEY: Final = "desk_half_way"
"""Where the session keeps which password opened it: the hash that Django keeps of it in sessions that are whole."""


def be_brief(request: HttpRequest) -> None:
    """Have the session of somebody who is not in yet end soon: anybody can begin as many as they like."""
    if not request.user.is_authenticated:
        request.session.set_expiry(settings.ACCOUNT_LOGIN_TIMEOUT)


def begin(request: HttpRequest, user: User) -> None:
    """The first step is taken."""
    be_brief(request)
    request.session[KEY] = user.get_session_auth_hash()


def stands(request: HttpRequest, user: User) -> bool:
    """Whether it may be ended: the account is still open, and nobody has set another password since."""
    return user.is_active and constant_time_compare(
        request.session.get(KEY, ""), user.get_session_auth_hash()
    )


def end(request: HttpRequest) -> None:
    """The person is in: their session lives as long as any."""
    request.session.pop(KEY, None)
    request.session.set_expiry(None)
