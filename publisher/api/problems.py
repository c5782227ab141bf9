"""Errors of the API as problem+json (RFC 9457), with what its caller needs to act on them. Always in English.

`CODES` lists every `code` with its status and meaning; the reference and docs/api.md are held against it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import ValidationError as InvalidValues

from publisher.audience.bulk.asking import Moved
from publisher.core import trace
from publisher.core.crypto import CannotDecrypt
from publisher.core.errors import ChangedSince, UserError
from publisher.delivery import arranging
from publisher.delivery.amending import asking
from publisher.delivery.handing import AlreadyTold, OddAddress
from publisher.digests import forming
from publisher.items.refusals import Refused
from publisher.items.stream import NotDurableError, StreamAwayError
from publisher.social import setting_up, templating

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


CODES: Final[dict[str, tuple[int, str]]] = {
    "not_json": (400, "The body is no JSON object in UTF-8."),
    "not_a_form": (400, "The body is no form in multipart/form-data."),
    "bad_request": (400, "The request was not read: its Host header is not known."),
    "bad_idempotency_key": (400, "The Idempotency-Key is empty, too long or not printable ASCII."),
    "bad_if_match": (400, "If-Match is not one ETag in double quotes."),
    "broken_off": (400, "The body ended before its end."),
    "no_key": (401, "There is no key in the request, or it is not valid (any more)."),
    "not_allowed": (403, "The key has not the scope that this needs, or its owner may not do it."),
    "not_found": (404, "There is nothing at this address."),
    "method_not_allowed": (405, "The address does not take this method."),
    "stale": (409, "It has changed since you saw it; 412 when you said so by If-Match."),
    "already_decided": (409, "Somebody has decided this before."),
    "in_progress": (409, "A request with this Idempotency-Key is being dealt with."),
    "at_once": (
        409,
        "Somebody else did something at the same moment that this cannot go with; nothing was changed.",
    ),
    "length_required": (411, "The request does not say how long its body is."),
    "too_large": (413, "The body is too large."),
    "not_csv_type": (415, "The body is not declared as text/csv."),
    "not_json_type": (415, "The body is not declared as application/json."),
    "not_form_type": (415, "The body is not declared as multipart/form-data."),
    "invalid": (422, "The request does not fit the schema; `fields` says where."),
    "refused": (422, "It fits the schema and cannot be done; `detail` says why, `hint` what to do."),
    "two_versions": (422, "The body and If-Match name different versions."),
    "idempotency_key_reused": (
        422,
        "The Idempotency-Key came before with another request (409 for POST /items).",
    ),
    "version_missing": (428, "The request does not say which version you saw."),
    "too_fast": (429, "The key asks too fast; Retry-After says when to go on."),
    "internal": (500, "Something went wrong here; report the trace_id."),
    "cannot_count": (503, "Whether there are too many sign-ups cannot be known now; try again."),
    "database_away": (503, "The database does not answer; try again."),
    "cannot_decrypt": (503, "A stored secret cannot be opened with the present secret key."),
}
"""What the operations of the desk answer. What only POST /items answers is listed in docs/intake.md."""


AS: Final = "as "
"""Begins the name of one of several schemas that a body may have: it is no field of it."""


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


def broken_off() -> ProblemError:
    """The connection ended within the body."""
    return ProblemError(400, "broken_off", "The body ended before its end.", "Send the whole request again.")


def length_required() -> ProblemError:
    """The body would have to be read to know how long it is."""
    return ProblemError(
        411, "length_required", "The request does not say how long it is.", "Send Content-Length."
    )


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
        InterfaceError: _database_away,
        IntegrityError: _at_once,
        ValidationError: _invalid,
        HttpError: _http_error,
        Http404: _not_found,
        ObjectDoesNotExist: _not_found,
        ChangedSince: _stale,
        Moved: _moved,
        forming.Refused: lambda _request, error: answer(of_fields(error, error.fields)),
        setting_up.WrongField: lambda _request, error: answer(of_fields(error, {error.field: error.message})),
        templating.Fails: lambda _request, error: answer(of_fields(error, _line_of(error))),
        arranging.WrongText: lambda _request, error: answer(of_fields(error, _texts_of(error))),
        AlreadyTold: lambda _request, error: answer(of_user_error(error, 409, "already_decided")),
        OddAddress: _odd_address,
        asking.Refused: _decisions_refused,
        UserError: lambda _request, error: answer(of_user_error(error)),
        CannotDecrypt: _cannot_decrypt,
        Exception: _unforeseen,
    }
    for error, handler in handlers.items():
        api.add_exception_handler(error, handler)


def of_user_error(error: UserError, status: int = 422, code: str = "refused") -> ProblemError:
    """What a service of a lower room refuses, in its own words."""
    return ProblemError(status, code, error.message, error.hint)


def of_fields(error: UserError, fields: Mapping[str, str]) -> ProblemError:
    """The same with what is wrong in which field."""
    rows = [{"name": name, "found": "", "expected": said} for name, said in fields.items()]
    return ProblemError(422, "refused", error.message, error.hint, fields=rows)


def of_invalid(error: InvalidValues) -> ProblemError:
    """What the rules of a lower room refuse of values that fit the schema: a zone that there is not."""
    rows = [
        {
            "name": ".".join(map(str, each["loc"]))[:200],
            "found": _found(each.get("input"), each["loc"]),
            "expected": str(each["msg"])[:300],
        }
        for each in error.errors()[:20]
    ]
    named = ", ".join(dict.fromkeys(row["name"] for row in rows))
    said = f"These values cannot be: {named[:300]}."
    return ProblemError(422, "refused", said, "`fields` says what each must be.", fields=rows)


def no_such_address(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - the address is the problem
    """Whatever else is asked under /api/."""
    return answer(
        ProblemError(404, "not_found", "There is nothing at this address.", "See /api/v1/openapi.json.")
    )


def _no_key(request: HttpRequest, _error: AuthenticationError) -> JsonResponse:
    producer = request.method == "POST" and request.path_info.rstrip("/").endswith("/items")
    of_source = ("one of a source that is switched on", "`publisher add-source NAME --api-key` gives one.")
    of_person = ("a living one", "The desk gives one under “API keys”.")
    what, where = of_source if producer else of_person
    return answer(
        ProblemError(
            401,
            "no_key",
            f"There is no API key in the request, or it is not {what}.",
            f"Send Authorization: Bearer KEY. {where}",
            headers={"WWW-Authenticate": 'Bearer realm="publisher"'},
        )
    )


SECRETS: Final = {"password", "client_secret", "credentials", "keys", "secret", "private_key"}
"""Fields whose values no answer holds, not even one that was refused."""


def _invalid(_request: HttpRequest, error: ValidationError) -> JsonResponse:
    fields = [
        {
            "name": ".".join(_place(each["loc"]))[:200],
            "found": _found(each.get("input"), each["loc"]),
            "expected": str(each["msg"])[:300],
        }
        for each in error.errors[:20]
    ]
    named = ", ".join(dict.fromkeys(field["name"] for field in fields))
    detail = f"The request does not fit the schema: {named[:300]}."
    return answer(ProblemError(422, "invalid", detail, "See /api/v1/openapi.json.", fields=fields))


def _place(loc: Sequence[str | int]) -> list[str]:
    """Where in the body it stands, by its fields. `loc` begins with what ninja calls the body."""
    parts = [str(part) for part in loc if not str(part).startswith(AS)]
    return parts[2:] or parts[1:]


def _found(value: object, loc: Sequence[str | int]) -> str:
    """What stood there, shortly: people who read logs may not need all of it, and it may be long. Of a secret nothing."""
    if SECRETS & set(map(str, loc)):
        return ""
    return f"{value!r}"[:80].encode(errors="replace").decode() if isinstance(value, str | int | float) else ""


def _http_error(_request: HttpRequest, error: HttpError) -> JsonResponse:
    """Whatever the reading of a body raised, ninja has wrapped; what we said of it ourselves is its cause."""
    if isinstance(error.__cause__, ProblemError):
        return answer(error.__cause__)
    return answer(
        ProblemError(error.status_code, "not_json", "The request cannot be read.", "Send one JSON object.")
    )


def _not_found(_request: HttpRequest, _error: Exception) -> JsonResponse:
    return answer(
        ProblemError(404, "not_found", "There is no such thing (any more).", "Load the list again.")
    )


def _stale(request: HttpRequest, error: ChangedSince) -> JsonResponse:
    return answer(of_user_error(error, 412 if "If-Match" in request.headers else 409, "stale"))


def _moved(_request: HttpRequest, error: Moved) -> JsonResponse:
    fields = [{"name": "expected", "found": "another number", "expected": str(error.number)}]
    return answer(ProblemError(409, "stale", error.message, error.hint, fields=fields))


def _texts_of(error: arranging.WrongText) -> dict[str, str]:
    return {f"{field}.{language}": said for (field, language), said in error.problems.items()}


def _line_of(error: templating.Fails) -> dict[str, str]:
    """Where the template fails, if that is at one line."""
    return {"text": f"line {error.line}"} if error.line else {}


def _odd_address(_request: HttpRequest, error: OddAddress) -> JsonResponse:
    return answer(ProblemError(422, "refused", error.message, 'Send "sure": true if the address is right.'))


def _decisions_refused(_request: HttpRequest, error: asking.Refused) -> JsonResponse:
    fields = [
        {"name": f"post {post_id}", "found": each.message, "expected": each.hint}
        for post_id, each in error.errors.items()
    ]
    return answer(
        ProblemError(
            422, "refused", error.message, "Mend what stands in `fields`, then send all again.", fields=fields
        )
    )


def _cannot_decrypt(_request: HttpRequest, error: CannotDecrypt) -> JsonResponse:
    log.error("api.cannot_decrypt", extra={"error": str(error)})
    return answer(ProblemError(503, "cannot_decrypt", "A stored secret cannot be opened.", "Ask an admin."))


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


def _at_once(_request: HttpRequest, error: IntegrityError) -> JsonResponse:
    """What a service looked for and did not find was there a moment later, or the other way round."""
    log.warning("api.at_once", exc_info=error)
    return answer(
        ProblemError(
            409,
            "at_once",
            "Somebody else did something at the same moment that this cannot go with. Nothing was changed.",
            "Send it again: the answer then says what is in its way.",
        )
    )


def _database_away(_request: HttpRequest, error: OperationalError | InterfaceError) -> JsonResponse:
    log.error("api.database_away", extra={"error": str(error).strip().partition("\n")[0]})
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
