"""What must be true at the end of the demo. Each check compares what happened with what the sample must give."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min

from publisher.audience.models import Subscription
from publisher.delivery import tally
from publisher.delivery.models import Delivery
from publisher.digests.models import Edition, Variant
from publisher.items.models import Item, Rejection
from publisher.social.models import Post

EXPECTED_ITEMS = {"stream": 12, "feed": 3, "page": 3}
EXPECTED_REJECTED = {"stream": 2, "feed": 1, "page": 1}


@dataclass(frozen=True)
class Check:
    """One statement, and whether it held."""

    statement: str
    held: bool
    seen: str


@dataclass(frozen=True)
class Report:
    """The figures of the summary, and the checks over them."""

    items: dict[str, int]
    rejected: dict[str, int]
    posts: dict[str, int]
    deliveries: dict[str, int]
    mails: int
    timeline: int
    variants: int
    subscribers_without_match: int
    messages_per_second: float
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.held for check in self.checks)


def report(
    edition: Edition, *, readers: int, mailbox_url: str, sandbox_url: str, approved: int, handed: int
) -> Report:
    """Count everything once, and check it."""
    items = _by(Item, "origin")
    rejected = _by(Rejection, "origin")
    deliveries = tally.by_state()
    rows = Delivery.objects.filter(edition=edition)
    mails = int(_fetch(f"{mailbox_url}/api/messages")["total"])
    timeline = len(_fetch(f"{sandbox_url}/api/timeline")["posts"])
    times = rows.aggregate(first=Min("sent_at"), last=Max("sent_at"), n=Count("id"))
    seconds = (times["last"] - times["first"]).total_seconds() if times["last"] else 0.0
    variants = Variant.objects.filter(edition=edition, rendered_at__isnull=False).count()
    checks = (
        _equal("items accepted, by origin", items, EXPECTED_ITEMS),
        _equal("entries rejected, by origin", rejected, EXPECTED_REJECTED),
        _equal("the edition's state", edition.state, "sent"),
        _equal("readers who got a mail", times["n"], _matched(edition)),
        _equal("mails in the mailbox", mails, times["n"]),
        _equal("deliveries sent", deliveries.get("sent", 0), times["n"] + approved),
        _equal("posts handed to a person", deliveries.get("handed", 0), handed),
        _equal("deliveries in any other state", sum(deliveries.values()) - deliveries.get("sent", 0) - handed, 0),
        _equal("posts on the timeline", timeline, approved),
        _equal("variants rendered", variants, _variants_used(edition)),
        _equal("items under embargo in the edition", edition.edition_items.filter(item__embargo_until__isnull=False).count(), 0),
    )  # fmt: skip
    return Report(
        items=items,
        rejected=rejected,
        posts=_by(Post, "state"),
        deliveries=deliveries,
        mails=mails,
        timeline=timeline,
        variants=variants,
        subscribers_without_match=readers - int(times["n"]),
        messages_per_second=round(times["n"] / seconds, 1) if seconds else 0.0,
        checks=checks,
    )


def _matched(edition: Edition) -> int:
    """Readers whose choice holds at least one of the edition's items: counted one by one, unlike the service does it."""
    held = [
        (entry.item.language[:2], entry.item.kind, set(entry.topics))
        for entry in edition.edition_items.select_related("item")
    ]
    chosen = Subscription.objects.filter(digest_id=edition.digest_id).select_related("selection")
    return sum(
        any(
            language == wanted.selection.language[:2]
            and (not wanted.selection.kinds or kind in wanted.selection.kinds)
            and (not wanted.selection.topics or not topics.isdisjoint(wanted.selection.topics))
            for language, kind, topics in held
        )
        for wanted in chosen
    )


def _variants_used(edition: Edition) -> int:
    return edition.variants.filter(selections__gt=0).count()


def _by(model: Any, column: str) -> dict[str, int]:
    return dict(model.objects.values_list(column).annotate(n=Count("id")).order_by(column))


def _equal(statement: str, seen: object, expected: object) -> Check:
    held = seen == expected
    return Check(statement, held, _told(seen) if held else f"{_told(seen)}, expected {_told(expected)}")


def _told(value: object) -> str:
    return ", ".join(f"{n} {name}" for name, n in value.items()) if isinstance(value, dict) else f"{value}"


def _fetch(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of ours
        found: dict[str, Any] = json.load(answer)
        return found
