"""Channels: sound, paid, down, not connected yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.core import clock
from publisher.delivery import signing
from publisher.schedule.models import Schedule
from publisher.social import health
from publisher.social.models import Channel, ChannelHealth, TemplateVersion
from publisher.social.networks.base import Pace
from tests.builders import a_channel, a_schedule
from tests.desk.builders import a_signing_key


def channels() -> list[Channel]:
    """Five, of which the fourth costs money and the last is not connected yet."""
    shanghai = a_schedule(name="Office hours in Shanghai", zone="Asia/Shanghai")
    channels = [
        a_channel("sandbox", name="Almaria on Sandbox", schedule=shanghai),
        a_channel("sandbox", name="阿尔马里亚频道", language="zh-Hans", schedule=shanghai),
        a_channel(
            "sandbox",
            name="Almaria press",
            owner="press@office.example.org",
        ),
        a_channel(
            "x",
            name="Almaria on X",
            region="CN",
            settings={"threads": True},
            thread_messages=4,
            hashtags=2,
            month_budget=25,
            utm={
                "hosts": ["office.example.org", "example.cn"],
                "campaign": "{kind}-{date}",
                "content": "{channel}",
            },
        ),
    ]
    now = clock.now()
    health.note_pace(channels[0].pk, Pace(12, timedelta(minutes=4), 300), now=now)
    ChannelHealth.objects.update_or_create(
        channel=channels[0],
        defaults={
            "state": "good",
            "account_name": "@almaria@sandbox.example",
            "checked_at": now - timedelta(hours=5),
            "credentials_end_at": now + timedelta(days=9),
            "told_limits": {
                "max_characters": 1000,
                "characters_reserved_per_url": 23,
                "image_size_limit": 16_777_216,
            },
        },
    )
    health.went_down(
        channels[2].pk,
        reason="The network answered 401: the access was withdrawn. Connect the channel again.",
        now=now,
    )
    new = a_channel("mastodon", name="Almaria on Mastodon", schedule=shanghai)
    channels.append(new)
    reason = "Not connected yet: The channel has no `access_token`: make one on its server and put it in."
    ChannelHealth.objects.create(channel=new, state="unconnected", checked_at=now, problem=reason)
    Channel.objects.filter(pk=new.pk).update(paused_reason=reason)
    return channels


def set_up(now: datetime, channel: Channel) -> None:
    """A template with versions, quiet hours and holidays, and keys that sign mail."""
    TemplateVersion.objects.create(channel=channel, number=1, text="{{ fit(item.title) }}", by="mira", at=now)
    Schedule.objects.filter(pk=channel.schedule_id).update(
        quiet=[{"start": "21:00", "end": "08:00"}], blackouts=["2026-12-25"], holiday_countries=["CN"]
    )
    signing.switch_on(a_signing_key(selector="may"))
    a_signing_key(selector="june")
