"""Reading the JSON of a request: what is no JSON is refused before anything is looked at."""

from __future__ import annotations

import json
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from ninja.parser import Parser

from publisher.api.problems import ProblemError, broken_off

LARGEST: Final = 1024 * 1024
"""Bytes of a body: a hundred long posts."""
TYPE: Final = "application/json"


class JsonBody(Parser):
    """A body of JSON, and of nothing else."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != TYPE:
            raise ProblemError(
                415, "not_json_type", "The body is not declared as JSON.", f"Send Content-Type: {TYPE}."
            )
        try:
            body = request.body
        except RequestDataTooBig:
            raise _too_large() from None
        except UnreadablePostError as error:
            raise broken_off() from error
        if len(body) > LARGEST:
            raise _too_large()
        try:
            return json.loads(body.decode(), parse_constant=_no_number)
        except (ValueError, RecursionError):  # ValueError: no JSON, no UTF-8, a number of thousands of digits
            raise ProblemError(
                400, "not_json", "The body is not JSON in UTF-8.", "Send one JSON object."
            ) from None


def _too_large() -> ProblemError:
    return ProblemError(
        413, "too_large", f"The body is larger than {LARGEST:,} bytes.", "Send less in one request."
    )


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
