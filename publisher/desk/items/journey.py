"""The way of one item, told in order: received, drafted, approved, put into editions, sent. Reads; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.core.told import told
from publisher.delivery import tally
from publisher.delivery.models import Amendment
from publisher.desk.differences import field_name, shown_of
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
    yield Step(item.published_at, _("Published by its producer"), str(item.source))
    for revision in item.revisions.order_by("number"):
        if revision.number == 1:
            received = _("Received by %(way)s") % {"way": item.get_origin_display()}
            yield Step(revision.received_at, received, revision.entry_id, tone="go")
        else:
            title = _("Revision %(number)s") % {"number": revision.number}
            names = ", ".join(field_name(name).lower() for name in shown_of(revision.changed))
            changed = _("changed: %(fields)s") % {"fields": names}
            yield Step(revision.received_at, title, changed, tone="go")
    if item.embargo_until:
        yield Step(item.embargo_until, _("Embargo lifts"), tone="wait")
    if item.retracted_at:
        yield Step(item.retracted_at, _("Retracted"), item.retraction_reason, tone="bad")


def _posts(item: Item) -> Iterator[Step]:
    posts = item.posts.select_related("channel", "approved_by")
    for post in posts.prefetch_related("deliveries__amendments__asked_by"):
        url = reverse("desk:post", args=[post.pk])
        on = {"channel": post.channel}
        yield Step(post.created_at, _("Drafted for %(channel)s") % on, url=url)
        if post.approved_at:
            yield Step(post.approved_at, _("Approved for %(channel)s") % on, _approved_by(post), url, "go")
        if post.slot_at and post.state in (Post.State.SCHEDULED, Post.State.SENDING, Post.State.HANDED):
            yield Step(post.slot_at, _("Slot on %(channel)s") % on, url=url, tone="wait")
        yield from _parts(post)
        yield from _amendments(post)


def _approved_by(post: Post) -> str:
    if post.approved_by:
        return _("by %(who)s") % {"who": post.approved_by.get_username()}
    return _("by the channel's own rule")


def _parts(post: Post) -> Iterator[Step]:
    for row in sorted(post.deliveries.all(), key=lambda row: row.part or 0):
        settled = row.sent_at or row.settled_at
        if settled:
            tone = "good" if row.sent_at else "bad"
            text = f"{row.get_state_display()} ({post.channel})"
            yield Step(settled, text, told(row.reason), reverse("desk:delivery", args=[row.pk]), tone)


def _amendments(post: Post) -> Iterator[Step]:
    tones = {Amendment.State.DONE: "good", Amendment.State.FAILED: "bad"}
    for row in (each for delivery in post.deliveries.all() for each in delivery.amendments.all()):
        text = f"{row.get_deed_display()} ({post.channel}): {row.get_state_display().lower()}"
        who = _("asked for by %(who)s") % {"who": row.asked_by.get_username()} if row.asked_by else ""
        url, tone = (
            reverse("desk:correct", args=[post.item_id]),
            tones.get(Amendment.State(row.state), "wait"),
        )
        yield Step(row.settled_at or row.created_at, text, told(row.reason) or who, url, tone)


def _editions(item: Item) -> Iterator[Step]:
    for held in EditionItem.objects.filter(item=item).select_related("edition__digest"):
        edition = held.edition
        url = reverse("desk:edition", args=[edition.pk])
        put = _("Put into %(edition)s") % {"edition": edition}
        yield Step(edition.assembled_at or edition.created_at, put, url=url, tone="go")
        if edition.finished_at:
            counts = tally.by_state(edition_id=edition.pk)
            left = sum(counts.get(state, 0) for state in ("sent", "delivered", "bounced", "complained"))
            finished = _("%(edition)s finished") % {"edition": edition}
            sent = ngettext("%(num)s sent", "%(num)s sent", left) % {"num": f"{left:,}"}
            yield Step(edition.finished_at, finished, sent, url, "good")
