"""From a due edition to its rendered variants, in steps that may each be repeated: items, selections, renderings.

Writing one delivery per subscriber is the next step, in `delivery.enqueue`. Grouping is done in the database: a
subscriber is never loaded here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce, Greatest

from publisher.digests import choosing
from publisher.digests.choosing import Candidate, Content
from publisher.digests.covered import SLACK, next_window
from publisher.digests.models import Digest, Edition, EditionItem
from publisher.digests.readers import IS_ONE
from publisher.items.languages import primary
from publisher.items.models import Item, ItemTopic
from publisher.items.visibility import visible

log = logging.getLogger(__name__)


@transaction.atomic
def choose_items(edition_id: int, *, now: datetime) -> int:
    """Fix what the edition holds; how many items. With none it ends as `empty`.

    Done once: later calls count only. An edition that lost all of its items is not filled again, since a position stands
    for the same item in every variant.
    """
    edition = Edition.objects.select_for_update().select_related("digest").get(pk=edition_id)
    if edition.state != Edition.State.ASSEMBLING:
        return 0
    held = edition.edition_items.count()
    if held:
        return held
    chosen: Sequence[Candidate] = () if edition.number else candidates_for(edition, now)
    EditionItem.objects.bulk_create(
        EditionItem(edition=edition, item_id=c.id, revision=c.revision, position=n, topics=sorted(c.topics))
        for n, c in enumerate(chosen)
    )
    if chosen:
        edition.number = _next_number(edition.digest)
    if not chosen:
        edition.state = Edition.State.EMPTY
        edition.finished_at = now
    edition.save(update_fields=["number", "state", "finished_at"])
    log.info(
        "edition.items", extra={"edition_id": edition.pk, "items": len(chosen), "trace_id": edition.trace_id}
    )
    return len(chosen)


def _next_number(digest: Digest) -> int:
    """Of a digest whose row is locked. One that was given is not given again when its edition is removed."""
    newest = digest.editions.aggregate(newest=Max("number"))["newest"] or 0
    digest.last_number = max(newest, digest.last_number) + 1
    digest.save(update_fields=["last_number"])
    return digest.last_number


def candidates_for(edition: Edition, now: datetime, *, most: int = 0) -> Sequence[Candidate]:
    """What the edition would hold if it were chosen now, with `most` items of a language instead of its digest's number. It need
    not be stored, and neither need its digest."""
    if edition.item_ids:
        found = {each.id: each for each in _as_candidates(visible(now).filter(pk__in=edition.item_ids))}
        return [found[pk] for pk in edition.item_ids if pk in found]
    window = edition.window_from - SLACK, edition.window_to
    arrived = Item.objects.filter(retracted_at__isnull=True)
    return choosing.choose(
        _as_candidates(arrived, window),
        _content(edition.digest, most),
        window=window,
        already=_already_held(edition.digest_id, besides=edition.pk),
    )


def items_so_far(digest: Digest, *, now: datetime) -> int:
    """How many items an edition of the digest would hold if it was made now. Reads only."""
    unmade = Edition(digest=digest, window_from=next_window(digest, now), window_to=now, due_at=now)
    return len(candidates_for(unmade, now))


def _content(digest: Digest, most: int) -> Content:
    return Content(
        languages=tuple(digest.languages),
        kinds=frozenset(digest.kinds),
        topics=frozenset(digest.topics),
        most_items=most or digest.most_items,
        max_age=timedelta(days=digest.max_age_days),
    )


def _as_candidates(items: QuerySet[Item], window: tuple[datetime, datetime] | None = None) -> list[Candidate]:
    """The items, of those that became visible in the window if there is one."""
    items = items.annotate(
        visible_at=Greatest("first_received_at", Coalesce("embargo_until", "first_received_at"))
    )
    if window:
        items = items.filter(visible_at__gte=window[0], visible_at__lt=window[1])
    rows = list(items.values_list("id", "revision", "kind", "language", "published_at", "visible_at"))
    topics = topics_of([row[0] for row in rows])
    return [
        Candidate(id=pk, revision=rev, kind=kind, language=lang, topics=topics.get(pk, frozenset()),
                  published_at=published, visible_at=visible_at)
        for pk, rev, kind, lang, published, visible_at in rows
    ]  # fmt: skip


def topics_of(item_ids: list[int]) -> dict[int, frozenset[int]]:
    """The topics that count for each item: a suggestion counts until a person declines it."""
    found: dict[int, set[int]] = {}
    rows = ItemTopic.objects.filter(item_id__in=item_ids).exclude(state=ItemTopic.State.DECLINED)
    for item_id, topic_id in rows.values_list("item_id", "topic_id"):
        found.setdefault(item_id, set()).add(topic_id)
    return {item_id: frozenset(topics) for item_id, topics in found.items()}


def _already_held(digest_id: int | None, *, besides: int | None = None) -> frozenset[int]:
    """What editions of the digest have held, or what a person took out of one; `besides` is the edition that is being filled."""
    others = Edition.objects.filter(digest_id=digest_id or 0, withdrawn=False).exclude(pk=besides or 0)
    held = EditionItem.objects.filter(edition__in=others).values_list("item_id", flat=True)
    taken_out = others.exclude(left_out=[]).values_list("left_out", flat=True)
    return frozenset(held).union(*taken_out)


# Works on distinct selections, not on subscribers: those in use are counted along the index of active subscriptions, and what
# each receives is an expression over its own row (`_mask`), without a join to the items. One pass makes the variants and the
# map; a variant that was there keeps its id and its rendering.
GROUP = """
WITH wanted AS (
    SELECT selection_id, count(*) AS subscribers FROM audience_subscription b
    WHERE digest_id = %(digest)s AND state = 'active' {readers} GROUP BY selection_id
), matching AS (
    SELECT s.id AS selection_id, wanted.subscribers, s.region, s.kinds, s.topics,
           split_part(lower(s.language), '-', 1) AS language
    FROM audience_selection s JOIN wanted ON wanted.selection_id = s.id
    OFFSET 0
), masked AS (
    SELECT selection_id, subscribers, language, region, {mask} AS mask FROM matching OFFSET 0
), matched AS MATERIALIZED (
    SELECT selection_id, subscribers, language, mask, CASE WHEN {linked} THEN region ELSE '' END AS region
    FROM masked WHERE mask <> 0
), variants AS (
    INSERT INTO digests_variant (edition_id, mask, language, region, selections, recipients, subject, html, text, retired)
    SELECT %(edition)s, mask, language, region, count(*), sum(subscribers), '', '', '', false
    FROM matched GROUP BY mask, language, region ORDER BY language, mask, region
    ON CONFLICT (edition_id, mask, language, region) WHERE NOT retired
    DO UPDATE SET selections = excluded.selections, recipients = excluded.recipients
    RETURNING id, mask, language, region
)
INSERT INTO digests_editionselection (edition_id, selection_id, variant_id)
SELECT %(edition)s, matched.selection_id, variants.id FROM matched JOIN variants USING (mask, language, region)
"""

# What one item adds to a selection's mask, and whether a region has links of its own among what it receives.
ITEM_BIT = """
CASE WHEN language = %(language_{n})s AND (kinds = '{{}}' OR %(kind_{n})s = ANY (kinds))
      AND (topics = '{{}}' OR topics && %(topics_{n})s::bigint[]) THEN %(bit_{n})s::bigint ELSE 0 END"""
REGION_BITS = "(region = %(region_{n})s AND mask & %(linked_{n})s::bigint <> 0)"

FORGET_GROUPS = """
UPDATE digests_variant SET selections = 0, recipients = 0 WHERE edition_id = %(edition)s AND selections <> 0
"""

HOLDS_DROPPED = """
(v.mask & ~(SELECT COALESCE(bit_or(1::bigint << position), 0)
            FROM digests_editionitem WHERE edition_id = %(edition)s)) <> 0
"""
"""Whether a variant `v` shows an item that the edition holds no more."""

MANY = 10_000
"""From so many new rows on the planner is told of them at once: the next statement joins them to all subscribers."""

WORK_MEMORY = "SET LOCAL work_mem = '64MB'"
"""For statements over all of an audience: their sorts and hashes stay in memory. Until the end of the transaction."""


@transaction.atomic
def group_selections(edition_id: int) -> int:
    """Map each distinct selection to the variant it receives; how many variants there are. May be repeated.

    A selection that matches nothing gets no variant, and its subscribers no mail.
    """
    edition = Edition.objects.select_for_update().get(pk=edition_id)
    if edition.state != Edition.State.ASSEMBLING:
        return 0
    values: dict[str, Any] = {"edition": edition.pk, "digest": edition.digest_id}
    with connection.cursor() as cursor:
        cursor.execute(WORK_MEMORY)
        cursor.execute("DELETE FROM digests_editionselection WHERE edition_id = %(edition)s", values)
        cursor.execute(FORGET_GROUPS, values)
        statement, more = _grouping(items_of(edition), narrowed=edition.segment is not None)
        cursor.execute(statement, values | more)
        if cursor.rowcount > MANY:
            cursor.execute("ANALYZE digests_editionselection")
    return edition.variants.filter(selections__gt=0).count()


def _grouping(entries: Sequence[EditionItem], *, narrowed: bool) -> tuple[str, dict[str, Any]]:
    """The statement GROUP for these items, and its values. `narrowed`: for the edition's readers only."""
    values: dict[str, Any] = {}
    linked: dict[str, int] = {}
    for n, entry in enumerate(entries):
        bit = 1 << entry.position
        values |= {
            f"language_{n}": primary(entry.item.language),
            f"kind_{n}": entry.item.kind,
            f"topics_{n}": entry.topics,
            f"bit_{n}": bit,
        }
        for region in entry.item.links:
            linked[region] = linked.get(region, 0) | bit
    for n, (region, bits) in enumerate(linked.items()):
        values |= {f"region_{n}": region, f"linked_{n}": bits}
    mask = " | ".join(ITEM_BIT.format(n=n) for n in range(len(entries))) or "0"
    regions = " OR ".join(REGION_BITS.format(n=n) for n in range(len(linked))) or "false"
    return GROUP.format(mask=mask, linked=regions, readers=IS_ONE if narrowed else ""), values


def items_of(edition: Edition) -> list[EditionItem]:
    """The edition's items in order, with their newest content."""
    return list(edition.edition_items.select_related("item").order_by("position"))


@transaction.atomic
def drop_item(item_id: int) -> list[int]:
    """Take a retracted item out of every edition that has not all gone out; ids of the editions to assemble again.

    Each goes back to where it stood (waiting, paused, sending) once it is assembled; mail that has left stays as it is, and the
    edition remembers that some of it held the item.
    """
    held = EditionItem.objects.select_related("edition").filter(
        item_id=item_id, edition__state__in=["assembling", "blocked", "waiting", "sending", "paused"]
    )
    touched = []
    for entry in held.select_for_update(of=("self", "edition")).order_by("edition_id"):
        edition = entry.edition
        entry.delete()
        if edition.let_go_at:
            edition.dropped = [*edition.dropped, item_id]
            edition.save(update_fields=["dropped"])
        send_back(edition)
        touched.append(edition.pk)
        log.warning("edition.item_dropped", extra={"edition_id": edition.pk, "item_id": item_id})
    return touched


def send_back(edition: Edition) -> None:
    """Have an edition assembled again, whose row is locked; it returns to where it stood."""
    if edition.state in (Edition.State.WAITING, Edition.State.PAUSED):
        edition.after_assembly = edition.state
    edition.state = Edition.State.ASSEMBLING
    edition.save(update_fields=["state", "after_assembly", "problem"])
