"""Rows of a file that were refused, a page at a time: where each stands, and why. What they held is in their file."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from django.http import HttpRequest

from publisher.api.v1.keys import sees_addresses
from publisher.api.v1.paging import address_of_next
from publisher.api.v1.shapes import Page, Paged, Shape
from publisher.audience.importing.refused import RefusedRow
from publisher.core.masking import masked_text
from publisher.core.numbers import number_in


class RefusedRowOut(Shape):
    line: int
    reason: str


def page(request: HttpRequest, rows: Iterable[RefusedRow], wanted: Paged) -> Page[RefusedRowOut]:
    """In the order of the file; the cursor is how many were shown. Reasons name addresses to whoever may read them."""
    before = number_in((wanted.after or "").partition(".")[0]) or 0
    found = list(islice(rows, before, before + wanted.limit + 1)) if before < _MOST else []
    plain = sees_addresses(request)
    following = address_of_next(request, str(before + wanted.limit)) if len(found) > wanted.limit else None
    data = [
        RefusedRowOut(line=each.line, reason=each.reason if plain else masked_text(each.reason))
        for each in found[: wanted.limit]
    ]
    return Page(data=data, next=following)


_MOST = 2**62
