"""A deed that bears an Idempotency-Key is done once: the same request again is answered from memory.

The memory is written in the transaction of the deed, so a deed that failed or died leaves none and may be sent again with the
same key. Two at once: the second is told to wait, and does nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from publisher.api.answers import KEPT
from publisher.api.models import GivenAnswer
from publisher.api.problems import ProblemError
from publisher.api.v1.files import body_of
from publisher.api.v1.keys import held_by, key_of
from publisher.core import clock
from publisher.core.crypto import decrypt, encrypt

LONGEST: Final = 255
HEADER: Final = "Idempotency-Key"
FORM: Final = r'^("[!#-~]{1,253}"|[!#-~]{1,255})$'
PARAMETER: Final[dict[str, Any]] = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST, "pattern": FORM},
    "description": "The same key with the same request is done once, and answered alike for 24 hours.",
    "example": "5f0c2a52-6d0a-4d0e-9c1e-0f6b6f1a2b3c",
}


def answer(request: HttpRequest, run: Callable[[], HttpResponse], *, alone: bool) -> HttpResponse:
    """The answer of `run`, or the one that this request got before. Raises `ProblemError` (400, 409, 422).

    `alone`: `run` must not be inside a transaction; then only what was answered is remembered, and two at once are both done.
    """
    given = request.headers.get(HEADER)
    if given is not None and not re.match(FORM, given):
        raise _bad_key()
    key = read_key(given or "")
    if alone:
        return _asked_alone(request, key, run)
    with transaction.atomic():
        if not key:
            return run()
        if not _mine(key_of(request).pk, key):
            raise ProblemError(
                409,
                "in_progress",
                "A request with this Idempotency-Key is being dealt with at this moment.",
                "Send it again in a few seconds, with the same key.",
                headers={"Retry-After": "1"},
            )
        return _remembered(request, key) or _kept(request, key, run())


def read_key(given: str) -> str:
    """The key: a quoted string in the draft standard, bare in common use; both are the same. Raises `ProblemError`."""
    key = given.strip()
    bare = key[1:-1] if len(key) > 1 and key.startswith('"') and key.endswith('"') else key
    if (key and not bare) or len(bare) > LONGEST or not (bare.isascii() and bare.isprintable()):
        raise _bad_key()
    return bare


def _bad_key() -> ProblemError:
    return ProblemError(
        400,
        "bad_idempotency_key",
        f"The {HEADER} must be 1 to {LONGEST} printable ASCII characters, without blanks or quotes inside.",
        "A UUID is a good key.",
    )


def _asked_alone(request: HttpRequest, key: str, run: Callable[[], HttpResponse]) -> HttpResponse:
    if not key:
        return run()
    return _remembered(request, key) or _kept(request, key, run())


def _mine(key_id: int, key: str) -> bool:
    """Whether nobody else deals with this key now; until the transaction ends."""
    number = int.from_bytes(hashlib.sha256(f"api {key_id} {key}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _remembered(request: HttpRequest, key: str) -> HttpResponse | None:
    known = GivenAnswer.objects.filter(api_key=key_of(request), key=key, at__gte=clock.now() - KEPT).first()
    if known is None:
        return None
    if bytes(known.request_hash) != _hash(request):
        raise ProblemError(
            422,
            "idempotency_key_reused",
            f"This {HEADER} came before with another request.",
            "Use a new key for each deed, and the old one only to repeat the very same.",
        )
    response = HttpResponse(decrypt(known.answer), status=known.status, content_type="application/json")
    response["Idempotent-Replayed"] = "true"
    if known.etag:
        response["ETag"] = known.etag
    return response


def _kept(request: HttpRequest, key: str, response: HttpResponse) -> HttpResponse:
    GivenAnswer.objects.update_or_create(
        api_key=key_of(request),
        key=key,
        defaults={
            "request_hash": _hash(request),
            "status": response.status_code,
            "etag": response.headers.get("ETag", ""),
            "answer": encrypt(response.content.decode()),
            "at": clock.now(),
        },
    )
    return response


def _hash(request: HttpRequest) -> bytes:
    """Keyed, since bodies hold passwords and addresses. With what the key may do: an answer that it would not get any more is not
    given again."""
    parts = (request.method or "", request.get_full_path(), request.headers.get("If-Match", ""))
    rights = " ".join(sorted(held_by(request)))
    said = "\n".join((*parts, rights)).encode() + b"\n" + body_of(request)
    return salted_hmac("publisher.api.v1.once", said, algorithm="sha256").digest()
