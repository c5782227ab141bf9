"""The version that the caller saw: `version` in the body, or If-Match. Without either a deed is refused (428)."""

from __future__ import annotations

import re
from typing import Any, Final

from django.http import HttpRequest
from pydantic import BaseModel

from publisher.api.problems import ProblemError

IF_MATCH: Final[dict[str, Any]] = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string", "pattern": '^"[!#-~]{1,100}"$'},
    "description": "The ETag of what you saw, in place of `version` in the body.",
    "example": '"3"',
}
IF_MATCH_TEXT: Final[dict[str, Any]] = {**IF_MATCH, "example": '"waiting@2026-06-01T12:00:00+00:00"'}
"""For what has a text for its version, as editions have. An example that names another than the body's would be refused."""
_ETAG = re.compile(r'"([!#-~]{1,100})"')
_NUMBER = re.compile(r"[0-9]{1,9}")


def parameter(body: type[BaseModel]) -> dict[str, Any]:
    """How the header is described, beside this body."""
    said = str(body.model_fields["version"].annotation)
    return IF_MATCH_TEXT if "str" in said else IF_MATCH


def seen(request: HttpRequest, given: int | None) -> int:
    """The number of the version seen. Raises `ProblemError`."""
    tag = _tag(request)
    if tag is None:
        if given is None:
            raise _missing()
        return given
    if given is not None and str(given) != tag:
        raise _two()
    # A tag that is no number is of no version that there ever was: the deed finds that it is stale.
    return int(tag) if _NUMBER.fullmatch(tag) else 0


def seen_text(request: HttpRequest, given: str | None) -> str:
    """The same for versions that are texts."""
    tag = _tag(request)
    if tag is None:
        if given is None:
            raise _missing()
        return given
    if given is not None and given != tag:
        raise _two()
    return tag


def stale(request: HttpRequest, detail: str, hint: str) -> ProblemError:
    """412 for whoever said it by If-Match, else 409."""
    status = 412 if "If-Match" in request.headers else 409
    return ProblemError(status, "stale", detail, hint)


def _tag(request: HttpRequest) -> str | None:
    header = request.headers.get("If-Match")
    if header is None:
        return None
    found = _ETAG.fullmatch(header.strip())
    if found is None:
        raise ProblemError(
            400, "bad_if_match", "If-Match must be one ETag in double quotes.", 'Such as If-Match: "3".'
        )
    return found[1]


def _missing() -> ProblemError:
    return ProblemError(
        428,
        "version_missing",
        "The request does not say which version you saw.",
        "Read it first; send its `version` in the body, or its ETag as If-Match.",
    )


def _two() -> ProblemError:
    return ProblemError(
        422, "two_versions", "The body and If-Match name different versions.", "Send one of them."
    )
