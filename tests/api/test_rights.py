"""A reader's rights and the times of keeping by the API: fetched and erased by who may, named once more; what is due is told."""

from __future__ import annotations

import pytest

from publisher.api.models import GivenAnswer
from publisher.audience.erased import is_erased
from publisher.audience.models import Subscriber
from publisher.core.models import AuditEntry
from publisher.retention.models import Count
from tests.api.steps import Caller, caller, data, problem
from tests.builders import a_digest, a_subscriber
from tests.retention.steps import DAY, a_letter, a_night

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]
ADDRESS = "ilse.marrow@example.net"


@pytest.fixture
def reader(db: None) -> Subscriber:
    return a_subscriber(a_digest(slug="weekly"), ADDRESS, name="Ilse").subscriber


@pytest.fixture
def program(db: None) -> Caller:
    return caller("manage_audience")


def test_all_that_is_known_is_fetched_and_the_trail_tells(reader: Subscriber) -> None:
    program = caller("manage_audience", "see_addresses")
    held = data(program.post(f"/subscribers/{reader.pk}/data", Idempotency_Key="data-1"))
    assert (held["person"]["address"], held["person"]["name"]) == (ADDRESS, "Ilse")
    assert held["subscriptions"][0]["digest"] == "weekly"
    assert AuditEntry.objects.get(action="subscriber.data_fetched").object_id == str(reader.pk)
    assert not GivenAnswer.objects.exists(), "no copy of it stays"
    problem(program.post("/subscribers/999999/data"), 404, "not_found")


@pytest.mark.parametrize("scope", ["manage_audience", "see_addresses"])
def test_it_takes_both_scopes(reader: Subscriber, scope: str) -> None:
    problem(caller(scope).post(f"/subscribers/{reader.pk}/data"), 403, "not_allowed")
    assert not AuditEntry.objects.filter(action="subscriber.data_fetched").exists()


@pytest.mark.parametrize("confirm", [ADDRESS, "Ilse.Marrow@Example.net", "i…@example.net"])
def test_who_is_named_once_more_is_erased_and_no_address_stays(
    program: Caller, reader: Subscriber, confirm: str
) -> None:
    given = {"confirm": confirm, "how": f"a mail of 3 May from {ADDRESS}"}
    data(program.post(f"/subscribers/{reader.pk}/erase", given))
    assert not Subscriber.objects.exists()
    assert is_erased(ADDRESS)
    entry = AuditEntry.objects.get(action="subscriber.erased")
    assert (entry.actor_name, entry.after) == ("mira", {"how": "a mail of 3 May from i…@example.net"})
    problem(program.post(f"/subscribers/{reader.pk}/erase", given), 404, "not_found")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"confirm": "olga@example.net", "how": "by mail"}, "refused"),
        ({"confirm": "i…@example.org", "how": "by mail"}, "refused"),
        ({"confirm": ADDRESS, "how": "  "}, "refused"),
        ({"confirm": ADDRESS}, "invalid"),
        ({"how": "by mail"}, "invalid"),
    ],
)
def test_without_the_second_word_or_a_reason_nobody_is(
    program: Caller, reader: Subscriber, given: dict[str, str], code: str
) -> None:
    problem(program.post(f"/subscribers/{reader.pk}/erase", given), 422, code)
    assert Subscriber.objects.filter(pk=reader.pk).exists()
    assert not is_erased(ADDRESS)


def test_what_is_due_and_what_the_last_runs_erased_is_told(db: None) -> None:
    program = caller("see_audit")
    a_letter(settled=91 * DAY)
    told = data(program.get("/retention"))
    due = {each["kind"]: each["due"] for each in told["kinds"]}
    assert due["letters"] == 1
    assert {each["setting"] for each in told["elsewhere"]} >= {"PUBLISHER_KEEP_DELIVERIES_DAYS", ""}
    run = a_night()
    Count.objects.filter(run=run, kind="reports").update(problem="RuntimeError")
    (listed,) = data(program.get("/retention/runs"))["data"]
    kinds = {each["kind"]: (each["erased"], each["problem"]) for each in listed["kinds"]}
    assert (kinds["letters"], kinds["reports"]) == ((1, ""), (0, "RuntimeError"))
    assert data(program.get(f"/retention/runs/{run.pk}")) == listed
    problem(caller("see_desk").get("/retention"), 403, "not_allowed")
