"""What is kept of people who agreed to be counted, and how they agree and withdraw. Nobody else is among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from publisher.audience.evidence import Evidence
from publisher.audience.models import Consent, Subscriber, Subscription
from publisher.counting.models import OPENS, Link, PersonCount
from publisher.digests.models import Digest

HOW: Final = "preference page: counting by person"
"""What the consent's row says; `digest_id` is empty there, since it is about all of a person's mails."""
AT_ONCE: Final = 10_000

# Asked again when it is written: who withdrew meanwhile is not among them, nor who withdraws at this moment, whose row `choose`
# holds: it is waited for, and looked at as it is then. One row a person and link, however often.
ADD: Final = """
WITH agreed AS MATERIALIZED (
    SELECT id FROM audience_subscriber WHERE id = ANY (%(subscribers)s::bigint[]) AND counted ORDER BY id FOR KEY SHARE
)
INSERT INTO counting_personcount (subscriber_id, edition_id, link_id, n, first_at, last_at)
SELECT given.subscriber_id, given.edition_id, given.link_id, count(*), min(to_timestamp(given.at)), max(to_timestamp(given.at))
FROM unnest(%(subscribers)s::bigint[], %(editions)s::bigint[], %(links)s::bigint[], %(at)s::bigint[])
     AS given (subscriber_id, edition_id, link_id, at)
JOIN agreed ON agreed.id = given.subscriber_id
JOIN digests_edition e ON e.id = given.edition_id
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
ON CONFLICT (subscriber_id, edition_id, link_id)
DO UPDATE SET n = counting_personcount.n + excluded.n,
              first_at = least(counting_personcount.first_at, excluded.first_at),
              last_at = greatest(counting_personcount.last_at, excluded.last_at)
"""

FORGET: Final = """
DELETE FROM counting_personcount
WHERE id IN (SELECT id FROM counting_personcount WHERE last_at < %(at)s ORDER BY last_at LIMIT %(most)s)
"""


def agreed(subscriber_id: int) -> bool:
    """Whether this person agreed to be counted, and still does."""
    return Subscriber.objects.filter(pk=subscriber_id, counted=True).exists()


@transaction.atomic
def choose(subscriber_id: int, *, counted: bool, evidence: Evidence, now: datetime) -> bool:
    """Agree, or withdraw: then what was kept is deleted at once. Whether that changed anything; the proof is kept either way."""
    row = Subscriber.objects.select_for_update().filter(pk=subscriber_id).first()
    if row is None or row.counted == counted:
        return False
    row.counted = counted
    row.save(update_fields=["counted"])
    if not counted:
        PersonCount.objects.filter(subscriber_id=subscriber_id).delete()
    Consent.objects.create(
        subscriber_id=subscriber_id,
        action=Consent.Action.GIVEN if counted else Consent.Action.WITHDRAWN,
        how=HOW,
        text=evidence.text,
        page=evidence.page,
        client=evidence.client,
        at=now,
    )
    return True


def write(entries: Sequence[tuple[int, int, int, int]]) -> None:
    """Add (subscriber, edition, link, seconds since 1970) of those who agree at this moment."""
    columns = {
        name: [entry[at] for entry in entries]
        for at, name in enumerate(("subscribers", "editions", "links", "at"))
    }
    with connection.cursor() as cursor:
        cursor.execute(ADD, columns)


def rows_of(subscriber_id: int) -> list[dict[str, Any]]:
    """What is kept of one person, for their own download: edition, address ("" for an open), how often, first and last."""
    rows = PersonCount.objects.filter(subscriber_id=subscriber_id).select_related("edition__digest")
    found = list(rows.order_by("first_at", "pk"))
    urls = dict(Link.objects.filter(pk__in={row.link_id for row in found}).values_list("pk", "url"))
    return [
        {
            "edition": row.edition.short_name,
            "opened": row.link_id == OPENS,
            "url": urls.get(row.link_id, ""),
            "times": row.n,
            "first_at": row.first_at.isoformat(),
            "last_at": row.last_at.isoformat(),
        }
        for row in found
    ]


def forget_before(at: datetime, *, most: int = AT_ONCE) -> int:
    """Delete some of what is kept by person and was last added to before `at` (aware), oldest first; how many rows, 0 when
    nothing is left. Totals stay: they are nobody's."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"at": at, "most": most})
        return int(cursor.rowcount)


def may_be_asked(subscriber_id: int) -> bool:
    """Whether a digest that this person receives counts by person: else there is nothing to ask them."""
    asking = Digest.objects.filter(pk=OuterRef("digest_id"), counting=Digest.Counting.PERSONS)
    return Subscription.objects.filter(
        Exists(asking), subscriber_id=subscriber_id, state=Subscription.State.ACTIVE
    ).exists()
