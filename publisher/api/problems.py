"""Errors of the API as problem+json (RFC 9457), with what a producer needs to act on them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError

from publisher.core import trace
from publisher.items.refusals import Refused
from publisher.items.stream import NotDurableError, StreamAwayError

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
NOTHING_TAKEN = "Nothing was taken. Send the same again in a few seconds, with the same Idempotency-Key."
UNCLEAR = "The entry may have been taken or not. Send the same again in a few seconds: the same item twice is one item."
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
        NotDurableError: _not_durable,
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
    if error.unclear:
        return answer(_away("stream_unclear", "The queue for items did not answer in time.", UNCLEAR))
    return answer(_away("stream_away", "The queue for items cannot be written to."))


def _not_durable(_request: HttpRequest, error: NotDurableError) -> JsonResponse:
    log.error("api.not_durable", extra={"error": error.message})
    return answer(
        _away(
            "not_durable",
            "The queue for items is not set to keep each entry on disk at once, so none is taken.",
        )
    )


def _database_away(_request: HttpRequest, error: OperationalError) -> JsonResponse:
    log.error("api.database_away", extra={"error": str(error).strip().splitlines()[0]})
    return answer(_away("database_away", "The database does not answer."))


def _away(code: str, detail: str, hint: str = NOTHING_TAKEN) -> ProblemError:
    return ProblemError(503, code, detail, hint, headers={"Retry-After": str(RETRY_SECONDS)})


def _unforeseen(_request: HttpRequest, error: Exception) -> JsonResponse:
    log.error("api.failed", exc_info=error)
    return answer(ProblemError(500, "internal", "Something went wrong here.", "Report it with the trace_id."))


class ApiErrors:
    """Middleware: what Django answers by itself under /api/ (a wrong method, a foreign host) is problem+json too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        ours = "json" in response.headers.get("Content-Type", "")
        if response.status_code < 400 or ours or not request.path_info.startswith("/api/"):
            return response
        return answer(_of_django(response))


def _of_django(response: HttpResponse) -> ProblemError:
    if response.status_code == 405:
        allowed = response.headers.get("Allow", "")
        headers = {"Allow": allowed} if allowed else {}
        return ProblemError(
            405,
            "method_not_allowed",
            "This address does not take this method.",
            f"It takes {allowed}.",
            headers=headers,
        )
    if response.status_code == 400:
        return ProblemError(
            400,
            "bad_request",
            "The request was not read.",
            "Check its Host header; PUBLISHER_ALLOWED_HOSTS lists more.",
        )
    return ProblemError(
        response.status_code, "failed", response.reason_phrase, "Report it with the trace_id."
    )
