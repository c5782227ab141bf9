"""Bulk actions by the API: counted first, begun with the number that was seen, watched, stopped and undone."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.audience.bulk import working
from publisher.audience.models import Bulk, Subscriber, Subscription, Suppression
from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.digests.models import Digest
from tests.api.steps import Caller, caller, data, problem
from tests.builders import a_digest, a_subscriber
from tests.desk.audience_builders import a_bulk, a_reader_tag, a_segment, an_attribute

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]
EVERYBODY: dict[str, Any] = {"everybody": True}


@pytest.fixture
def program(db: None) -> Caller:
    return caller("manage_audience")


@pytest.fixture
def weekly(db: None) -> Digest:
    digest = a_digest(slug="weekly")
    for number in range(3):
        a_subscriber(digest, f"r{number}@example.org")
    return digest


def work() -> None:
    working.work(now=clock.now(), seconds=60)


def test_a_deed_is_counted_begun_with_that_number_done_and_undone(program: Caller, weekly: Digest) -> None:
    a_reader_tag("Press")
    deed = {"who": {"segment": a_segment().pk}, "action": "tag", "tag": "press"}
    assert data(program.post("/bulk-actions/count", deed)) == {"number": 3}
    assert not Bulk.objects.exists()
    begun = data(program.post("/bulk-actions", {**deed, "expected": 3}), 201)
    assert (begun["state"], begun["tag"], begun["asked_by"]) == ("collecting", "Press", "mira")
    assert begun["who"][0][0]["field"] == "state"
    work()
    path = f"/bulk-actions/{begun['id']}"
    done = data(program.get(path))
    assert (done["state"], done["total"], done["changed"], done["why_not_undo"]) == ("done", 3, 3, "")
    assert Subscriber.objects.filter(tags__name="Press").count() == 3
    assert data(program.post(f"{path}/undo"))["state"] == "undoing"
    work()
    assert (data(program.get(path))["undone"], Subscriber.objects.filter(tags__name="Press").count()) == (
        3,
        0,
    )
    problem(program.post(f"{path}/undo"), 422, "refused")
    told = list(
        AuditEntry.objects.filter(object_type="bulk").order_by("pk").values_list("action", "actor_name")
    )
    assert told == [("bulk.tag", "mira"), ("bulk.undone", "mira")]


def test_another_number_than_was_seen_does_nothing_and_is_told(program: Caller, weekly: Digest) -> None:
    for number in range(10):
        a_subscriber(weekly, f"more{number}@example.org")
    deed = {"who": EVERYBODY, "action": "suppress", "how": "the list was sold", "expected": 3}
    told = problem(program.post("/bulk-actions", deed), 409, "stale")
    assert told["fields"][0]["expected"] == "13"
    assert not Bulk.objects.exists()


def test_who_is_meant_has_to_be_said(program: Caller, weekly: Digest) -> None:
    deed = {"action": "suppress", "how": "the list was sold"}
    for who in (
        {},
        {"everybody": True, "conditions": [{"field": "state", "value": "active"}]},
        {"segment": 999_999},
    ):
        problem(program.post("/bulk-actions/count", {**deed, "who": who}), 422, "refused")
    problem(program.post("/bulk-actions/count", deed), 422, "invalid")
    assert data(program.post("/bulk-actions/count", {**deed, "who": EVERYBODY})) == {"number": 3}


def test_those_of_a_segment_may_be_narrowed(program: Caller, weekly: Digest) -> None:
    a_subscriber(weekly, "lin@elsewhere.example")
    who = {"segment": a_segment().pk, "conditions": [{"field": "domain", "value": "elsewhere.example"}]}
    deed = {"who": who, "action": "unsubscribe", "how": "closed", "digest": "weekly"}
    assert data(program.post("/bulk-actions/count", deed)) == {"number": 1}
    data(program.post("/bulk-actions", {**deed, "expected": 1}), 201)
    work()
    ended = Subscription.objects.filter(state="ended").values_list("subscriber__email", flat=True)
    assert list(ended) == ["lin@elsewhere.example"]


def test_subscribing_takes_a_proof_and_a_choice_that_the_digest_offers(
    program: Caller, weekly: Digest
) -> None:
    daily = a_digest(slug="daily")
    deed = {"who": EVERYBODY, "action": "subscribe", "digest": "daily"}
    problem(program.post("/bulk-actions/count", deed), 422, "refused")
    problem(program.post("/bulk-actions/count", {**deed, "how": "asked", "language": "sw"}), 422, "refused")
    data(program.post("/bulk-actions", {**deed, "how": "asked at the fair", "expected": 3}), 201)
    work()
    assert Subscription.objects.filter(digest_id=daily.pk, state="active").count() == 3


@pytest.mark.parametrize(
    "given",
    [
        {"action": "suppress", "how": "sold", "digest": "weekly"},
        {"action": "set", "attribute": "city"},
        {"action": "set", "attribute": "city", "value": "Kisumu", "tag": "Press"},
        {"action": "tag", "tag": "Nobody made this"},
        {"action": "unsubscribe"},
    ],
)
def test_a_deed_takes_just_what_it_needs(program: Caller, weekly: Digest, given: dict[str, Any]) -> None:
    an_attribute("city")
    a_reader_tag("Press")
    problem(program.post("/bulk-actions/count", {"who": EVERYBODY, **given}), 422, "refused")


def test_an_attribute_is_set_and_emptied(program: Caller, weekly: Digest) -> None:
    an_attribute("visits", kind="number")
    deed = {"who": EVERYBODY, "action": "set", "attribute": "visits", "expected": 3}
    begun = data(program.post("/bulk-actions", {**deed, "value": 4}), 201)
    assert begun["value"] is None
    assert data(caller("manage_audience", "see_addresses").get(f"/bulk-actions/{begun['id']}"))["value"] == 4
    work()
    assert list(Subscriber.objects.values_list("attributes", flat=True)) == [{"visits": 4}] * 3
    data(program.post("/bulk-actions", {**deed, "value": None}), 201)
    work()
    assert list(Subscriber.objects.values_list("attributes", flat=True)) == [{}] * 3


def test_searching_addresses_takes_the_scope_to_read_them(program: Caller, weekly: Digest) -> None:
    who = {"conditions": [{"field": "text", "value": "r1@example.org"}]}
    deed = {"who": who, "action": "suppress", "how": "asked", "expected": 1}
    problem(program.post("/bulk-actions", deed), 403, "not_allowed")
    begun = data(caller("manage_audience", "see_addresses").post("/bulk-actions", deed), 201)
    assert begun["who"][0][0]["value"] == "r1@example.org"
    assert data(program.get(f"/bulk-actions/{begun['id']}"))["who"][0][0]["value"] == "…"
    work()
    assert list(Suppression.objects.values_list("email_key", flat=True)) == ["r1@example.org"]


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "gone", "value": "x"},
        {"field": "joined", "op": "after", "value": "2026-05-31"},
        {"field": "joined", "op": "from", "value": "in May"},
        {"field": "suppressed", "value": "maybe"},
        {"field": "state", "value": "asleep"},
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused(
    program: Caller, weekly: Digest, condition: dict[str, str]
) -> None:
    deed = {"who": {"conditions": [condition]}, "action": "suppress", "how": "asked"}
    problem(program.post("/bulk-actions/count", deed), 422, "refused")


def test_the_same_key_begins_it_once(program: Caller, weekly: Digest) -> None:
    deed = {"who": EVERYBODY, "action": "suppress", "how": "sold", "expected": 3}
    answers = [program.post("/bulk-actions", deed, Idempotency_Key="bulk-1") for _ in range(2)]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert Bulk.objects.count() == 1


def test_they_are_listed_by_state_and_stopped(program: Caller) -> None:
    running, _done = a_bulk(), a_bulk(state="done")
    assert [row["id"] for row in data(program.get("/bulk-actions", {"state": "running"}))["data"]] == [
        running.pk
    ]
    assert data(program.post(f"/bulk-actions/{running.pk}/stop"))["state"] == "stopped"
    problem(program.post(f"/bulk-actions/{running.pk}/stop"), 422, "refused")
    assert len(data(program.get("/bulk-actions"))["data"]) == 2
