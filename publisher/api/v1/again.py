"""Sending again: one failed message is tried once more, or a mail goes out to its reader a second time."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import BeforeValidator, Field

from publisher.api.v1.deliveries import DeliveryDetail, delivery_detail
from publisher.api.v1.frame import does
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import Given, Id, whole
from publisher.core import clock
from publisher.core.numbers import LARGEST
from publisher.delivery import resending, retrying
from publisher.delivery.models import Delivery
from publisher.people.permissions import PUBLISH

Count = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(whole)]


class RetryIn(Given):
    fence: Count = Field(description="Of the delivery as you saw it, so that two calls try it once.")


class ResendIn(Given):
    copies: Count = Field(description="How many of it you saw, so that two calls send one.")


@does("/deliveries/{int:delivery_id}/retry", PUBLISH, tag="deliveries")
def retry_delivery(request: HttpRequest, delivery_id: Id, given: RetryIn) -> DeliveryDetail:
    """Try a failed message once more, as soon as it may leave."""
    get_object_or_404(Delivery, pk=delivery_id)
    retrying.retry(delivery_id, user=user_of(request), fence=given.fence, now=clock.now())
    return delivery_detail(request, delivery_id)


@does("/deliveries/{int:delivery_id}/resend", PUBLISH, tag="deliveries", status=201)
def resend_delivery(request: HttpRequest, delivery_id: Id, given: ResendIn) -> DeliveryDetail:
    """Send a mail that left once more, to its reader's address of today: a delivery of its own, which is answered."""
    get_object_or_404(Delivery, pk=delivery_id)
    copy = resending.resend(delivery_id, user=user_of(request), copies=given.copies, now=clock.now())
    return delivery_detail(request, copy.pk)
