"""How an operation of the API is declared: `@reads(...)` or `@does(...)` with the one permission that it needs.

    @does("/posts/{int:post_id}/approve", PUBLISH, tag="posts")
    def approve_post(request, post_id: Id, given: VersionIn) -> PostOut: ...

The function's annotations are its schema: arguments what is sent, the return what is answered. `OPERATIONS` lists all of them,
for the test that walks operations × scopes and for the page that documents them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import NinjaAPI
from pydantic import BaseModel

from publisher.api import problems
from publisher.api.v1 import once, uploads, versions
from publisher.api.v1.bodies import JsonBody
from publisher.api.v1.keys import ApiKeyAuth
from publisher.api.v1.openapi import finished
from publisher.api.v1.queries import check_query, query_names
from publisher.api.v1.uploads import Upload

Function = TypeVar("Function", bound=Callable[..., Any])
Statuses = Mapping[type[BaseModel], int]
"""The status of each type of answer."""

DESCRIPTION: Final = """\
What the desk does, an API key with the right scope can do. Every operation names the one permission that it needs; a key has
a permission when it is among its scopes and its owner has it. Producers hand in items with the key of their source.

Times are RFC 3339 in UTC. Lists are pages: `next` is the address of the following one. Errors are problem+json (RFC 9457).
A POST with an `Idempotency-Key` is done once. See docs/api.md for examples."""


class Api(NinjaAPI):
    """Ninja's schema, finished: errors, the type of their content, examples."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        return finished(super().get_openapi_schema(*args, **kwargs), OPERATIONS)


api = Api(
    title="Publisher",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    parser=JsonBody(),
)
problems.register(api)


@dataclass(frozen=True)
class Operation:
    """One method of one address. `permission` "": any living key. `versioned`: it takes the version that the caller saw."""

    method: str
    path: str
    permission: str
    name: str
    versioned: bool
    has_body: bool
    upload: type[Upload] | None = None

    @property
    def is_deed(self) -> bool:
        return self.method == "POST"


OPERATIONS: list[Operation] = []


def reads(path: str, permission: str, *, tag: str) -> Callable[[Function], Function]:
    """Declare a GET. Values of the query string that it does not know are refused."""

    def declare(function: Function) -> Function:
        names = query_names(function)

        def answered(request: HttpRequest, **given: Any) -> HttpResponse:
            check_query(request, names)
            return _response(function(request, **given), 200)

        operation = Operation("GET", path, permission, function.__name__, versioned=False, has_body=False)
        _add(operation, function, answered, tag=tag, status=200)
        return function

    return declare


def does(
    path: str,
    permission: str,
    *,
    tag: str,
    status: int | Statuses = 200,
    versioned: bool = False,
    alone: bool | Callable[[Any], bool] = False,
    upload: type[Upload] | None = None,
) -> Callable[[Function], Function]:
    """Declare a POST. It runs in one transaction with the memory of its Idempotency-Key.

    `status`: that of a success, or one for each type of answer. `versioned`: it takes `version`, or If-Match. `alone`: it runs in
    no transaction of ours, since it asks another server or what it counts has to stay; asked of the body where that decides.
    `upload`: the form that it takes in place of JSON.
    """
    statuses = status if isinstance(status, Mapping) else {BaseModel: status}

    def declare(function: Function) -> Function:
        def answered(request: HttpRequest, **given: Any) -> HttpResponse:
            check_query(request, frozenset())
            if upload:
                given["given"] = uploads.read(request, upload)

            def run() -> HttpResponse:
                result = function(request, **given)
                found = next(each for kind, each in statuses.items() if isinstance(result, kind))
                return _response(result, found)

            by_itself = alone(given["given"]) if callable(alone) else alone
            return once.answer(request, run, alone=by_itself)

        has_body = "given" in inspect.signature(function).parameters
        operation = Operation(
            "POST", path, permission, function.__name__, versioned=versioned, has_body=has_body, upload=upload
        )
        _add(operation, function, answered, tag=tag, status=status)
        return function

    return declare


def _add(
    operation: Operation,
    function: Callable[..., Any],
    answered: Callable[..., HttpResponse],
    *,
    tag: str,
    status: int | Statuses,
) -> None:
    signature = inspect.signature(function, eval_str=True)
    body: Any = signature.parameters["given"].annotation if operation.has_body else None
    extra: dict[str, Any] = {}
    if operation.upload:  # read by `uploads.py`, so ninja is not to look for JSON
        kept = [each for name, each in signature.parameters.items() if name != "given"]
        signature = signature.replace(parameters=kept)
        extra["requestBody"] = uploads.described(operation.upload)

    @functools.wraps(function)
    def view(request: HttpRequest, **given: Any) -> HttpResponse:
        with translation.override("en"):
            return answered(request, **given)

    view.__signature__ = signature  # type: ignore[attr-defined]  # its annotations as types, whatever file they are from
    OPERATIONS.append(operation)
    parameters = [once.PARAMETER] if operation.is_deed else []
    parameters += [versions.parameter(body)] if operation.versioned else []
    doc = inspect.getdoc(function) or ""
    summary, _, rest = doc.partition("\n")
    api.default_router.add_api_operation(
        operation.path,
        [operation.method],
        view,
        auth=[ApiKeyAuth(operation.permission)],
        response=_answers(status, signature.return_annotation),
        operation_id=operation.name,
        summary=summary,
        description=rest.strip(),
        tags=[tag],
        openapi_extra={"parameters": parameters, **extra},
    )


def _answers(status: int | Statuses, annotation: Any) -> dict[int, Any]:
    """The types of the answers by status, for the schema."""
    if isinstance(status, Mapping):
        return {each: kind for kind, each in status.items()}
    return {status: annotation}


def _response(result: BaseModel, status: int) -> HttpResponse:
    response = HttpResponse(result.model_dump_json(), status=status, content_type="application/json")
    if (version := getattr(result, "version", None)) is not None:
        response["ETag"] = f'"{version}"'
    return response
