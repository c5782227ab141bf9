"""What is told: CloudEvents 1.0 in structured JSON, alone or as a batch. The same message has the same body in every try, but for
the addresses of readers, which are looked up when it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from publisher.audience.models import Subscriber
from publisher.delivery.models import Delivery
from publisher.hooks import kinds
from publisher.hooks.models import Message
from publisher.people.permissions import SEE_ADDRESSES

ONE: Final = "application/cloudevents+json; charset=utf-8"
SEVERAL: Final = "application/cloudevents-batch+json; charset=utf-8"
RESOURCES: Final = {
    "delivery": "deliveries",
    "post": "posts",
    "edition": "editions",
    "subscriber": "subscribers",
    "subscription": "subscriptions",
    "webhook": "webhooks",
}
IDS: Final = ("edition", "post", "subscriber", "channel", "digest")


def is_batch(message: Message) -> bool:
    """Whether its body is a list, as of one that was packed."""
    return message.key.startswith("bat_")


def content_type(message: Message) -> str:
    return SEVERAL if is_batch(message) else ONE


def body(message: Message) -> bytes:
    """The bytes of the request."""
    addresses = _addresses(message) if _may_tell_addresses(message) else {}
    events = [event(message.type, change, addresses) for change in message.changes]
    return encoded(events if is_batch(message) else events[0])


def encoded(told: Any) -> bytes:
    """JSON in UTF-8, on one line."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def event(name: str, change: Mapping[str, Any], addresses: Mapping[int, str]) -> dict[str, Any]:
    """One CloudEvent. Pure but for the settings."""
    kind = name.partition(".")[0]
    data: dict[str, Any] = {
        "id": change["object"],
        "old_state": change["old"] or None,
        "new_state": change["new"],
        **{f"{what}_id": change.get(what) for what in IDS},
        "url": _link(kind, change),
    }
    if kind == "delivery":
        data["purpose"] = change.get("purpose", "reader")
    if change["object"] in addresses:
        data["address"] = addresses[change["object"]]
    return {
        "specversion": "1.0",
        "id": f"evt_{change['id']}",
        "source": settings.BASE_URL,
        "type": kinds.PREFIX + name,
        "subject": f"{RESOURCES[kind]}/{change['object']}",
        "time": _in_utc(change["at"]),
        "datacontenttype": "application/json",
        "sequence": f"{change['id']:020d}",
        "data": data,
    }


def _link(kind: str, change: Mapping[str, Any]) -> str:
    """Where the API answers what it is now; a subscription is part of its subscriber."""
    if kind == "subscription":
        return f"{settings.BASE_URL}/api/v1/subscribers/{change['subscriber']}"
    return f"{settings.BASE_URL}/api/v1/{RESOURCES[kind]}/{change['object']}"


def _in_utc(stored: str) -> str:
    return datetime.fromisoformat(stored).isoformat().replace("+00:00", "Z")


def _may_tell_addresses(message: Message) -> bool:
    """Asked of the owner each time: who loses the permission takes it from their webhooks."""
    owner = message.endpoint.created_by
    return message.endpoint.with_addresses and owner is not None and owner.has_perm(SEE_ADDRESSES)


def _addresses(message: Message) -> dict[int, str]:
    """The mail addresses of what a message is about, by the object's id."""
    ids = [change["object"] for change in message.changes]
    kind = message.type.partition(".")[0]
    if kind == "delivery":
        mails = Delivery.objects.filter(pk__in=ids, edition_id__isnull=False)
        return dict(mails.values_list("pk", "address"))
    readers = {change.get("subscriber"): change["object"] for change in message.changes}
    if kind not in ("subscriber", "subscription"):
        return {}
    found = Subscriber.objects.filter(pk__in=[pk for pk in readers if pk]).values_list("pk", "email")
    return {readers[pk]: email for pk, email in found}
