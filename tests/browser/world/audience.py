"""Subscribers, segments, tags, bulk actions and lists."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.urls import reverse

from publisher.audience import attributes, by_staff
from publisher.audience import tags as reader_tags
from publisher.audience.models import Consent, ConsentText, Subscriber, Subscription
from publisher.audience.segments import saved
from publisher.audience.segments.conditions import Condition, Groups
from publisher.digests.models import Digest, Edition
from publisher.digests.readers import Narrowed
from tests.builders import a_subscriber
from tests.desk.audience_builders import a_bulk, an_upload


def audience(now: datetime, user: User, subscription: Subscription) -> dict[str, str]:
    """A subscriber of whom much is known, a segment of two groups, bulk actions in several states, lists before and after."""
    reader, digest_id = subscription.subscriber, subscription.digest_id
    tag = reader_tags.put(reader.pk, "Press", user=user, now=now)
    for key, label, kind in (
        ("city", "City", "text"),
        ("age", "Age", "number"),
        ("journalist", "Journalist", "yes_no"),
        ("met", "Met on", "date"),
    ):
        attributes.define(key, label, kind, user=user, now=now)
    attributes.change(reader.pk, {"city": "Sorrel Valley", "met": "2026-05-12"}, seen={}, user=user)
    text = ConsentText.objects.create(
        digest=b"x" * 32, language="en", text="I agree to receive the week in Almaria by mail.", first_at=now
    )
    Consent.objects.create(
        subscriber=reader, digest_id=digest_id, action="given", how="sign-up page", text=text, at=now
    )
    other = Subscriber.objects.exclude(pk=reader.pk).earliest("pk")
    by_staff.suppress(other.email, evidence="A letter of 3 May", user=user, now=now)
    gone = a_subscriber(Digest.objects.get(pk=digest_id)).subscriber
    by_staff.unsubscribe(gone.pk, digest_id=None, how="by telephone", user=user, now=now)
    press = Condition("tag", value=str(tag.pk))
    groups: Groups = (
        (press, Condition("language", value="en"), Condition("received", "at_least", "2", within="12")),
        (Condition("attribute:city", "contains", "valley"), Condition("silent", value="3", negated=True)),
    )
    segment = saved.create("Journalists, and readers of the valley", groups, user=user, now=now)
    asked = Narrowed(segment.pk, segment.name, 0, segment.groups, {}, now, 1_204, 86)
    narrowed = Edition.objects.filter(digest=digest_id, state=Edition.State.WAITING)
    narrowed.update(segment=segment.pk, readers=asked.as_json())
    new = an_upload("E-mail,Full name,City\nlin@example.org,Lin Wei,Xi'an\n", created_at=now, asked_by=user)
    checked = _checked_list(now, user, digest_id)
    running, undone = _bulks(now, user, tag.pk)
    many = reverse("desk:bulk-new")
    return {
        "subscribers": reverse("desk:subscribers") + "?count=yes",
        "subscribers-errors": reverse("desk:subscribers") + "?from=soon&state=x",
        "subscribers-none": reverse("desk:subscribers") + "?q=nobody",
        "subscriber": reverse("desk:subscriber", args=[reader.pk]),
        "subscriber-suppressed": reverse("desk:subscriber", args=[other.pk]),
        "subscriber-new": reverse("desk:subscriber-new"),
        "subscriber-choose": reverse("desk:subscriber-choose", args=[reader.pk, digest_id]),
        "segments": reverse("desk:segments"),
        "segment": reverse("desk:segment", args=[segment.pk]),
        "segment-new": reverse("desk:segment-new"),
        "tags": reverse("desk:tags"),
        "bulks": reverse("desk:bulks"),
        "bulk-running": reverse("desk:bulk", args=[running]),
        "bulk-undone": reverse("desk:bulk", args=[undone]),
        "bulk-new": f"{many}?segment={segment.pk}",
        **{
            f"bulk-new-{action}": f"{many}?state=active&do={action}"
            for action in ("tag", "set", "unsubscribe", "subscribe")
        },
        "imports": reverse("desk:imports"),
        "import-new": reverse("desk:import", args=[new.pk]),
        "import-checked": reverse("desk:import", args=[checked]),
    }


def _bulks(now: datetime, user: User, tag_id: int) -> tuple[int, int]:
    """One that is being done, one that was undone."""
    running = a_bulk(at=now, asked_by=user, total=120_000, done=40_000, changed=39_210)
    undone = a_bulk(
        at=now - timedelta(days=1),
        asked_by=user,
        action="tag",
        given={"tag": tag_id},
        state="undone",
        done=10,
        changed=8,
        undone=6,
        undone_by=user,
        undone_at=now,
        finished_at=now,
    )
    a_bulk(at=now, state="refused", problem="They were 3 when it was begun, and 30 had been confirmed.")
    return running.pk, undone.pk


def _checked_list(now: datetime, user: User, digest_id: int) -> int:
    """A list that was tried, with rows that are refused."""
    counts = {"read": 1_204, "added": 1_100, "subscribed": 1_150, "refused": 2, "left": 12, "duplicates": 40}
    refused = [
        {"line": 7, "code": "no_address", "reason": "There is no address."},
        {"line": 9, "code": "name", "reason": "The name is longer than 200 characters."},
    ]
    return an_upload(
        created_at=now,
        asked_by=user,
        state="checked",
        digest_id=digest_id,
        refused_held=True,
        settings_of={"digest_id": digest_id, "consent": "signed up at the open day, 12 May"},
        outcome={**counts, "roles": 3, "encoding": "utf-8", "refused_rows": refused},
    ).pk
