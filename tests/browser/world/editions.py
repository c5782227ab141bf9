"""A digest with an edition that was sent and one that waits, and what the dashboard counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from publisher.audience.models import Subscriber, Subscription
from publisher.core import audit
from publisher.delivery import copies
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import DayCount, DaySpeed, Delivery
from publisher.digests.models import Digest, Edition
from tests.builders import a_digest, a_subscriber
from tests.desk.builders import an_attempt, an_edition


def editions(now: datetime, user: User) -> tuple[Digest, Edition, Edition, Subscription]:
    """The digest, the edition that waits, the one that was sent with messages in every state, and a reader."""
    digest = a_digest(
        slug="weekly",
        needs_approval=True,
        local_time=True,
        seeds=["director@office.example.org"],
        created_at=now - timedelta(days=30),
    )
    subscription = a_subscriber(digest, "ilse.marrow@example.net", name="Ilse")
    for n in range(30):
        a_subscriber(digest, language="zh" if n % 3 else "en", kinds=["story"] if n % 5 == 0 else [])
    for zone in ("Europe/Berlin", "America/New_York", "Asia/Kathmandu"):
        reader = a_subscriber(digest).subscriber
        Subscriber.objects.filter(pk=reader.pk).update(zone=zone)
    common = {"items": [], "window_from": now - timedelta(days=7), "window_to": now, "assembled_at": None}
    sent = an_edition(digest, number=None, due_at=now - timedelta(hours=2), state="assembling", **common)
    home = sent.due_at.astimezone(ZoneInfo(digest.zone))
    Edition.objects.filter(pk=sent.pk).update(local_day=home.date(), local_at=home.time())
    assemble(sent.pk, now=now)
    copies.send_test(sent.pk, to="mira@office.example.org", actor=user, now=now)
    rows = list(Delivery.objects.filter(edition=sent, purpose="reader").order_by("pk"))
    states = ["failed", "unknown", "bounced", "queued", "suppressed"]
    for row in rows:
        state = states.pop(0) if states else "sent"
        row.state, row.attempts = state, 1
        if state == "sent":
            row.sent_at = row.settled_at = now
            row.code, row.enhanced = 250, "2.0.0"
        if state == "failed":
            row.code, row.enhanced, row.reason = 550, "5.1.1", "There is no such mailbox."
            row.remote_id = f"<{row.pk}.weekly@office.example.org>"
            an_attempt(
                row,
                started_at=now - timedelta(minutes=5),
                outcome="queued",
                code=451,
                enhanced="4.3.0",
                text="4.3.0 Try again later",
                duration_ms=212,
            )
            an_attempt(
                row,
                started_at=now,
                outcome="failed",
                code=550,
                enhanced="5.1.1",
                text="5.1.1 <user> User unknown",
                duration_ms=1312,
            )
        row.save()
    Delivery.objects.filter(pk=rows[2].pk).update(
        address="a.reader.with.a.very.long.name.indeed+newsletters@mail.department.example.net",
        code=452,
        enhanced="4.2.2",
        reason="Waits: department.example.net asked for peace (“421 4.7.28 unusual rate of mail”).",
    )
    waiting = an_edition(
        digest,
        number=12,
        due_at=now + timedelta(hours=1),
        assembled_at=now,
        problem="Its time passed long ago; look at it before it is sent.",
    )
    audit.record(user, "edition.pause", sent, {"state": "sending"}, {"state": "paused"})
    audit.record(user, "edition.resume", sent, {"state": "paused"}, {"state": "sending"})
    return digest, waiting, sent, subscription


def figures(now: datetime) -> None:
    """Three weeks of the dashboard, with a day of complaints."""
    for back in range(21):
        day = (now - timedelta(days=back)).date()
        for domain, n in (("example.org", 900), ("mail.example", 420 + 9 * back)):
            DayCount.objects.create(day=day, digest_id=1, domain=domain, state="sent", n=n)
            DayCount.objects.create(day=day, digest_id=1, domain=domain, state="failed", n=back % 5 * 8)
            DayCount.objects.create(day=day, digest_id=1, domain=domain, state="complained", n=back % 7)
        DayCount.objects.create(day=day, channel_id=1, state="sent", n=40 + back % 6 * 7)
    DaySpeed.objects.create(
        day=now.date(), channel_id=1, n=40, waited_p50=5_400, waited_p90=80_000, late_p50=0.7, late_p95=1.2
    )
