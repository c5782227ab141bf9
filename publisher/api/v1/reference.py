"""The page to read the API's description: made from the served schema, so that it says just what the API does. No script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from publisher.api.problems import CODES
from publisher.api.v1 import once
from publisher.api.v1.frame import api

JSON = "application/json"
CSV = "text/csv"
FORM = "multipart/form-data"


@dataclass(frozen=True)
class Field:
    """A value of a schema, a parameter, or a header. `type` is for people; `ref` names a schema of the page."""

    name: str
    type: str
    required: bool = False
    about: str = ""
    ref: str = ""
    place: str = ""


@dataclass(frozen=True)
class Entry:
    """One operation."""

    name: str
    method: str
    path: str
    summary: str
    about: str
    scope: str
    parameters: list[Field]
    body: Field | None
    answers: list[tuple[str, str, Field | None]]
    curl: str


@dataclass(frozen=True)
class Group:
    """The operations of one resource."""

    name: str
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Shape:
    """A named schema with its fields and its example."""

    name: str
    about: str
    fields: list[Field]
    example: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The reference, for a browser or a printer."""
    schema = described()
    context = {
        "base": f"{settings.BASE_URL}",
        "about": schema["info"]["description"].split("\n\n"),
        "groups": groups(schema),
        "shapes": shapes(schema),
        "codes": CODES,
    }
    response = render(request, "api/reference.html", context)
    response["Cache-Control"] = "no-cache"
    return response


@cache
def described() -> dict[str, Any]:
    """The schema as it is served."""
    served: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    return served


def groups(schema: dict[str, Any]) -> list[Group]:
    """By resource, in the order in which they were declared."""
    found: dict[str, Group] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            tag = operation["tags"][0]
            found.setdefault(tag, Group(tag)).entries.append(_entry(path, method, operation, schema))
    return sorted(found.values(), key=lambda group: group.name)


def shapes(schema: dict[str, Any]) -> list[Shape]:
    """Every named schema, by name."""
    named = schema["components"]["schemas"]
    return [
        Shape(
            name,
            str(each.get("description", "")),
            _fields(each),
            json.dumps(each["example"], indent=2, ensure_ascii=False) if "example" in each else "",
        )
        for name, each in sorted(named.items())
    ]


def _fields(schema: dict[str, Any]) -> list[Field]:
    """The fields of a named schema; of one that is one of several, these."""
    choices = [_field("or" if n else "either", each) for n, each in enumerate(schema.get("oneOf", []))]
    required = schema.get("required", ())
    own = [
        _field(key, value, required=key in required) for key, value in schema.get("properties", {}).items()
    ]
    return choices + own


def _entry(path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]) -> Entry:
    contents = operation.get("requestBody", {}).get("content", {})
    content = contents.get(JSON) or contents.get(FORM)
    body = _field("body", content["schema"]) if content else None
    if CSV in contents:
        body = Field("body", "CSV file", required=True)
    parameters = [
        _field(
            each["name"],
            each["schema"],
            required=bool(each.get("required")),
            about=str(each.get("description", "")),
            place=each["in"],
        )
        for each in operation.get("parameters", [])
    ]
    return Entry(
        operation["operationId"],
        method.upper(),
        path,
        operation.get("summary", ""),
        operation.get("description", ""),
        operation.get("x-scope", ""),
        parameters,
        body,
        [_answer(status, answer, schema) for status, answer in operation["responses"].items()],
        _curl(
            path,
            method,
            body,
            schema,
            is_kept=any(each.name == once.HEADER for each in parameters),
            is_form=FORM in contents,
        ),
    )


def _answer(status: str, answer: dict[str, Any], schema: dict[str, Any]) -> tuple[str, str, Field | None]:
    if "$ref" in answer:
        answer = schema["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    content = next(iter(answer.get("content", {}).values()), None)
    return status, answer["description"], _field("", content["schema"]) if content else None


def _field(
    name: str, schema: dict[str, Any], *, required: bool = False, about: str = "", place: str = ""
) -> Field:
    kind, ref = _type(schema)
    return Field(name, kind, required, about or str(schema.get("description", "")), ref, place)


def _type(schema: dict[str, Any]) -> tuple[str, str]:
    """What people read, and the schema that it names."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return ("JSON Schema", "") if schema["$ref"].endswith(".json") else (name, name)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        kinds = [_type(each) for each in choices]
        return " or ".join(kind for kind, _ in kinds), next((ref for _, ref in kinds if ref), "")
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"])), ""
    if schema.get("type") == "array":
        inner, ref = _type(schema.get("items", {}))
        return f"list of {inner}", ref
    if schema.get("format") == "date-time":
        return "time", ""
    return {"object": "object", "string": "text", "integer": "whole number", "boolean": "true or false"}.get(
        str(schema.get("type", "")), str(schema.get("type", "any"))
    ), ""


def _curl(
    path: str, method: str, body: Field | None, schema: dict[str, Any], *, is_kept: bool, is_form: bool
) -> str:
    lines = [f"curl {settings.BASE_URL}{path} \\", '  -H "Authorization: Bearer $KEY"']
    if is_kept:
        lines[-1] += " \\"
        lines.append('  -H "Idempotency-Key: $(uuidgen)"')
    if body and body.type == "CSV file":
        lines[-1] += " \\"
        lines.append(f"  -H 'Content-Type: {CSV}' --data-binary @list.csv")
    elif body and is_form:
        example = schema["components"]["schemas"][body.ref].get("example", {})
        for name, value in example.items():
            lines[-1] += " \\"
            lines.append(f"  -F '{name}={'@' if name == 'file' else ''}{value}'")
    elif body:
        named = schema["components"]["schemas"].get(body.ref, {})
        example = json.dumps(named.get("example", {}), ensure_ascii=False)
        lines[-1] += " \\"
        lines.append(f"  --json '{example}'")
    elif method == "post":
        lines.insert(1, "  -X POST \\")
    return "\n".join(lines)
