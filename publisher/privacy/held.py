"""Everything that is held about one person, for their eyes: as JSON with names that they can read (GDPR, article 15 and 20).

Of the same addresses as erasing (`erasing.keys_of`): what is told here is what goes there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from publisher.audience.models import (
    BulkRow,
    Consent,
    ReaderLetter,
    SignUp,
    Subscriber,
    Subscription,
    Suppression,
)
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.models import AuditEntry
from publisher.counting import persons
from publisher.delivery.models import Delivery
from publisher.digests.models import Digest
from publisher.feedback.models import Report
from publisher.items.topic_slugs import slugs_of
from publisher.privacy.erasing import keys_of


@transaction.atomic
def fetched(subscriber: Subscriber, *, user: Actor, now: datetime) -> dict[str, Any]:
    """The same for staff, who are to hand it on to the person; that they fetched it stands in the audit trail."""
    audit.record(user, "subscriber.data_fetched", subscriber)
    return held(subscriber, now=now)


def held(subscriber: Subscriber, *, now: datetime) -> dict[str, Any]:
    """Plain values only; times in UTC (ISO 8601). Secrets of ours are none of it: no token, no salt."""
    titles = {digest.pk: digest.slug for digest in Digest.objects.all()}
    keys = keys_of(subscriber)
    return {
        "made_at": _at(now),
        "person": _person(subscriber),
        "subscriptions": [_subscription(row, titles) for row in _subscriptions(subscriber)],
        "consents": [_consent(row, titles) for row in _consents(subscriber)],
        "sign_ups": [_sign_up(row, titles) for row in _sign_ups(subscriber, keys)],
        "address_changes": list(_changes(subscriber)),
        "letters": list(_letters(subscriber, keys)),
        "deliveries": list(_deliveries(subscriber)),
        "reports": list(_reports(subscriber, keys)),
        "counts": persons.rows_of(subscriber.pk),
        "suppressions": list(_suppressions(keys)),
        "bulk_actions": list(_bulk_actions(subscriber)),
        "done_by_staff": list(_done_by_staff(subscriber)),
    }


def _person(row: Subscriber) -> dict[str, Any]:
    return {
        "number": row.pk,
        "address": row.email,
        "name": row.name,
        "state": row.state,
        "time_zone": row.zone,
        "attributes": row.attributes,
        "tags": sorted(row.tags.values_list("name", flat=True)),
        "counted_by_person": row.counted,
        "since": _at(row.created_at),
    }


def _subscriptions(row: Subscriber) -> list[Subscription]:
    return list(row.subscriptions.select_related("selection").order_by("since", "pk"))


def _subscription(row: Subscription, titles: dict[int, str]) -> dict[str, Any]:
    choice = row.selection
    return {
        "digest": titles.get(row.digest_id, str(row.digest_id)),
        "state": row.state,
        "since": _at(row.since),
        "ended_at": _at(row.ended_at),
        "paused_until": _at(row.paused_until),
        "moved_to": titles.get(row.moved_to, str(row.moved_to)) if row.moved_to else None,
        "language": choice.language,
        "topics": slugs_of(choice.topics),
        "kinds": choice.kinds,
        "region": choice.region,
    }


def _consents(row: Subscriber) -> list[Consent]:
    return list(row.consents.select_related("text").order_by("at", "pk"))


def _consent(row: Consent, titles: dict[int, str]) -> dict[str, Any]:
    return {
        "digest": titles.get(row.digest_id, str(row.digest_id)) if row.digest_id else None,
        "action": row.action,
        "how": row.how,
        "text": row.text.text if row.text else None,
        "page": row.page,
        "client_hash": bytes(row.client).hex() if row.client else None,
        "at": _at(row.at),
    }


def _sign_ups(row: Subscriber, keys: Collection[str]) -> list[SignUp]:
    mine = SignUp.objects.filter(Q(subscriber=row) | Q(subscriber=None, email_key__in=keys))
    return list(mine.select_related("text").order_by("created_at", "pk"))


def _sign_up(row: SignUp, titles: dict[int, str]) -> dict[str, Any]:
    wanted = [
        each
        | {
            "digest": titles.get(each["digest"], str(each["digest"])),
            "topics": slugs_of(each.get("topics", [])),
        }
        for each in row.wanted
    ]
    return {
        "address": row.email,
        "name": row.name,
        "wanted": wanted,
        "language": row.language,
        "time_zone": row.zone,
        "text": row.text.text,
        "page": row.page,
        "client_hash": bytes(row.client).hex() if row.client else None,
        "at": _at(row.created_at),
        "expires_at": _at(row.expires_at),
        "confirmed_at": _at(row.confirmed_at),
        "looked_at_because": row.held,
        "refused_at": _at(row.refused_at),
        "subscribed_already_at": _at(row.already_at),
    }


def _changes(subscriber: Subscriber) -> Iterator[dict[str, Any]]:
    for row in subscriber.address_changes.order_by("pk"):
        yield {
            "new_address": row.email,
            "asked_at": _at(row.created_at),
            "old_confirmed_at": _at(row.old_confirmed_at),
            "new_confirmed_at": _at(row.new_confirmed_at),
            "ended_at": _at(row.ended_at),
            "outcome": row.outcome,
        }


def _letters(subscriber: Subscriber, keys: Collection[str]) -> Iterator[dict[str, Any]]:
    mine = ReaderLetter.objects.filter(Q(subscriber=subscriber) | Q(subscriber=None, to_key__in=keys))
    for row in mine.order_by("pk"):
        yield {
            "kind": row.kind,
            "to": row.to,
            "state": row.state,
            "reason": row.reason,
            "code": row.code,
            "enhanced": row.enhanced,
            "said": row.said,
            "written_at": _at(row.created_at),
            "settled_at": _at(row.settled_at),
        }


def _deliveries(subscriber: Subscriber) -> Iterator[dict[str, Any]]:
    mine = Delivery.objects.filter(Q(subscriber=subscriber) | Q(copy_of__subscriber=subscriber))
    rows = mine.select_related("edition__digest", "variant").prefetch_related("tries").order_by("pk")
    for row in rows.defer("variant__html", "variant__text", "variant__message"):
        yield {
            "edition": row.edition.short_name if row.edition else None,
            "subject": row.variant.subject if row.variant else None,
            "address": row.address,
            "purpose": row.purpose,
            "state": row.state,
            "written_at": _at(row.created_at),
            "due_at": _at(row.due_at),
            "sent_at": _at(row.sent_at),
            "settled_at": _at(row.settled_at),
            "number_at_mail_server": row.remote_id,
            "reason": row.reason,
            "tries": [
                {"at": _at(each.started_at), "outcome": each.outcome, "code": each.code, "said": each.text}
                for each in row.tries.all()
            ],
        }


def _reports(subscriber: Subscriber, keys: Collection[str]) -> Iterator[dict[str, Any]]:
    """Without the messages: one that was passed on, or answered from elsewhere, names others. Who wants them asks the office."""
    mine = Report.objects.filter(
        Q(subscriber_id=subscriber.pk) | Q(subscriber_id=None, address_key__in=keys)
    ).annotate(message_is_kept=Q(evidence__isnull=False))
    for row in mine.defer("evidence").order_by("pk"):
        yield {
            "kind": row.kind,
            "cause": row.cause,
            "outcome": row.outcome,
            "address": row.address_key,
            "from": row.source,
            "code": row.code,
            "said": row.said,
            "why": row.why,
            "received_at": _at(row.received_at),
            "message_is_kept": row.message_is_kept,
        }


def _suppressions(keys: Collection[str]) -> Iterator[dict[str, Any]]:
    for row in Suppression.objects.filter(email_key__in=keys).order_by("pk"):
        yield {
            "address": row.email_key,
            "reason": row.reason,
            "evidence": row.evidence,
            "at": _at(row.at),
            "until": _at(row.until),
        }


def _bulk_actions(subscriber: Subscriber) -> Iterator[dict[str, Any]]:
    for row in BulkRow.objects.select_related("bulk").filter(subscriber=subscriber).order_by("pk"):
        yield {
            "action": row.bulk.action,
            "at": _at(row.bulk.at),
            "changed": row.changed,
            "before": row.before,
        }


def _done_by_staff(subscriber: Subscriber) -> Iterator[dict[str, Any]]:
    """By number in the audit trail, which stays when they are erased. Not by whom: that is somebody else's name."""
    rows = AuditEntry.objects.filter(object_type="subscriber", object_id=str(subscriber.pk))
    for row in rows.order_by("pk"):
        yield {"deed": row.action, "at": _at(row.at), "before": row.before, "after": row.after}


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
