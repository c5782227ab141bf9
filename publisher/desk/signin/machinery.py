"""What the desk uses of django-allauth that its authors call `internal`, and nothing else does (a test looks).

For these there is no public name. django-allauth offers them as views with pages of its own, and the desk has its own pages: it
answers a form that is wrong with 422, throttles by place, writes the audit trail, and speaks its readers' language. Whatever has
a public name (forms, stages, adapters, `perform_login`, the records of a sign-in) is imported where it is used. `pyproject.toml`
holds django-allauth below its next major version for the sake of this file.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base.internal.flows import delete_and_cleanup
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as recovery_codes
from allauth.mfa.totp.internal import flows as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal import flows as passkeys
from allauth.socialaccount.internal.statekit import STATES_SESSION_KEY
from django.contrib.auth.models import User
from django.http import HttpRequest

STATES_KEY: Final[str] = STATES_SESSION_KEY
"""Where the states of sign-ins at the provider stand that were begun in this session."""


def note_password(request: HttpRequest, user: User, *, again: bool = False) -> None:
    """Write into the session that the right password was given: at sign-in, or (`again`) as a proof later."""
    more = {"reauthenticated": True} if again else {}
    record_authentication(request, user, method="password", **more)


def passkey_question(user: User | None) -> Any:
    """What a browser is asked for a passkey: one of this person's, or anybody's. Its answer is good in this session only."""
    return webauthn.begin_authentication(user)


def new_passkey_question(user: User) -> Any:
    """What a browser is asked to make a passkey for this person."""
    return webauthn.begin_registration(user, False)


def add_passkey(request: HttpRequest, *, name: str, credential: Any) -> Authenticator | None:
    """Keep the public half of a passkey that a form found good; gives the recovery codes if these are the first."""
    _added, codes = passkeys.add_authenticator(request, name=name, credential=credential)
    return codes


def connect_app(request: HttpRequest, form: Any) -> Authenticator | None:
    """Keep the key of an app for codes whose first code a form found good; gives the recovery codes if these are the first."""
    _added, codes = totp.activate_totp(request, form)
    return codes


def remove(request: HttpRequest, found: Authenticator) -> None:
    """Remove a second step, and the recovery codes with the last one."""
    delete_and_cleanup(request, found)


def make_codes(request: HttpRequest) -> None:
    """New recovery codes in place of the old ones."""
    recovery_codes.generate_recovery_codes(request)


def see_codes(request: HttpRequest) -> tuple[Any, bool]:
    """The person's recovery codes (None: there are none), and whether they may still be shown: that is so once."""
    found, may_see = recovery_codes.view_recovery_codes(request)
    return found, bool(may_see)
