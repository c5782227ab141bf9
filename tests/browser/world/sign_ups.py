"""Sign-ups in every state, and the pages of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse

from publisher.audience import tokens
from publisher.audience.models import SignUp, SignUpCount
from publisher.digests.models import Digest
from tests.builders import a_digest, a_subscriber
from tests.desk.builders import a_mail_domain, a_sign_up

ABOUT = {
    "en": "What farmers, teachers and engineers of Almaria learned this week, in ten minutes.",
    "zh": "阿尔马里亚的农民、教师和工程师本周学到的东西，十分钟读完。",
    "ar": "ما تعلمه هذا الأسبوع مزارعو ألماريا ومعلموها ومهندسوها، في عشر دقائق.",
}


def sign_ups(now: datetime, digest: Digest) -> dict[str, str]:
    """The digest is open; one that a person has to look at, others in every state, counts of some days, a domain of ours."""
    Digest.objects.filter(pk=digest.pk).update(open_to_all=True, about=ABOUT)
    a_digest(
        slug="alerts", open_to_all=True, title={"en": "Alerts", "zh": "快讯", "ar": "تنبيهات"}, about=ABOUT
    )
    a_sign_up(
        digest, "info@ministry-of-agriculture.example", page="https://site.example.org/news", created_at=now
    )
    for number, given in enumerate(
        (
            {},
            {"confirmed_at": now, "subscriber": a_subscriber(digest, "reader1@example.net").subscriber},
            {"expires_at": now},
            {"held": "disposable", "refused_at": now},
        )
    ):
        a_sign_up(digest, f"reader{number}@example.net", **{"held": "", "created_at": now, **given})
    for days, what, n in (
        (0, "asked", 41),
        (0, "trap", 1204),
        (1, "asked", 9),
        (1, "confirmed", 7),
        (1, "no_proof", 2),
    ):
        SignUpCount.objects.create(day=(now - timedelta(days=days)).date(), what=what, n=n)
    a_mail_domain("mailbox-for-an-hour.example")
    a_sign_up(digest, "several@example.net", held="", created_at=now)
    a_sign_up(
        Digest.objects.get(slug="alerts"), "several@example.net", held="", language="ar", created_at=now
    )
    return {
        "sign-ups": reverse("desk:sign-ups"),
        "sign-ups-unread": reverse("desk:sign-ups") + "?state=nonsense",
        "digest-sign-up": reverse("desk:digest-sign-up", args=[digest.pk]),
    }


def sign_up_pages(digest: Digest) -> dict[str, str]:
    """The sign-up page in each language, that of one digest, and the page that confirms, before, after and too late."""
    open_, late = (
        SignUp.objects.get(email="reader0@example.net"),
        SignUp.objects.get(email="reader2@example.net"),
    )
    done = SignUp.objects.get(email="reader1@example.net")
    several = SignUp.objects.get(email="several@example.net", language="ar")
    link = {
        row: f"/c/{tokens.write(tokens.Purpose.CONFIRM, tokens.NOBODY, row.pk)}"
        for row in (open_, late, done, several)
    }
    return {
        "subscribe": "/subscribe",
        "subscribe-zh": "/subscribe?lang=zh",
        "subscribe-ar": "/subscribe?lang=ar",
        "subscribe-one": f"/subscribe/{digest.slug}?lang=ar",
        "subscribe-closed": "/subscribe/nothing",
        "confirm": link[open_],
        "confirm-done": link[done],
        "confirm-expired": link[late],
        "confirm-several": link[several],
    }
