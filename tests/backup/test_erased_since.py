"""Who was erased after a backup was made is not brought back by restoring it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.audience import hashes
from publisher.audience.erased import is_erased
from publisher.audience.models import Erased, Salt, Subscriber
from publisher.backup import leavers
from publisher.privacy import erasing
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db


def test_who_was_erased_since_is_erased_again_in_the_restored_database() -> None:
    digest = a_digest()
    gone = a_subscriber(digest, "ílse@example.net").subscriber
    a_subscriber(digest, "lin@example.net")
    erasing.erase(gone.pk, user="mira", how="test", now=NOON)
    found = leavers.since(NOON - timedelta(hours=1))

    # The restored database: before the erasing, and before the first salt was made.
    Erased.objects.all().delete()
    Salt.objects.all().delete()
    back = a_subscriber(digest, "ílse@example.net").subscriber
    assert leavers.take_over(found) == 1
    assert list(Subscriber.objects.values_list("email", flat=True)) == ["lin@example.net"]
    assert is_erased(back.email_key)
    assert hashes.salt() == found.salt


def test_who_was_erased_before_the_backup_is_no_matter_of_the_restore() -> None:
    gone = a_subscriber(a_digest()).subscriber
    erasing.erase(gone.pk, user="mira", how="test", now=NOON)
    assert leavers.since(NOON + timedelta(hours=1)).erased == []
