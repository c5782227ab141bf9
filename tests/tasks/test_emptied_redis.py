"""Rule 1 with real processes: Redis loses everything between assembling and sending, and the edition still goes out whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.contrib.auth import get_user_model

from publisher.core import clock
from publisher.delivery.models import Delivery
from publisher.digests import editions
from publisher.digests.due import create_now
from publisher.digests.models import Edition
from tests.builders import a_digest, a_subscriber, an_item
from tests.fakes.smtp_sink import SmtpSink
from tests.processes import running, until

READERS = 120


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_edition_is_sent_whole_after_redis_was_emptied_between_assembling_and_sending(
    inbox: redis.Redis, tmp_path: Path
) -> None:
    now = clock.now()
    digest = a_digest(needs_approval=True, enabled=False)
    an_item(at=now - timedelta(hours=1), title="Rain at last")
    for n in range(READERS):
        a_subscriber(digest, f"reader{n}@example.net")
    editor = get_user_model().objects.create_user("editor", password="a long password")
    with SmtpSink() as sink, running("worker", "beat", folder=tmp_path, PUBLISHER_MAIL=sink.url):
        edition = create_now(digest, window_from=now - timedelta(days=7), now=now)
        until(lambda: Edition.objects.get().state == "waiting", what="the edition is assembled")
        assert Delivery.objects.filter(state="queued").count() == READERS
        assert sink.messages == []
        inbox.flushall()
        editions.approve(edition.pk, user=editor, now=clock.now())
        until(lambda: Edition.objects.get().state == "sent", what="the edition is sent")
        received = sorted(message.rcpt_to for message in sink.messages)
    assert received == sorted(f"reader{n}@example.net" for n in range(READERS))
    assert Delivery.objects.filter(state="sent").count() == READERS
