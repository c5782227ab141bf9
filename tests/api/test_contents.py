"""What an edition holds and says is changed by the API as on its page; its waves and its preflight are read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.delivery.enqueue import assemble
from publisher.delivery.models import Delivery
from publisher.digests.models import Edition
from publisher.items.models import Item
from tests.api.steps import Caller, caller, data, problem
from tests.builders import NOON, a_digest, a_subscriber, an_item
from tests.delivery.test_arranging import waiting
from tests.delivery.test_waves import a_digest_by_local_time
from tests.delivery.test_waves import assembled as assembled_waves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]


@pytest.fixture
def program(db: None) -> Caller:
    return caller("see_desk", "write")


@pytest.fixture
def made(db: None) -> tuple[Edition, list[Item]]:
    digest = a_digest(slug="weekly", languages=["en"])
    a_subscriber(digest, "reader@example.net")
    edition, items = waiting(digest, 3)
    return edition, items


def version_of(program: Caller, edition: Edition) -> str:
    return str(data(program.get(f"/editions/{edition.pk}"))["version"])


def test_items_are_put_in_another_order_left_out_and_added(
    program: Caller, made: tuple[Edition, list[Item]]
) -> None:
    edition, (first, second, third) = made
    path = f"/editions/{edition.pk}"
    before = data(program.get(f"{path}/arrangement"))
    assert (before["items"], before["left_out"], before["why_not"]) == (
        [first.pk, second.pk, third.pk],
        [],
        "",
    )
    extra = an_item(at=NOON - timedelta(days=90), title="An older one")
    given = {"version": before["version"], "items": [third.pk, extra.pk, first.pk]}
    assert data(program.post(f"{path}/arrange", given))["state"] == "assembling"
    problem(program.post(f"{path}/arrange", given), 409, "stale")
    problem(program.post(f"{path}/arrange", {"items": [first.pk]}), 428, "version_missing")
    assemble(edition.pk, now=clock.now())
    after = data(program.get(f"{path}/arrangement"))
    assert (after["items"], after["left_out"]) == ([third.pk, extra.pk, first.pk], [second.pk])
    assert AuditEntry.objects.get(action="edition.arranged").actor_name == "mira"


def test_an_item_that_cannot_come_in_is_refused_with_the_desks_reason(
    program: Caller, made: tuple[Edition, list[Item]]
) -> None:
    edition, items = made
    foreign = an_item(at=NOON, title="Regen", language="de")
    wrong: dict[str, Any] = {"version": version_of(program, edition), "items": [items[0].pk, foreign.pk]}
    body = problem(program.post(f"/editions/{edition.pk}/arrange", wrong), 422, "refused")
    assert "does not come in" in body["detail"]
    twice = {**wrong, "items": [items[0].pk] * 2}
    problem(program.post(f"/editions/{edition.pk}/arrange", twice), 422, "refused")


def test_texts_of_its_own_are_written_one_by_one_and_taken_back(
    program: Caller, made: tuple[Edition, list[Item]]
) -> None:
    edition, _items = made
    path = f"/editions/{edition.pk}"

    def write(**texts: Any) -> Any:
        answer = program.post(f"{path}/write", {"version": version_of(program, edition), **texts})
        assemble(edition.pk, now=clock.now())
        return answer

    data(write(subject={"en": "Farmers first"}, intro={"en": "Good morning."}))
    data(write(preheader={"en": "And the harvest"}))
    told = data(program.get(f"{path}/texts"))
    assert (told["subject"], told["preheader"], told["intro"]) == (
        {"en": "Farmers first"},
        {"en": "And the harvest"},
        {"en": "Good morning."},
    )
    data(write(subject={"en": ""}))
    assert data(program.get(f"{path}/texts"))["subject"] == {}
    body = problem(write(subject={"en": "{{ nothing }}"}), 422, "refused")
    assert [each["name"] for each in body["fields"]] == ["subject.en"]
    assert "does not come in" in problem(write(subject={"fr": "Bonjour"}), 422, "refused")["detail"]


def test_it_is_looked_over_and_a_reason_overrules_what_may_be_overruled(program: Caller) -> None:
    digest = a_digest(slug="weekly", languages=["en"])
    a_subscriber(digest, "reader@example.net")
    edition, _items = waiting(digest, 2)
    path = f"/editions/{edition.pk}"
    found = data(program.get(f"{path}/preflight"))
    assert {each["check"] for each in found["findings"]} >= {"items", "subject", "links"}
    assert found["asked_at"] is None
    given = {"version": version_of(program, edition), "subject": {"en": "{{ '{{' }} a mark"}}
    data(program.post(f"{path}/write", given))
    assemble(edition.pk, now=clock.now())
    closely = data(program.post(f"{path}/look-over"))
    assert (closely["level"], closely["asked_at"] is not None) == ("block", True)
    (blocks,) = [each for each in closely["findings"] if each["level"] == "block"]
    assert (blocks["check"], blocks["final"]) == ("subject", False)
    publisher = caller("publish", "see_desk")
    wish = {"version": version_of(program, edition)}
    problem(publisher.post(f"{path}/approve", wish), 422, "refused")
    wish["reason"] = "The marks are meant: it is about templates."
    assert data(publisher.post(f"{path}/approve", wish))["state"] == "sending"
    assert wish["reason"] in [each.after.get("reason") for each in AuditEntry.objects.all()]


def test_what_is_sent_is_not_looked_over(program: Caller, made: tuple[Edition, list[Item]]) -> None:
    Edition.objects.update(state="sent")
    problem(program.post(f"/editions/{made[0].pk}/look-over"), 422, "refused")
    assert "over" in data(program.get(f"/editions/{made[0].pk}/arrangement"))["why_not"]


def test_the_readers_of_now_are_counted(program: Caller, made: tuple[Edition, list[Item]]) -> None:
    assert data(program.get(f"/editions/{made[0].pk}/readers-now")) == {"count": 1, "exact": True}


def test_waves_are_told_with_how_far_each_is(program: Caller) -> None:
    edition = assembled_waves(a_digest_by_local_time())
    waves = data(program.get(f"/editions/{edition.pk}/waves"))["data"]
    offsets = [each["offset_minutes"] for each in waves]
    assert offsets == sorted(offsets, reverse=True)
    assert {345, 120, -600} <= set(offsets)  # Kathmandu, Berlin, Honolulu
    assert sum(each["total"] for each in waves) == Delivery.objects.filter(edition=edition).count()
    assert all((each["left"], each["queued"]) == (0, each["total"]) for each in waves)
