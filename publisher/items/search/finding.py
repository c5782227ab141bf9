"""Items that hold what a person looks for."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from publisher.items.models import Item, ItemSearch
from publisher.items.search import words


def holding(rows: QuerySet[Item], said: str, *, language: str = "") -> QuerySet[Item]:
    """Those of `rows` that hold every word of `said`, or whose producer's id or address it is. Nothing said: all of them.

    A word is looked for as it stands, and in its English forms; `language` is a BCP 47 tag that the rows are known to have, whose
    forms are looked for too.
    """
    said = said.strip()
    if not said:
        return rows
    queries = words.queries(said)
    exact = Q(producer_id=said) | Q(url=said)
    if not queries:
        return rows.filter(exact)
    dictionaries = {"english", words.configuration(language)} - {words.PLAIN}
    found = ItemSearch.objects.all()
    for query in queries:
        either = Q(vector=SearchQuery(query.stands, config=words.PLAIN, search_type="raw"))
        for name in sorted(dictionaries):
            either |= Q(vector=SearchQuery(query.forms, config=name, search_type="raw"))
        found = found.filter(either)
    return rows.filter(exact | Q(pk__in=found.values("item_id")))
