"""Who withdrew from being counted after a backup was made is not counted after its restore."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.audience.evidence import Evidence
from publisher.audience.models import Subscriber
from publisher.backup import leavers
from publisher.counting import persons
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("agreed_again", [False, True])
def test_a_withdrawal_is_taken_over_unless_they_agreed_again(agreed_again: bool) -> None:
    reader = a_subscriber(a_digest()).subscriber_id
    for hours, counted in ((-1, True), (1, False), *([(2, True)] if agreed_again else [])):
        now = NOON + timedelta(hours=hours)
        persons.choose(reader, counted=counted, evidence=Evidence(), now=now)
    gone = leavers.since(NOON)
    Subscriber.objects.filter(pk=reader).update(counted=True)  # as the backup knew them
    assert leavers.take_over(gone) == (0 if agreed_again else 1)
    assert Subscriber.objects.get(pk=reader).counted is agreed_again
    assert leavers.take_over(gone) == 0
