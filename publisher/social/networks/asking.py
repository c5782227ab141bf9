"""Requests that publish nothing: questions, and what only prepares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from publisher.core.errors import Retry, Unknown


@contextmanager
def publishes_nothing() -> Iterator[None]:
    """Around requests that may be made again however they ended: no clear answer is `Retry`."""
    try:
        yield
    except Unknown as error:
        raise Retry(error.reason) from error
