"""Posts of several channels that are due within seconds, with two workers and beat: a short form of `make bench`'s thousand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from publisher.delivery.models import Attempt, Delivery
from tests.bench.posts import run_through
from tests.processes import environment

CHANNELS, EACH = 5, 12


@pytest.mark.slow
@pytest.mark.usefixtures("inbox")
@pytest.mark.django_db(transaction=True)
def test_every_post_is_there_once_and_in_its_channels_order(tmp_path: Path) -> None:
    run = run_through(tmp_path, channels=CHANNELS, each=EACH, over=timedelta(seconds=3), env=environment())
    assert run.faults == []
    assert len(run.seconds) == CHANNELS * EACH
    assert Delivery.objects.filter(state="sent").count() == CHANNELS * EACH
    assert Attempt.objects.count() == CHANNELS * EACH
