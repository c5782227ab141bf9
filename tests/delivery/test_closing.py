"""When an edition is finished."""

from __future__ import annotations

import pytest

from publisher.delivery.closing import finish_editions
from publisher.delivery.models import Delivery
from publisher.delivery.pacing.errors import Batch, why_pause
from publisher.digests.models import Edition
from tests.builders import NOON, a_sending_edition

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["sending", "paused"])
@pytest.mark.parametrize(
    ("last", "finished"),
    [("sent", True), ("failed", True), ("queued", False), ("sending", False), ("unknown", False)],
)
def test_an_edition_ends_when_nothing_of_it_can_change_any_more_also_when_it_was_paused(
    state: str, last: str, finished: bool
) -> None:
    edition = a_sending_edition(mails=2)
    Edition.objects.update(state=state)
    Delivery.objects.update(state="failed")
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(state=last)
    assert finish_editions(now=NOON) == ([edition.pk] if finished else [])
    edition.refresh_from_db()
    assert edition.state == ("sent" if finished else state)


@pytest.mark.parametrize("state", ["waiting", "blocked", "cancelled", "assembling"])
def test_what_was_not_let_go_does_not_end(state: str) -> None:
    a_sending_edition(mails=0)
    Edition.objects.update(state=state)
    assert finish_editions(now=NOON) == []


def test_one_that_was_paused_for_its_refusals_and_has_ended_advises_the_next_one_and_not_to_resume() -> None:
    a_sending_edition(mails=1)
    Delivery.objects.update(state="failed")
    paused = why_pause([Batch(NOON, 0, 100, {"550 5.1.1": (100, "no such user")})], percent=10, since=None)
    Edition.objects.update(state="paused", problem=paused)
    finish_editions(now=NOON)
    assert Edition.objects.get().problem == (
        "100 of the last 100 were refused; all said “550 5.1.1 no such user”. Nothing of it was left to be sent, so it has "
        "ended. Before the next edition: look at where these addresses come from: many of them do not exist."
    )


def test_what_else_stands_on_an_edition_stays_when_it_ends() -> None:
    a_sending_edition(mails=0)
    Edition.objects.update(problem="A picture was left out.")
    finish_editions(now=NOON)
    assert Edition.objects.get().problem == "A picture was left out."
