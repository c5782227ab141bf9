"""Webhooks and their logs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.urls import reverse

from publisher.social.models import Channel
from tests.desk.builders import a_message, a_webhook


def webhooks(now: datetime, user: User) -> dict[str, str]:
    """One that works, with all outcomes in its log; one that failed until it was switched off; one that was told nothing yet."""
    channel = Channel.objects.earliest("pk").pk
    given = {"created_by": user, "created_at": now - timedelta(days=4)}
    works = a_webhook("post.*", "delivery.failed", "edition.sent", channel_ids=[channel], **given)
    a_webhook(name="Archive of the Ministry", failing_since=now - timedelta(hours=3), **given)
    off = a_webhook(
        name="Old intranet",
        active=False,
        off_at=now,
        off_reason="It answered 410: it wants to be told nothing more.",
    )
    times = {"created_at": now, "due_at": now + timedelta(minutes=5), "begun_at": now}
    a_message(works, **times)
    a_message(
        works,
        type="delivery.failed",
        count=100,
        state="failed",
        status=500,
        reason="It answered 500.",
        **times,
    )
    waits = {
        "state": "queued",
        "reason": "example.org cannot be reached: connection refused.",
        "status": None,
    }
    a_message(works, attempts=2, **waits, **times)
    first = a_message(works, type="webhook.test", attempts=0, state="queued", status=None, **times)
    page = reverse("desk:webhook", args=[works.pk])
    tried = works.messages.earliest("pk")
    return {
        "webhooks": reverse("desk:webhooks"),
        "webhook-new": reverse("desk:webhook-new"),
        "webhook": page,
        "webhook-filtered-none": page + "?state=sending",
        "webhook-off": reverse("desk:webhook", args=[off.pk]),
        "webhook-edit": reverse("desk:webhook-edit", args=[works.pk]),
        "webhook-message": reverse("desk:webhook-message", args=[works.pk, tried.pk]),
        "webhook-message-untried": reverse("desk:webhook-message", args=[works.pk, first.pk]),
    }
