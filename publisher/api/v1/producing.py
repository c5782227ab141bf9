"""For producers, with the key of their source: handing in items, and the schemas of what may be handed in."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from ninja.security import APIKeyHeader, HttpBearer

from publisher.api import problems
from publisher.api.problems import ProblemError
from publisher.api.v1.frame import api
from publisher.api.v1.once import LONGEST, read_key
from publisher.core import clock, trace
from publisher.items import rejections, sources
from publisher.items.envelope import MAX_ENTRY, Accepted, read_entry
from publisher.items.models import Origin, Source
from publisher.items.refusals import Refused, refuse
from publisher.items.rejections import RefusedEntry
from publisher.items.schema import event_json_schema, item_json_schema
from publisher.items.submissions import KeyReusedError, submit


class SourceKey(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Source | None:  # noqa: ARG002 - ninja's signature
        return sources.by_key(token.strip())


class SourceKeyHeader(APIKeyHeader):
    param_name = "X-API-Key"

    def authenticate(self, request: HttpRequest, key: str | None) -> Source | None:  # noqa: ARG002 - as above
        return sources.by_key(key.strip()) if key else None


_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_IN_OPENAPI: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": "Idempotency-Key",
            "schema": {"type": "string", "maxLength": LONGEST},
            "description": "The same key with the same body is the same entry, for a week.",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Entry"}},
            "application/cloudevents+json": {"schema": {"$ref": "#/components/schemas/EntryEvent"}},
        },
    },
    "responses": {
        202: {
            "description": "The entry is on disk.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EntryTaken"}}},
        },
        400: {"description": "No JSON object, or no usable Idempotency-Key.", **_PROBLEM},
        401: {"description": "No valid API key.", **_PROBLEM},
        409: {"description": "The Idempotency-Key came before with another body.", **_PROBLEM},
        411: {"description": "The server needs to know the length.", **_PROBLEM},
        413: {"description": "Too large.", **_PROBLEM},
        422: {"description": "The item is not valid; `fields` says where.", **_PROBLEM},
        503: {"description": "Not taken, or not known to be; send the same again.", **_PROBLEM},
    },
}


@api.post(
    "/items",
    auth=[SourceKey(), SourceKeyHeader()],
    openapi_extra=_IN_OPENAPI,
    operation_id="post_item",
    tags=["producers"],
)
def post_item(request: HttpRequest) -> JsonResponse:
    """Hand in one item: a CloudEvent in structured JSON, or the item alone, which counts as published."""
    source = cast("Source", request.auth)  # type: ignore[attr-defined]  # set by ninja
    payload = _body(request)
    now = clock.now()
    entry = read_entry(payload, now=now)
    if isinstance(entry, Refused):
        refused = RefusedEntry(source.name, Origin.API, payload, entry, trace.current())
        rejections.keep([refused], now=now)
        raise problems.refused(entry)
    key = read_key(request.headers.get("Idempotency-Key", ""))
    try:
        done = submit(
            payload,
            source=source,
            key=key,
            trace_id=trace.current(),
            now=now,
        )
    except KeyReusedError:
        raise ProblemError(
            409,
            "idempotency_key_reused",
            "This Idempotency-Key came before with another body.",
            "Use a new key for each entry, and the old one only to repeat the very same.",
        ) from None
    answer = {
        "entry_id": done.entry_id,
        "trace_id": done.trace_id,
        "source": source.name,
        "replayed": done.replayed,
        "ignored_fields": list(entry.ignored) if isinstance(entry, Accepted) else [],
    }
    return JsonResponse(answer, status=202)


@api.get("/schemas/item.json", tags=["producers"])
def item_schema(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - ninja's signature
    """JSON Schema of an item."""
    return JsonResponse(item_json_schema(), content_type="application/schema+json")


@api.get("/schemas/event.json", tags=["producers"])
def event_schema(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - ninja's signature
    """JSON Schema of an item or a retraction in its CloudEvents envelope."""
    return JsonResponse(event_json_schema(), content_type="application/schema+json")


def _body(request: HttpRequest) -> bytes:
    if "ce-specversion" in request.headers:
        raise ProblemError(
            415,
            "binary_mode",
            "CloudEvents in binary mode (ce- headers) are not taken.",
            "Send the event in structured mode: one JSON object with specversion, id, source, type and data.",
        )
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MAX_ENTRY:
        raise problems.refused(refuse("too_large", size=int(length), limit=MAX_ENTRY))
    if "Transfer-Encoding" in request.headers and not length:
        return _chunked(request)
    try:
        return request.body
    except RequestDataTooBig:
        raise problems.refused(refuse("too_large", size=MAX_ENTRY + 1, limit=MAX_ENTRY)) from None
    except UnreadablePostError as error:
        raise problems.broken_off() from error


def _chunked(request: HttpRequest) -> bytes:
    """A body of unknown length, which Django takes for an empty one (ticket 28668); gunicorn reads it to its end."""
    if not request.META.get("wsgi.input_terminated"):
        raise problems.length_required()
    try:
        body: bytes = request.META["wsgi.input"].read(MAX_ENTRY + 1)
    except OSError as error:  # a chunk that is none, or a connection that ended in the middle
        raise problems.broken_off() from error
    if len(body) > MAX_ENTRY:
        raise problems.refused(refuse("too_large", size=len(body), limit=MAX_ENTRY))
    return body
