"""Webhooks by the API: made, changed against the version that was seen, tested, replayed, and their log read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.core import clock
from publisher.hooks import addressing, sending
from publisher.hooks.models import Endpoint, Message
from tests.api.steps import Caller, caller, data, problem
from tests.desk.builders import a_message, a_post, a_webhook

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]
GIVEN = {"name": "Site", "url": "https://example.org/hook", "events": ["post.*", "post.sent"]}


@pytest.fixture
def program(db: None) -> Caller:
    return caller("integrate")


def test_one_is_made_changed_switched_off_and_removed(program: Caller) -> None:
    made = data(program.post("/webhooks", GIVEN), 201)
    assert made["secret"].startswith("whsec_")
    assert (made["events"], made["owner"], made["active"]) == (["post.*"], "mira", True)
    path = f"/webhooks/{made['id']}"
    assert "secret" not in data(program.get(path))
    problem(program.post(f"{path}/change", GIVEN), 428, "version_missing")
    changed = data(program.post(f"{path}/change", {**GIVEN, "events": ["edition.sent"], "version": 1}))
    assert (changed["events"], changed["version"]) == (["edition.sent"], 2)
    problem(program.post(f"{path}/change", GIVEN, If_Match='"1"'), 412, "stale")
    assert data(program.post(f"{path}/switch", {"active": False}))["active"] is False
    problem(program.post(f"{path}/test"), 422, "refused")
    again = data(program.post(f"{path}/rotate-secret"))
    assert again["secret"] not in ("", made["secret"])
    data(program.post(f"{path}/remove"))
    problem(program.get(path), 404, "not_found")
    assert data(program.get("/webhooks"))["data"] == []


def test_addresses_take_the_scope_for_them(program: Caller) -> None:
    problem(program.post("/webhooks", {**GIVEN, "with_addresses": True}), 422, "refused")
    data(caller("integrate", "see_addresses").post("/webhooks", {**GIVEN, "with_addresses": True}), 201)


def test_its_log_is_read_filtered_and_replayed(program: Caller) -> None:
    endpoint = a_webhook()
    taken, given_up = (
        a_message(endpoint, created_at=clock.now() - timedelta(hours=1)),
        a_message(endpoint, state="failed", status=500, reason="It answered 500.", created_at=clock.now()),
    )
    path = f"/webhooks/{endpoint.pk}"
    listed = data(program.get(f"{path}/messages", {"state": "failed", "type": "post.sent"}))
    assert [row["webhook_id"] for row in listed["data"]] == [given_up.key]
    problem(program.get(f"{path}/messages", {"type": "post.gone"}), 422, "invalid")
    one = data(program.get(f"{path}/messages/{taken.pk}"))
    assert [(row["status"], row["answer"]) for row in one["tries"]] == [(204, "ok")]
    assert data(program.post(f"{path}/messages/{taken.pk}/replay"))["state"] == "queued"
    since = {"since": (clock.now() - timedelta(hours=2)).isoformat()}
    assert data(program.post(f"{path}/replay", since)) == {"messages": 1}
    problem(program.post(f"{path}/replay", {"since": "2020-01-01T00:00:00Z"}), 422, "refused")
    problem(program.get(f"/webhooks/{a_webhook().pk}/messages/{taken.pk}"), 404, "not_found")


def test_a_test_waits_for_its_turn(program: Caller) -> None:
    endpoint = a_webhook("post.sent")
    message = data(program.post(f"/webhooks/{endpoint.pk}/test"), 201)
    assert (message["type"], message["state"]) == ("webhook.test", "queued")
    assert sending.is_due(now=clock.database_now())


def test_what_happens_by_the_api_is_told(program: Caller) -> None:
    a_webhook("post.approved")
    post = a_post()
    data(caller("publish").post(f"/posts/{post.pk}/approve", {"version": 1}))
    addressing.address(now=clock.database_now())
    assert [(row.type, row.changes[0]["object"]) for row in Message.objects.all()] == [
        ("post.approved", post.pk)
    ]
    assert Endpoint.objects.get().failures == 0
