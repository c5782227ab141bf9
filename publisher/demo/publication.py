"""The sample publication as rows: sources, schedules, channels, the weekly digest and its readers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from publisher.audience import subscriptions
from publisher.audience.choices import Choice
from publisher.demo.sample import load
from publisher.digests.models import Digest
from publisher.items.models import Topic
from publisher.schedule.models import Schedule
from publisher.social.models import Channel

SHANGHAI = ZoneInfo("Asia/Shanghai")
PACE = ((0, 600, 4), (600, 8 * 3600, 60), (8 * 3600, 7 * 86_400, 1800))
"""From second, to second, a slot every so many."""


def create_admin(password: str) -> User:
    """The desk's login."""
    return get_user_model().objects.create_superuser("demo", "demo@office.example.org", password)


def create_channels(*, now: datetime, sandbox_url: str, token: str) -> list[Channel]:
    """Two sandbox accounts that publish within seconds, one whose posts are handed to whoever looks at the demo, and four that
    are drafted and measured for the other networks."""
    soon = Schedule.objects.create(
        name="Demo: a slot every few seconds", zone="Asia/Shanghai", slots=_soon(now), least_gap_minutes=0
    )
    office = Schedule.objects.create(
        name="Office hours",
        zone="Asia/Shanghai",
        slots=[{"weekday": day, "at": at} for day in range(5) for at in ("09:30", "12:30", "17:00")],
        quiet=[{"start": "21:00", "end": "08:00", "weekdays": list(range(7))}],
        holiday_countries=["CN"],
        least_gap_minutes=60,
        most_per_day=3,
    )
    sandbox = {"credentials": {"token": token}, "schedule": soon, "created_at": now}
    plain: dict[str, Any] = {"schedule": office, "created_at": now}
    return [
        Channel.objects.create(
            name="Almaria Office", network="sandbox", language="en", settings={"url": sandbox_url}, **sandbox
        ),
        Channel.objects.create(
            name="阿尔马里亚办公室",
            network="sandbox",
            language="zh",
            region="CN",
            settings={"url": sandbox_url},
            **sandbox,
        ),
        Channel.objects.create(
            name="阿尔马里亚微博", network="weibo", language="zh", region="CN", schedule=soon, created_at=now
        ),
        *(
            Channel.objects.create(name=f"Almaria on {label}", network=name, language="en", **plain)
            for name, label in (
                ("x", "X"),
                ("mastodon", "Mastodon"),
                ("bluesky", "Bluesky"),
                ("linkedin", "LinkedIn"),
            )
        ),
    ]


def _soon(now: datetime) -> list[dict[str, Any]]:
    """Slots at every few seconds of the next ten minutes, every minute of eight hours, and every half hour of the week.

    They are weekly times of the demo's zone. Whoever approves a post sees it go out soon, however long the demo has run.
    """
    first = now.astimezone(SHANGHAI).replace(microsecond=0)
    seconds = [second for start, end, step in PACE for second in range(start, end, step)]
    times = [first + timedelta(seconds=n) for n in seconds]
    return [{"weekday": at.weekday(), "at": at.time().isoformat()} for at in times]


def create_digest(*, now: datetime) -> Digest:
    """The weekly digest, not yet switched on."""
    return Digest.objects.create(
        slug="weekly",
        title={"en": "The week in Almaria", "zh": "阿尔马里亚一周"},
        intro={
            "en": "What the office and its partners published this week, chosen by what you asked for.",
            "zh": "本周办公室及伙伴发布的内容，按您的选择整理。",
        },
        languages=["en", "zh"],
        from_name={"en": "Country Office of Almaria", "zh": "阿尔马里亚国别办公室"},
        from_address="news@office.example.org",
        organisation={"en": "Country Office of Almaria", "zh": "阿尔马里亚国别办公室"},
        postal_address={"en": "1 Harbour Road, Port Almaria", "zh": "阿尔马里亚港海港路1号"},
        zone="Asia/Shanghai",
        about={
            "en": "Each week what the office and its partners published, by the topics you choose.",
            "zh": "每周按您选择的主题，汇总办公室及伙伴发布的内容。",
        },
        open_to_all=True,
        archived=True,
        enabled=False,
        created_at=now - timedelta(days=1),
    )


def switch_on(digest: Digest, *, due: datetime) -> None:
    """Let the digest's time this week be `due`."""
    local = due.astimezone(SHANGHAI)
    digest.weekday, digest.at, digest.enabled = local.weekday(), local.time(), True
    digest.save(update_fields=["weekday", "at", "enabled"])


def create_readers(digest: Digest, *, count: int, now: datetime) -> int:
    """Invented subscribers with different choices; how many."""
    topics = dict(Topic.objects.values_list("slug", "id"))
    for reader in load.readers(count):
        subscriptions.join(
            reader.email,
            digest_id=digest.pk,
            choice=Choice.of(
                topics=[topics[slug] for slug in reader.topics],
                kinds=reader.kinds,
                language=reader.language,
                region=reader.region,
            ),
            how="demo",
            now=now,
            name=reader.name,
        )
    return count
