"""Files of the API: a CSV file as the body of a request, and one as an answer.

A body is written to a temporary file before anything is looked at, so that it may be larger than memory, is refused in time when
it is too large, and can be told from another by its hash (`once.py`).
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Final, cast

from django.http import HttpRequest, StreamingHttpResponse, UnreadablePostError
from pydantic import Field, StringConstraints

from publisher.api.problems import ProblemError, broken_off, length_required
from publisher.api.v1.shapes import NO_NUL, Given

TYPE: Final = "text/csv"
PIECE: Final = 1 << 20
FileName = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        TYPE: {
            "schema": {"type": "string", "description": "A table as CSV; its encoding is found out."},
            "example": "email,name\nreader@example.net,Ilse\n",
        }
    },
}
"""As OpenAPI has it."""
ANSWER: Final[dict[str, Any]] = {
    "description": "The file.",
    "content": {
        TYPE: {"schema": {"type": "string"}, "example": "line,reason,email\n7,There is no address.,\n"}
    },
}


class FileNameIn(Given):
    """What a file is called, which its bytes do not say."""

    name: FileName = Field("list.csv", description="What the file is called, for people.")


@dataclass(frozen=True)
class Sent:
    """A file that was sent, at its beginning."""

    file: BinaryIO
    size: int

    def pieces(self) -> Iterator[bytes]:
        self.file.seek(0)
        while piece := self.file.read(PIECE):
            yield piece


class CsvFile(StreamingHttpResponse):
    """An answer that is a file."""

    def __init__(self, name: str, pieces: Iterable[bytes]) -> None:
        super().__init__(pieces, content_type=f"{TYPE}; charset=utf-8")
        self["Content-Disposition"] = f'attachment; filename="{name}"'


@contextmanager
def taken(request: HttpRequest, most: int) -> Iterator[None]:
    """Inside, `sent` gives the body of the request. Raises `ProblemError` when it is no CSV, or has more than `most` bytes."""
    if request.content_type != TYPE:
        raise ProblemError(
            415, "not_csv_type", "The body is not declared as CSV.", f"Send Content-Type: {TYPE}."
        )
    with tempfile.TemporaryFile() as file:
        hashed, size, expected = hashlib.sha256(), 0, _length(request, most)
        for piece in _read(request, expected):
            size += len(piece)
            if size > most:
                raise _too_large(most)
            hashed.update(piece)
            file.write(piece)
        if expected is not None and size != expected:
            raise broken_off()
        file.seek(0)
        request.api_file = Sent(cast("BinaryIO", file), size)  # type: ignore[attr-defined]  # read by `sent`
        tell_apart(request, hashed.digest())
        yield


def sent(request: HttpRequest) -> Sent:
    """The file of an operation that takes one."""
    return cast("Sent", cast("Any", request).api_file)


def tell_apart(request: HttpRequest, by: bytes) -> None:
    """Tell the body from another by this, where it is not in memory or its bytes do not matter."""
    request.told_apart_by = by  # type: ignore[attr-defined]  # read by `body_of`


def body_of(request: HttpRequest) -> bytes:
    """What tells the body from another: itself, unless `tell_apart` said something else."""
    by: bytes | None = getattr(request, "told_apart_by", None)
    return request.body if by is None else by


def _length(request: HttpRequest, most: int) -> int | None:
    length = request.headers.get("Content-Length", "")
    if not length.isdigit():
        return None
    if int(length) > most:
        raise _too_large(most)
    return int(length)


def _read(request: HttpRequest, expected: int | None) -> Iterator[bytes]:
    source: Any = request
    if expected is None and "Transfer-Encoding" in request.headers:
        # Django takes a body of unknown length for an empty one (ticket 28668); gunicorn reads it to its end.
        if not request.META.get("wsgi.input_terminated"):
            raise length_required()
        source = request.META["wsgi.input"]
    try:
        while piece := source.read(PIECE):
            yield piece
    except (UnreadablePostError, OSError) as error:
        raise broken_off() from error


def _too_large(most: int) -> ProblemError:
    return ProblemError(
        413,
        "too_large",
        f"The file is larger than {most:,} bytes.",
        "Divide it, or bring it in at the command line.",
    )
