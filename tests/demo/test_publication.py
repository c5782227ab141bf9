"""The sample publication of the demo."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.demo.publication import create_channels
from publisher.schedule.slots import next_free_slot
from tests.builders import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("minutes", "wait"), [(0, 5), (9, 5), (11, 60), (120, 60), (7 * 60, 60), (3 * 1440, 1800)]
)
def test_a_post_approved_in_the_demo_goes_out_soon_however_long_it_has_run(minutes: int, wait: int) -> None:
    office = create_channels(now=NOON, sandbox_url="http://127.0.0.1:1", token="t")[0]
    now = NOON + timedelta(minutes=minutes)
    slot = next_free_slot(office.schedule.rules(), now=now, taken=[])
    assert slot is not None
    assert slot - now <= timedelta(seconds=wait)
