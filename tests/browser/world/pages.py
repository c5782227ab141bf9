"""The addresses to visit, area by area. A new page belongs here."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from publisher.audience import tokens
from publisher.core.models import AuditEntry
from publisher.delivery.models import Delivery
from publisher.digests.models import Digest, Edition
from publisher.items.models import Item, Rejection
from publisher.people import passwords
from publisher.social.models import Channel, Post


def items(item: Item, rejection: Rejection) -> dict[str, str]:
    """Today, and items."""
    return {
        "home": reverse("desk:home"),
        "items": reverse("desk:items"),
        "items-none": reverse("desk:items") + "?q=nothing+like+this",
        "item": reverse("desk:item", args=[item.pk]),
        "compose": reverse("desk:compose", args=[item.pk]),
        "compose-none": reverse("desk:compose", args=[Item.objects.get(kind="speech").pk]),
        "rejected": reverse("desk:rejected"),
        "rejection": reverse("desk:rejection", args=[rejection.pk]),
        "correct": reverse("desk:correct", args=[item.pk]),
    }


def posts(draft: Post, handed: list[Post]) -> dict[str, str]:
    """Posts in each state."""
    return {
        "posts": reverse("desk:posts"),
        "post-draft": reverse("desk:post", args=[draft.pk]),
        "post-sent": reverse("desk:post", args=[Post.objects.filter(state="sent").latest("pk").pk]),
        "post-thread": reverse("desk:post", args=[Post.objects.get(parts__1__isnull=False).pk]),
        "post-held": reverse("desk:post", args=[Post.objects.get(state="held").pk]),
        "hand-weibo": reverse("desk:post-hand", args=[handed[0].pk]),
        "hand-wechat": reverse("desk:post-hand", args=[handed[1].pk]),
        "post-handed": reverse("desk:post", args=[handed[0].pk]),
    }


def editions(digest: Digest, waiting: Edition, sent: Edition, reader_id: int) -> dict[str, str]:
    """Digests and their editions."""
    edition_url = reverse("desk:edition", args=[sent.pk])
    return {
        "editions": reverse("desk:editions"),
        "edition-waiting": reverse("desk:edition", args=[waiting.pk]),
        "edition-sent": edition_url,
        "edition-text": edition_url + "?view=text",
        "edition-dark": edition_url + "?view=dark",
        "edition-images-off": edition_url + "?view=images-off",
        "edition-choice": edition_url + "?language=en&kinds=story",
        "edition-choice-nothing": edition_url + "?language=en&kinds=podcast",
        "edition-reader": edition_url + f"?reader={reader_id}",
        "digests": reverse("desk:digests"),
        "digest-new": reverse("desk:digest-new"),
        "digest-edit": reverse("desk:digest-edit", args=[digest.pk]),
    }


def plans(draft: Post) -> dict[str, str]:
    """Sending as a whole, calendar, forecast."""
    return {
        "sending": reverse("desk:sending"),
        "calendar": reverse("desk:calendar"),
        "calendar-week": reverse("desk:calendar") + f"?view=week&channel={draft.channel_id}",
        "calendar-list": reverse("desk:calendar") + "?view=list",
        "calendar-empty": reverse("desk:calendar") + "?view=list&date=2001-01-01",
        "calendar-error": reverse("desk:calendar") + "?date=soon&channel=999999",
        "calendar-feed": reverse("desk:calendar-feed"),
        "forecast": reverse("desk:forecast"),
    }


def setting_up(channels: list[Channel]) -> dict[str, str]:
    """Channels, schedules, templates, mail servers."""
    return {
        "channels": reverse("desk:channels"),
        "channel-new": reverse("desk:channel-new"),
        "channel-edit": reverse("desk:channel-edit", args=[channels[3].pk]),
        "channel-access": reverse("desk:channel-access", args=[channels[0].pk]),
        "channel-access-new": reverse("desk:channel-access", args=[channels[-1].pk]),
        "schedules": reverse("desk:schedules"),
        "schedule": reverse("desk:schedule", args=[channels[0].schedule_id]),
        "schedule-new": reverse("desk:schedule-new"),
        "templates": reverse("desk:templates"),
        "template": reverse("desk:template", args=[channels[0].pk]),
        "template-version": reverse("desk:template-version", args=[channels[0].pk, 1]),
        "mail": reverse("desk:mail"),
    }


def watching(sent: Edition) -> dict[str, str]:
    """The delivery log, the audit trail, the dashboard, the system."""
    mail = Delivery.objects.filter(edition=sent, state="failed").earliest("pk")
    unclear = Delivery.objects.filter(edition=sent, state="unknown").earliest("pk")
    arrived = Delivery.objects.filter(edition=sent, state="sent", purpose="reader").earliest("pk")
    return {
        "deliveries": reverse("desk:deliveries"),
        "deliveries-errors": reverse("desk:deliveries") + "?from=soon&address=x",
        "deliveries-filtered": reverse("desk:deliveries") + "?state=failed&state=bounced&person=yes",
        "deliveries-items": reverse("desk:deliveries") + "?item=a",
        "delivery": reverse("desk:delivery", args=[mail.pk]),
        "delivery-sent": reverse("desk:delivery", args=[arrived.pk]),
        "delivery-post": reverse(
            "desk:delivery", args=[Delivery.objects.filter(post__isnull=False).latest("pk").pk]
        ),
        "exports": reverse("desk:exports"),
        "audit-filtered": reverse("desk:audit") + "?action=nothing&from=soon",
        "audit-entry": reverse("desk:audit-entry", args=[AuditEntry.objects.latest("pk").pk]),
        "delivery-unclear": reverse("desk:delivery", args=[unclear.pk]),
        "audit": reverse("desk:audit"),
        "audit-exports": reverse("desk:audit-exports"),
        "retention": reverse("desk:retention"),
        "dashboard": reverse("desk:dashboard"),
        "dashboard-empty": reverse("desk:dashboard") + "?days=12",
        "system": reverse("desk:system"),
    }


def people(user: User, colleague: User) -> dict[str, str]:
    """One's own account, people, keys."""
    return {
        "account": reverse("desk:account"),
        "account-app": reverse("desk:account-app"),
        "account-passkey-add": reverse("desk:account-passkey-add"),
        "account-prove": reverse("desk:account-prove"),
        "people": reverse("desk:people"),
        "person": reverse("desk:person", args=[colleague.pk]),
        "person-oneself": reverse("desk:person", args=[user.pk]),
        "api-keys": reverse("desk:api-keys"),
    }


def site(digest: Digest, sent: Edition, reader_id: int, colleague: User, invitation: str) -> dict[str, str]:
    """What readers and people who are not signed in see."""
    link = (reader_id, digest.pk)
    return {
        "landing": "/",
        "personal-links": "/personal-links",
        "unsubscribe": f"/u/{tokens.write(tokens.Purpose.UNSUBSCRIBE, *link)}",
        "preferences": f"/p/{tokens.write(tokens.Purpose.PREFERENCES, *link)}",
        "web-version": f"/e/{tokens.write(tokens.Purpose.WEB_VERSION, link[0], sent.pk)}",
        "stale": "/u/not-a-token",
        "login": reverse("desk:login"),
        "invitation": invitation,
        "invitation-dead": reverse("desk:invitation", args=["x"]),
        "reset-ask": reverse("desk:reset-ask"),
        "reset": passwords.link_for(colleague).removeprefix(settings.BASE_URL),
        "reset-done": reverse("desk:reset-done"),
        "not-found": "/nothing-here",
    }
