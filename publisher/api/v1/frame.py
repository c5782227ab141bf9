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

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from ninja import NinjaAPI
from ninja.constants import NOT_SET
from pydantic import BaseModel

from publisher.api import problems
from publisher.api.v1 import files, once, uploads, versions
from publisher.api.v1.bodies import JsonBody
from publisher.api.v1.files import CsvFile
from publisher.api.v1.keys import ApiKeyAuth, require
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
    """One method of one address. `permission` "": any living key; `also` are needed besides. `versioned`: it takes the version
    that the caller saw. `remembered`: an Idempotency-Key is good for it. `takes_file`: its body is CSV. `upload`: its body is
    this form."""

    method: str
    path: str
    permission: str
    name: str
    versioned: bool
    has_body: bool
    also: tuple[str, ...] = ()
    remembered: bool = True
    takes_file: bool = False
    upload: type[Upload] | None = None

    @property
    def is_deed(self) -> bool:
        return self.method == "POST"


OPERATIONS: list[Operation] = []


def reads(path: str, permission: str, *, tag: str) -> Callable[[Function], Function]:
    """Declare a GET. Values of the query string that it does not know are refused."""

    def declare(function: Function) -> Function:
        names = query_names(function)

        def answered(request: HttpRequest, **given: Any) -> HttpResponseBase:
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
    also: tuple[str, ...] = (),
    remembered: bool = True,
    most_bytes: int = 0,
    upload: type[Upload] | None = None,
) -> Callable[[Function], Function]:
    """Declare a POST. It runs in one transaction with the memory of its Idempotency-Key.

    `status`: that of a success, or one for each type of answer. `versioned`: it takes `version`, or If-Match. `alone`: it runs in
    no transaction of ours, since it asks another server or what it counts has to stay; asked of the body where that decides.
    `also`: permissions that it takes besides. `remembered=False`: doing it twice is no harm, and what it answers is not kept.
    `most_bytes`: its body is a CSV file of so many bytes at most, which `files.sent` gives.
    `upload`: the form that it takes in place of JSON.
    """
    statuses = status if isinstance(status, Mapping) else {BaseModel: status}

    def declare(function: Function) -> Function:
        names = query_names(function)

        def answered(request: HttpRequest, **given: Any) -> HttpResponseBase:
            check_query(request, names)
            for each in also:
                require(request, each, "This")
            if upload:
                given["given"] = uploads.read(request, upload)

            def run() -> HttpResponse:
                result = function(request, **given)
                found = next(each for kind, each in statuses.items() if isinstance(result, kind))
                return _response(result, found)

            if not remembered:
                with transaction.atomic():
                    result = function(request, **given)
                return result if isinstance(result, CsvFile) else _response(result, 200)
            by_itself = alone(given["given"]) if callable(alone) else alone
            if not most_bytes:
                return once.answer(request, run, alone=by_itself)
            with files.taken(request, most_bytes):
                return once.answer(request, run, alone=by_itself)

        has_body = "given" in inspect.signature(function).parameters
        operation = Operation(
            "POST",
            path,
            permission,
            function.__name__,
            versioned=versioned,
            has_body=has_body,
            also=also,
            remembered=remembered,
            takes_file=bool(most_bytes),
            upload=upload,
        )
        _add(operation, function, answered, tag=tag, status=status)
        return function

    return declare


def _add(
    operation: Operation,
    function: Callable[..., Any],
    answered: Callable[..., HttpResponseBase],
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
    def view(request: HttpRequest, **given: Any) -> HttpResponseBase:
        with translation.override("en"):
            return answered(request, **given)

    view.__signature__ = signature  # type: ignore[attr-defined]  # its annotations as types, whatever file they are from
    OPERATIONS.append(operation)
    parameters = [once.PARAMETER] if operation.is_deed and operation.remembered else []
    parameters += [versions.parameter(body)] if operation.versioned else []
    extra["parameters"] = parameters
    if operation.takes_file:
        extra["requestBody"] = files.BODY
    answers_file = signature.return_annotation is CsvFile
    if answers_file:
        extra["responses"] = {200: files.ANSWER}
    doc = inspect.getdoc(function) or ""
    summary, _, rest = doc.partition("\n")
    api.default_router.add_api_operation(
        operation.path,
        [operation.method],
        view,
        auth=[ApiKeyAuth(operation.permission)],
        response=NOT_SET if answers_file else _answers(status, signature.return_annotation),
        operation_id=operation.name,
        summary=summary,
        description=rest.strip(),
        tags=[tag],
        openapi_extra=extra,
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
