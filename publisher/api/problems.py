"""Errors of the API as problem+json (RFC 9457), with what a producer needs to act on them."""

from __future__ import annotations

import logging
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from publisher.core import trace
from publisher.items.refusals import Refused
from publisher.items.stream import StreamAwayError

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
MALFORMED = {
    "too_large": 413,
    "empty_entry": 400,
    "not_utf8": 400,
    "not_json": 400,
    "too_deep": 400,
    "not_an_object": 400,
}
"""Refusals of what is no JSON object at all; every other one is 422."""


class ProblemError(Exception):
    """An answer that is no success. `code` is stable, `detail` and `hint` are for the person who reads the log."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        hint: str = "",
        *,
        fields: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.hint = status, code, detail, hint
        self.fields, self.headers = fields or [], headers or {}


def refused(refusal: Refused) -> ProblemError:
    """A refusal of the entry, with the fields that are wrong."""
    status = MALFORMED.get(refusal.code, 422)
    return ProblemError(status, refusal.code, refusal.reason, refusal.hint, fields=refusal.fields_json())


def answer(problem: ProblemError) -> JsonResponse:
    body: dict[str, Any] = {
        "type": f"urn:publisher:problem:{problem.code}",
        "title": problem.code.replace("_", " ").capitalize(),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "hint": problem.hint,
        "fields": problem.fields,
        "trace_id": trace.current(),
    }
    return JsonResponse(
        body, status=problem.status, headers=problem.headers, content_type="application/problem+json"
    )


def register(api: NinjaAPI) -> None:
    """Every error of the API ends here."""
    handlers: dict[Any, Any] = {  # ninja's types would have each handler take the class as well
        ProblemError: lambda _request, problem: answer(problem),
        AuthenticationError: _no_key,
        StreamAwayError: _stream_away,
        OperationalError: _database_away,
        Exception: _unforeseen,
    }
    for error, handler in handlers.items():
        api.add_exception_handler(error, handler)


def _no_key(_request: HttpRequest, _error: AuthenticationError) -> JsonResponse:
    return answer(
        ProblemError(
            401,
            "no_key",
            "There is no API key in the request, or it is not one of a source that is switched on.",
            "Send Authorization: Bearer KEY. `publisher add-source NAME --api-key` gives one.",
            headers={"WWW-Authenticate": 'Bearer realm="publisher"'},
        )
    )


def _stream_away(_request: HttpRequest, error: StreamAwayError) -> JsonResponse:
    log.error("api.stream_away", extra={"error": error.message})
    return answer(_away("stream_away", "The queue for items cannot be written to."))


def _database_away(_request: HttpRequest, error: OperationalError) -> JsonResponse:
    log.error("api.database_away", extra={"error": str(error).strip().splitlines()[0]})
    return answer(_away("database_away", "The database does not answer."))


def _away(code: str, detail: str) -> ProblemError:
    hint = "Nothing was taken. Send the same again in a few seconds, with the same Idempotency-Key."
    return ProblemError(503, code, detail, hint, headers={"Retry-After": str(RETRY_SECONDS)})


def _unforeseen(_request: HttpRequest, error: Exception) -> JsonResponse:
    log.error("api.failed", exc_info=error)
    return answer(ProblemError(500, "internal", "Something went wrong here.", "Report it with the trace_id."))
