"""Reading the log's filter from a request, and finding the item that somebody means by some words of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest
from django.http.request import QueryDict
from django.utils import timezone

from publisher.core.numbers import number_in
from publisher.delivery.log import LogFilter
from publisher.items.models import Item
from publisher.items.search.finding import holding
from publisher.people.permissions import SEE_ADDRESSES

MOST_ITEMS = 12


@dataclass(frozen=True)
class Asked:
    """The filter, and the items that it may mean when the words fit several: then no rows are shown until one is chosen."""

    wanted: LogFilter
    items: tuple[Item, ...] = ()
    item: Item | None = None
    words: str = ""


def asked_of(request: HttpRequest, query: QueryDict | None = None) -> Asked:
    """What the query string asks for, in the viewer's zone and with what the viewer may see."""
    given = (request.GET if query is None else query).copy()
    words = given.get("item", "").replace("\0", "").strip()[:200]
    items: tuple[Item, ...] = ()
    number = number_in(words)
    item = Item.objects.filter(pk=number).first() if number is not None else None
    if words and number is None:
        items = _items(words)
        item = items[0] if len(items) == 1 else None
        given["item"] = str(item.pk) if item else ""
    wanted = LogFilter.from_query(
        given, zone=timezone.get_current_timezone(), may_see_addresses=request.user.has_perm(SEE_ADDRESSES)
    )
    return Asked(wanted, items if item is None else (), item, words)


def _items(words: str) -> tuple[Item, ...]:
    """Those that hold the words (full text, as the list of items finds them), those with them in their titles first. When there
    is none, those whose title holds what was typed as it stands: half a word, or an item that came in this moment."""
    titled = Q(title__icontains=words)
    rows = Item.objects.defer("body_html", "body_text")
    found = holding(rows, words).annotate(in_title=titled).order_by("-in_title", "-pk")
    return tuple(found[:MOST_ITEMS]) or tuple(rows.filter(titled).order_by("-pk")[:MOST_ITEMS])
