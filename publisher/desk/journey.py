"""The way of one item, told in order: received, drafted, approved, put into editions, sent. Reads; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from publisher.delivery import tally
from publisher.delivery.models import Amendment
from publisher.digests.models import EditionItem
from publisher.items.models import Item
from publisher.social.models import Post


@dataclass(frozen=True)
class Step:
    """Something that happened, or (`at` in the future) will. `tone` as in `badges.py`."""

    at: datetime
    text: str
    detail: str = ""
    url: str = ""
    tone: str = "quiet"


def journey_of(item: Item) -> list[Step]:
    """All steps, earliest first."""
    steps = [*_intake(item), *_posts(item), *_editions(item)]
    return sorted(steps, key=lambda step: step.at)


def _intake(item: Item) -> Iterator[Step]:
    yield Step(item.published_at, "Published by its producer", str(item.source))
    for revision in item.revisions.order_by("number"):
        if revision.number == 1:
            yield Step(
                revision.received_at, f"Received by {item.get_origin_display()}", revision.entry_id, tone="go"
            )
        else:
            changed = ", ".join(name.replace("_", " ") for name in revision.changed)
            yield Step(revision.received_at, f"Revision {revision.number}", f"changed: {changed}", tone="go")
    if item.embargo_until:
        yield Step(item.embargo_until, "Embargo lifts", tone="wait")
    if item.retracted_at:
        yield Step(item.retracted_at, "Retracted", item.retraction_reason, tone="bad")


def _posts(item: Item) -> Iterator[Step]:
    posts = item.posts.select_related("channel", "approved_by")
    for post in posts.prefetch_related("deliveries__amendments__asked_by"):
        url = reverse("desk:post", args=[post.pk])
        yield Step(post.created_at, f"Drafted for {post.channel}", url=url)
        if post.approved_at:
            who = post.approved_by.get_username() if post.approved_by else "the channel's own rule"
            yield Step(post.approved_at, f"Approved for {post.channel}", f"by {who}", url, "go")
        if post.slot_at and post.state in (Post.State.SCHEDULED, Post.State.SENDING, Post.State.HANDED):
            yield Step(post.slot_at, f"Slot on {post.channel}", url=url, tone="wait")
        yield from _parts(post)
        yield from _amendments(post)


def _parts(post: Post) -> Iterator[Step]:
    for row in sorted(post.deliveries.all(), key=lambda row: row.part or 0):
        settled = row.sent_at or row.settled_at
        if settled:
            tone = "good" if row.sent_at else "bad"
            text = f"{row.get_state_display()} ({post.channel})"
            yield Step(settled, text, row.reason, reverse("desk:delivery", args=[row.pk]), tone)


def _amendments(post: Post) -> Iterator[Step]:
    tones = {Amendment.State.DONE: "good", Amendment.State.FAILED: "bad"}
    for row in (each for delivery in post.deliveries.all() for each in delivery.amendments.all()):
        text = f"{row.get_deed_display()} ({post.channel}): {row.get_state_display().lower()}"
        who = f"asked for by {row.asked_by.get_username()}" if row.asked_by else ""
        url, tone = (
            reverse("desk:correct", args=[post.item_id]),
            tones.get(Amendment.State(row.state), "wait"),
        )
        yield Step(row.settled_at or row.created_at, text, row.reason or who, url, tone)


def _editions(item: Item) -> Iterator[Step]:
    for held in EditionItem.objects.filter(item=item).select_related("edition__digest"):
        edition = held.edition
        url = reverse("desk:edition", args=[edition.pk])
        yield Step(edition.assembled_at or edition.created_at, f"Put into {edition}", url=url, tone="go")
        if edition.finished_at:
            counts = tally.by_state(edition_id=edition.pk)
            left = sum(counts.get(state, 0) for state in ("sent", "delivered", "bounced", "complained"))
            yield Step(edition.finished_at, f"{edition} finished", f"{left:,} sent", url, "good")
