"""What follows when an amendment was done: the message and the post say so, and the audit trail. Under the channel's lock."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_noop

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.delivery.models import Amendment, Delivery
from publisher.delivery.states import LEFT_US
from publisher.social.models import Post
from publisher.social.networks.base import Receipt

WITHDRAWN = gettext_noop("What had been sent of it was deleted.")


def done(amendment: Amendment, receipt: Receipt, *, by: Actor, now: datetime) -> None:
    """Write it to the message and its post. `amendment` is as it was claimed; its own row is settled already."""
    delivery = Delivery.objects.select_for_update().get(pk=amendment.delivery_id)
    post = Post.objects.select_for_update(no_key=True).get(pk=delivery.post_id or 0)
    if amendment.deed == Amendment.Deed.EDIT:
        _edited(amendment, delivery, post, receipt)
    elif amendment.answer is not None:
        _answer_is_gone(amendment.answer, post, now)
    elif amendment.deed == Amendment.Deed.DELETE:
        delivery.withdrawn_at = now
        delivery.save(update_fields=["withdrawn_at"])
        _withdraw(post, now)
    if amendment.answer is None and _is_last(amendment, post):
        post.corrected_at, post.corrected_revision = now, amendment.revision
        if amendment.deed == Amendment.Deed.EDIT:
            post.item_revision = amendment.revision
    post.version += 1
    post.save()
    before = {"text": amendment.replaced}
    after = {"deed": amendment.deed, "part": (delivery.part or 0) + 1, "text": amendment.text}
    audit.record(by, "post.corrected", post, before, after | ({"url": receipt.url} if receipt.url else {}))
    events.emit("post.corrected", post_id=post.pk)


def _edited(amendment: Amendment, delivery: Delivery, post: Post, receipt: Receipt) -> None:
    delivery.prepared, delivery.idempotency_key = amendment.prepared, amendment.idempotency_key
    delivery.remote_id = receipt.remote_id or delivery.remote_id
    delivery.remote_url = receipt.url or delivery.remote_url
    delivery.save(update_fields=["prepared", "idempotency_key", "remote_id", "remote_url"])
    part = delivery.part or 0
    if part < len(post.parts):
        post.parts[part] = {**post.parts[part], "text": amendment.text}


def _answer_is_gone(answer: Amendment, post: Post, now: datetime) -> None:
    """What the answer had corrected is not corrected any more."""
    Amendment.objects.filter(pk=answer.pk).update(withdrawn_at=now)
    post.corrected_at, post.corrected_revision = None, 0


def _withdraw(post: Post, now: datetime) -> None:
    """All of it is gone: a rest of it that failed must not be sent below nothing."""
    standing = Delivery.objects.filter(post=post, state__in=LEFT_US, withdrawn_at__isnull=True)
    if standing.exists():
        return
    post.withdrawn_at = now
    if post.state != Post.State.SENT:
        post.state, post.problem, post.slot_at = Post.State.CANCELLED, WITHDRAWN, None


def _is_last(amendment: Amendment, post: Post) -> bool:
    """Whether all that was asked for with it is done."""
    together = Amendment.objects.filter(delivery__post=post, created_at=amendment.created_at)
    return not together.exclude(Q(pk=amendment.pk) | Q(state=Amendment.State.DONE)).exists()
