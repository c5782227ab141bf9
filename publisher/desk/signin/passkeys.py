"""What passes between the browser's passkeys and django-allauth."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

LONGEST_ANSWER = 20_000


def plain(options: Any) -> Any:
    """The question for a browser as plain JSON: bytes in base64url, as `desk/assets/passkeys.js` expects them."""
    if isinstance(options, Mapping):
        return {str(key): plain(value) for key, value in options.items() if value is not None}
    if isinstance(options, (list, tuple)):
        return [plain(value) for value in options]
    if isinstance(options, bytes):
        return websafe_encode(options)
    return options


def readable(text: str, kind: type[AuthenticationResponse | RegistrationResponse]) -> str:
    """What a form sent as a passkey's answer; "" when it is none, since django-allauth fails on some that are none."""
    if len(text) > LONGEST_ANSWER:
        return ""
    try:
        kind.from_dict(json.loads(text))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error):
        return ""
    return text


def checked_its_person(credential: str) -> bool:
    """Whether the passkey asked for a PIN, a finger or a face. Only then may it stand for the password, too.

    `credential` is an answer that was found good before.
    """
    answer = AuthenticationResponse.from_dict(json.loads(credential))
    return bool(answer.response.authenticator_data.is_user_verified())
