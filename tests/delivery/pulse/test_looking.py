"""Looking at the whole service, with real servers and with one that is away."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
import redis

from publisher.core import clock, workers
from publisher.core.models import Heartbeat
from publisher.core.redis import client
from publisher.delivery.pulse import due, looking
from publisher.delivery.pulse.judging import Health, Part
from publisher.digests.models import Edition, EditionItem
from publisher.social.models import ChannelHealth
from tests.builders import NOON, a_channel, a_digest, a_sending_edition, an_item
from tests.review.steps import tagged

pytestmark = pytest.mark.django_db


def parts() -> dict[str, Part]:
    return {part.name: part for group in looking.look(clock.now()) for part in group.parts}


def test_a_worker_is_seen_until_its_sign_is_old(inbox: redis.Redis) -> None:
    assert parts()["Workers"].health is Health.BAD
    workers.Sign("worker", "1.2.3").give()
    assert parts()["Workers"].health is Health.GOOD
    (process,) = workers.seen()
    assert (process.kind, process.version) == ("worker", "1.2.3")
    assert 0 < inbox.ttl(f"{workers.PREFIX}worker:{process.host}:{process.pid}") <= workers.FORGOTTEN_SECONDS


def test_a_sign_is_given_once_in_a_while(inbox: redis.Redis) -> None:
    sign = workers.Sign("worker", "1")
    sign.give()
    inbox.delete(*inbox.keys(f"{workers.PREFIX}*"))
    sign.give()
    assert workers.seen() == []


def test_a_redis_that_is_away_is_told_and_hides_nothing_else(no_redis: None) -> None:
    workers.Sign("worker", "1").give()
    found = parts()
    assert found["Redis"].health is Health.BAD
    assert found["Database"].health is Health.GOOD
    assert looking.versions()["Redis"] == "does not answer"


def test_mail_that_has_waited_long_is_bad(inbox: redis.Redis) -> None:
    a_sending_edition(mails=1, due_at=clock.now() - timedelta(hours=1))
    assert parts()["Mails that are due"].health is Health.BAD


def test_mail_that_waits_on_purpose_is_not_late() -> None:
    hours = {"send_from": time(8), "send_until": time(20), "zone": "UTC"}
    edition = a_sending_edition(a_digest(**hours), mails=1)  # due at noon
    midnight = NOON + timedelta(hours=12)
    assert due.mail_waited(NOON + timedelta(hours=1)) == timedelta(hours=1)
    assert due.mail_waited(midnight) == timedelta(0)
    assert due.mail_waited(midnight + timedelta(hours=8, minutes=5)) == timedelta(minutes=5)
    day_after = NOON + timedelta(days=1)
    Edition.objects.filter(pk=edition.pk).update(changed_at=day_after)
    assert due.mail_waited(day_after + timedelta(minutes=2)) == timedelta(minutes=2), "since it was let go"
    item = an_item()
    EditionItem.objects.create(edition=edition, item=item, revision=1, position=0)
    tagged(item)
    assert due.mail_waited(day_after + timedelta(minutes=2)) == timedelta(0)


def test_a_job_that_did_not_come_round_is_named(inbox: redis.Redis) -> None:
    Heartbeat.objects.create(name="schedule.tick", at=clock.now() - timedelta(minutes=5))
    part = parts()["Beginning what is due"]
    assert part.health is Health.WARN
    assert "`schedule.tick`" in part.todo


def test_channels_that_are_down_are_named(inbox: redis.Redis) -> None:
    channel = a_channel(name="Our page")
    ChannelHealth.objects.update_or_create(channel=channel, defaults={"state": "down"})
    part = parts()["Channels"]
    assert part.health is Health.BAD
    assert "Our page" in part.says


def test_versions_name_the_servers(inbox: redis.Redis) -> None:
    found: dict[str, Any] = looking.versions()
    assert {"Publisher", "Python", "Django", "PostgreSQL", "Redis"} <= set(found)
    assert all(found.values())
    assert client().ping()
