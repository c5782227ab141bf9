"""Deeds that take a file: a form (multipart/form-data) with the file as `file` and the other values as fields.

`frame.does(upload=...)` reads it by `read`. The form is remembered by what is in it, not by its bytes: a program that sends it
again, as after a broken connection, mostly writes another boundary between the same fields.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Final, TypeVar

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja.errors import ValidationError
from pydantic import Strict, WithJsonSchema
from pydantic import ValidationError as Invalid

from publisher.api.problems import ProblemError, broken_off, length_required
from publisher.api.v1.files import tell_apart
from publisher.api.v1.shapes import Given
from publisher.social.media.keeping import MOST_BYTES

TYPE: Final = "multipart/form-data"
LARGEST: Final = MOST_BYTES
"""Bytes of a file."""
AROUND: Final = 256 * 1024
"""Bytes of a form beside its file: its fields, and what stands between them."""

Form = TypeVar("Form", bound="Upload")


class Upload(Given):
    """A form with a file."""

    file: Annotated[bytes, Strict(), WithJsonSchema({"type": "string", "format": "binary"})]


def described(form: type[Upload]) -> dict[str, Any]:
    """The body of the operation, for the schema. `openapi.py` adds what it refers to."""
    schema = {"$ref": f"#/components/schemas/{form.__name__}"}
    return {"required": True, "content": {TYPE: {"schema": schema}}}


def read(request: HttpRequest, form: type[Form]) -> Form:
    """What was sent. Raises `ProblemError` and ninja's `ValidationError`."""
    if request.content_type != TYPE:
        raise ProblemError(
            415, "not_form_type", "The body is not declared as a form.", f"Send Content-Type: {TYPE}."
        )
    _check_length(request)
    values = _values(request)
    try:
        given = form.model_validate(values)
    except Invalid as error:
        # The two before are what ninja says of a body; the place of an error is told without them.
        raise ValidationError(
            [{**each, "loc": ("body", "given", *each["loc"])} for each in error.errors()]
        ) from error
    said = json.dumps(given.model_dump(mode="json", exclude={"file"}), sort_keys=True).encode()
    tell_apart(request, hashlib.sha256(given.file).digest() + said)
    return given


def _check_length(request: HttpRequest) -> None:
    length = request.headers.get("Content-Length", "")
    if not length.isdigit():
        raise length_required()
    if int(length) > LARGEST + AROUND:
        raise _too_large()


def _values(request: HttpRequest) -> dict[str, Any]:
    """Fields and files by their names, each once."""
    request.encoding = "utf-8"  # whatever the request says: there are encodings that no text can be read in
    try:
        fields, files = request.POST, request.FILES
    except RequestDataTooBig:
        raise _too_large() from None
    except UnreadablePostError as error:
        raise broken_off() from error
    except (MultiPartParserError, SuspiciousOperation):
        raise ProblemError(
            400,
            "not_a_form",
            "The form cannot be read.",
            "Send each field once, with a boundary between them.",
        ) from None
    names = [*fields, *files]
    twice = sorted(
        {
            name
            for name in names
            if names.count(name) > 1 or len(fields.getlist(name) + files.getlist(name)) > 1
        }
    )
    if twice:
        raise ProblemError(422, "invalid", f"{twice[0][:40]} stands twice in the form.", "Give it once.")
    sent: dict[str, Any] = files.dict()
    for each in sent.values():
        if (each.size or 0) > LARGEST:
            raise _too_large()
    return {**fields.dict(), **{name: each.read() for name, each in sent.items()}}


def _too_large() -> ProblemError:
    return ProblemError(
        413, "too_large", f"The file is larger than {LARGEST:,} bytes.", "Send a smaller one."
    )
