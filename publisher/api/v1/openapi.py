"""The schema that is served: ninja's, finished. Errors with their own type of content, the permission of each operation,
examples, and no values of the query string that would be null."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from publisher.api.v1.examples import EXAMPLES
from publisher.items.schema import event_json_schema, item_json_schema
from publisher.people.permissions import PERMISSIONS, codename

if TYPE_CHECKING:
    from publisher.api.v1.frame import Operation
    from publisher.api.v1.uploads import Upload

PROBLEM_TYPE: Final = "application/problem+json"
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "An error (RFC 9457). `code` is stable; `detail` and `hint` are for people.",
    "required": ["type", "title", "status", "code", "detail", "hint", "fields", "trace_id"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "urn:publisher:problem: and the code."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string"},
        "detail": {"type": "string", "description": "What happened, to what."},
        "hint": {"type": "string", "description": "What to do next."},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "found", "expected"],
                "additionalProperties": False,
                "properties": {name: {"type": "string"} for name in ("name", "found", "expected")},
            },
        },
        "trace_id": {"type": "string", "description": "Names the request in the log."},
    },
    "example": {
        "type": "urn:publisher:problem:stale",
        "title": "Stale",
        "status": 409,
        "code": "stale",
        "detail": "The post has changed since you opened it.",
        "hint": "Compare the two, then repeat what you wanted to do.",
        "fields": [],
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    },
}
ENTRY_TAKEN: Final[dict[str, Any]] = {
    "type": "object",
    "title": "EntryTaken",
    "description": "An entry that is on disk. What became of it as an item is in GET /items or GET /rejections, by its trace_id.",
    "required": ["entry_id", "trace_id", "source", "replayed", "ignored_fields"],
    "additionalProperties": False,
    "properties": {
        "entry_id": {"type": "string", "description": "Of the stream."},
        "trace_id": {"type": "string"},
        "source": {"type": "string", "description": "The source of the key."},
        "replayed": {"type": "boolean", "description": "Whether the same key and body came before."},
        "ignored_fields": {"type": "array", "items": {"type": "string"}},
    },
}
ANSWERS: Final[dict[int, tuple[str, str]]] = {
    400: ("Unreadable", "The request cannot be read."),
    401: ("NoKey", "No key, or none that lives."),
    403: ("NotAllowed", "The key has not the scope, or its owner may not."),
    404: ("NotFound", "There is no such thing."),
    405: ("MethodNotAllowed", "The address does not take this method."),
    409: ("Conflict", "It has changed since you saw it, was decided before, or is being dealt with."),
    412: ("PreconditionFailed", "It has changed since you saw it (If-Match)."),
    413: ("TooLarge", "The body is too large."),
    411: ("LengthRequired", "The request does not say how long its body is."),
    415: ("WrongType", "The body is not declared as what it has to be: JSON, or of a file CSV or a form."),
    422: ("Refused", "It does not fit the schema (`invalid`), or cannot be done (`refused`)."),
    428: ("VersionMissing", "The request does not say which version you saw."),
    429: ("TooFast", "The key asks too fast; see Retry-After."),
    503: ("Away", "Something that is needed does not answer; try again."),
}
ALWAYS: Final = (401, 403, 404, 422, 429, 503)
DEEDS: Final = (400, 409)
BODIES: Final = (413, 415)
FILES: Final = (411, 413, 415)
VERSIONED: Final = (412, 428)
UPLOADS: Final = (411,)


def finished(schema: dict[str, Any], operations: Sequence[Operation]) -> dict[str, Any]:
    """`schema`, changed in place."""
    declared = {each.name: each for each in operations}
    for served in _operations(schema):
        own = declared.get(served["operationId"])
        if own is not None:
            _finish(served, own)
        for parameter in served.get("parameters", []):
            parameter["schema"] = _without_null(parameter["schema"])
    components = schema["components"]
    components["schemas"] |= {"Problem": PROBLEM, "EntryTaken": ENTRY_TAKEN}
    components["schemas"] |= _embedded("Entry", item_json_schema()) | _embedded(
        "EntryEvent", event_json_schema()
    )
    components["responses"] = {name: _answer(status, text) for status, (name, text) in ANSWERS.items()}
    for operation in operations:
        if operation.upload:
            components["schemas"][operation.upload.__name__] = _form(operation.upload)
    for name, example in EXAMPLES.items():
        if name in components["schemas"]:
            components["schemas"][name]["example"] = example
    for name, about in SCHEMES.items():
        if name in components.get("securitySchemes", {}):
            components["securitySchemes"][name] |= about
    return schema


SCHEMES: Final[dict[str, dict[str, Any]]] = {
    "ApiKeyAuth": {"description": "A key of a person, with scopes: the desk gives it under “API keys”."},
    "SourceKey": {"description": "The key of a source, for handing in items only."},
    "SourceKeyHeader": {"description": "The same in a header of its own."},
}


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in schema["paths"].values():
        yield from methods.values()


def _finish(operation: dict[str, Any], own: Operation) -> None:
    statuses = [*ALWAYS, *(DEEDS if own.is_deed else ()), *(BODIES if own.has_body else ())]
    statuses += FILES if own.takes_file else ()
    statuses += VERSIONED if own.versioned else ()
    statuses += UPLOADS if own.upload else ()
    for status in sorted(statuses):
        operation["responses"][status] = {"$ref": f"#/components/responses/{ANSWERS[status][0]}"}
    if own.permission:
        scope = codename(own.permission)
        operation["x-scope"] = scope
        needs = f"Needs the scope `{scope}`: {str(PERMISSIONS[own.permission]).lower()}."
        needs += "".join(f" And `{codename(each)}`: {str(PERMISSIONS[each]).lower()}." for each in own.also)
        # Where there is nothing more to say, ninja says the summary again.
        more = operation.get("description", "").removeprefix(operation["summary"]).strip()
        operation["description"] = f"{more}\n\n{needs}".strip()


def _answer(status: int, text: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": text,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == 429:
        answer["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
    return answer


def _embedded(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of its own as named ones of ours: what it defines is called after it."""
    defined = schema.pop("$defs", {})
    schema.pop("$schema", None)
    found = {name: schema, **{f"{name}{each}": value for each, value in defined.items()}}
    text = json.dumps(found).replace('"#/$defs/', f'"#/components/schemas/{name}')
    embedded: dict[str, Any] = json.loads(text)
    return embedded


def _form(form: type[Upload]) -> dict[str, Any]:
    schema = form.model_json_schema()
    return schema | {"properties": {name: _without_null(each) for name, each in schema["properties"].items()}}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A value of the query string or of a form is there or not; it is never null."""
    kinds = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if len(kinds) == 1 and len(schema["anyOf"]) == 2:
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        return {**rest, **kinds[0]}
    return schema
