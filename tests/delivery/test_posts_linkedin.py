"""A LinkedIn channel's posts from slot to page: each once, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from publisher.social import channels
from publisher.social.models import Channel
from tests.builders import NOON, a_channel, a_schedule
from tests.delivery.post_steps import delivery_of, until_settled
from tests.fakes.linkedin import FakeLinkedIn, Fault
from tests.social.steps import EVERY_MINUTE, a_scheduled_post, fresh, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def there() -> Iterator[FakeLinkedIn]:
    with FakeLinkedIn(knows_repeats=False, slow_seconds=0.6) as fake:
        yield fake


def a_linkedin_channel(there: FakeLinkedIn) -> Channel:
    return a_channel(
        "linkedin",
        schedule=a_schedule(slots=EVERY_MINUTE, least_gap_minutes=0),
        credentials={"access_token": there.token},
        settings={"organization": there.organization, "api": there.url, "timeout_seconds": 0.3},
    )


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "reset",
        "error",
        "limit_told",
        "unauthorised",
        "drop",
        "error_after",
        "slow",
        "html_after",
        "truncated",
    ],
)
def test_whatever_goes_wrong_a_post_appears_exactly_once(there: FakeLinkedIn, kind: str) -> None:
    channel = a_linkedin_channel(there)
    post = a_scheduled_post(channel)
    there.faults.append(Fault("publish", kind, times=1 if kind else 0))
    until_settled()
    if Channel.objects.get(pk=channel.pk).paused_reason:
        channels.resume(channel.pk, user=None)
        until_settled(start=NOON + timedelta(minutes=1))
    assert there.texts == [text_of(post)]
    sent = delivery_of(post)
    assert (sent.state, [sent.remote_id], fresh(post).state) == ("sent", list(there.posts), "sent")


def test_without_the_right_to_look_a_person_decides(there: FakeLinkedIn) -> None:
    there.scopes = "w_organization_social"
    post = a_scheduled_post(a_linkedin_channel(there))
    there.faults.append(Fault("publish", "drop"))
    until_settled(hours=1)
    unclear = delivery_of(post)
    assert (unclear.state, len(there.posts)) == ("unknown", 1)
    assert "r_organization_social" in unclear.reason
