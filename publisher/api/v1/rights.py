"""What a reader may ask the office for: a copy of all that is known of them, and to be erased. As the desk does it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field

from publisher.api.v1.frame import does
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import Address, Done, Given, Id, Shape
from publisher.api.v1.subscribers import Proof
from publisher.audience.models import Subscriber
from publisher.core import clock
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_ADDRESSES
from publisher.privacy import erasing
from publisher.privacy.held import fetched

Rows = list[dict[str, Any]]


class HeldOut(Shape):
    """Everything that is held about a reader, by the names of their own download: docs/preferences.md."""

    made_at: datetime
    person: dict[str, Any]
    subscriptions: Rows
    consents: Rows
    sign_ups: Rows
    address_changes: Rows
    letters: Rows
    deliveries: Rows
    reports: Rows
    counts: Rows
    suppressions: Rows
    bulk_actions: Rows
    done_by_staff: Rows


class EraseIn(Given):
    confirm: Address = Field(
        description="Their address, whole or masked, as GET /subscribers/{id} answers it: a wrong number erases nobody."
    )
    how: Proof = Field(description="How the reader asked for it.")


@does(
    "/subscribers/{int:subscriber_id}/data",
    SEE_ADDRESSES,
    tag="subscribers",
    also=(MANAGE_AUDIENCE,),
    remembered=False,
)
def fetch_subscriber_data(request: HttpRequest, subscriber_id: Id) -> HeldOut:
    """All that is known of a subscriber, to be handed to them alone. It stands in the audit trail."""
    row = get_object_or_404(Subscriber, pk=subscriber_id)
    return HeldOut(**fetched(row, user=user_of(request), now=clock.now()))


@does("/subscribers/{int:subscriber_id}/erase", MANAGE_AUDIENCE, tag="subscribers")
def erase_subscriber(request: HttpRequest, subscriber_id: Id, given: EraseIn) -> Done:
    """Erase a reader who asked for it. It cannot be undone, and no import brings them back; only they can come back."""
    erasing.erase_named(
        subscriber_id, address=given.confirm, user=user_of(request), how=given.how, now=clock.now()
    )
    return Done(said="Erased. A hash of the address is kept, so that no import brings them back.")
