"""POST /api/v1/items: 202 only when the entry is on disk; errors that a producer can act on; once for each key."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from publisher.core.redis import ANSWER_SECONDS, answer_within
from publisher.items import intake, sources, stream, submissions
from publisher.items.models import Item, Rejection, Source, Submission
from tests.items.entries import NOW, entry, event, raw
from tests.items.stream_steps import drained, redis_away, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.urls("publisher.api.urls")]

URL = "/api/v1/items"


def a_key(name: str = "newsroom") -> str:
    """The API key of a source."""
    return sources.give_key(sources.by_name([name], now=NOW)[name])


def post(body: Any, key: str = "", **headers: str) -> HttpResponse:
    payload = body if isinstance(body, bytes) else raw(body)
    given = {"Authorization": f"Bearer {key}"} if key else {}
    return Client().post(URL, payload, "application/json", headers=given | headers)


def problem(answer: HttpResponse) -> dict[str, Any]:
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.content)
    assert body["status"] == answer.status_code
    assert body["detail"]
    return body


@pytest.mark.parametrize("body", [entry(), event()], ids=["a plain item", "a CloudEvent"])
def test_an_item_is_taken_and_stored_under_the_source_of_its_key(
    inbox: redis.Redis, body: dict[str, Any]
) -> None:
    answer = post(body, a_key("radio"))
    said = answer.json()
    assert (answer.status_code, said["source"], said["replayed"]) == (202, "radio", False)
    assert inbox.xrange("publisher:items")[0][0].decode() == said["entry_id"]  # type: ignore[index,union-attr]  # bytes
    drained()
    item = Item.objects.get()
    assert (item.source.name, item.origin, item.trace_id) == ("radio", "api", said["trace_id"])
    assert answer["X-Trace-Id"] == said["trace_id"]


def test_a_retraction_is_taken_too(inbox: redis.Redis) -> None:
    key = a_key()
    post(entry(), key)
    assert post(event("retracted", {"id": "spring-1"}), key).status_code == 202
    drained()
    assert Item.objects.get().retracted_at


def test_fields_that_we_do_not_know_are_named_in_the_answer(inbox: redis.Redis) -> None:
    assert post(entry(colour="blue"), a_key()).json()["ignored_fields"] == ["colour"]


def test_the_key_may_stand_in_a_header_of_its_own(inbox: redis.Redis) -> None:
    assert post(entry(), **{"X-API-Key": a_key()}).status_code == 202


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer nonsense", "Basic bmV3czpyb29t", "Bearer pub_" + "x" * 43]
)
def test_without_a_valid_key_nothing_is_taken(inbox: redis.Redis, header: str) -> None:
    a_key()
    answer = post(entry(), Authorization=header)
    assert (answer.status_code, problem(answer)["code"]) == (401, "no_key")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert waiting() == 0


def test_the_key_of_a_source_that_is_switched_off_opens_nothing(inbox: redis.Redis) -> None:
    key = a_key()
    Source.objects.update(enabled=False)
    assert post(entry(), key).status_code == 401


def test_a_new_key_ends_the_old_one(inbox: redis.Redis) -> None:
    old, new = a_key(), a_key()
    assert (post(entry(), old).status_code, post(entry(), new).status_code) == (401, 202)


def test_only_the_fingerprint_of_a_key_is_stored() -> None:
    key = a_key()
    row = Source.objects.values().get()
    assert key not in str(row)
    assert len(bytes(row["api_key_fingerprint"])) == 32


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "empty_entry"),
        (b"{", 400, "not_json"),
        (b"[]", 400, "not_an_object"),
        (b'{"id": "\xe9"}', 400, "not_utf8"),
        (raw(entry(body="x" * 5_000_000)), 413, "too_large"),
        (raw(entry(body="x" * 7_000_000)), 413, "too_large"),
        (raw({"id": "1"}), 422, "no_title"),
        (raw(entry(published_at="1870-01-01T00:00:00Z")), 422, "date_out_of_range"),
        (raw(event("deleted")), 422, "unknown_event"),
        (b'{"id": "1", "title": "\\ud800"}', 422, "bad_characters"),
    ],
)
def test_a_producer_hears_at_once_what_is_wrong(
    inbox: redis.Redis, body: bytes, status: int, code: str
) -> None:
    answer = post(body, a_key())
    assert (answer.status_code, problem(answer)["code"]) == (status, code)
    assert problem(answer)["hint"]
    assert waiting() == 0


def test_every_wrong_field_is_named_with_what_was_found_and_expected(inbox: redis.Redis) -> None:
    fields = problem(post(entry(kind="saga", language="english!"), a_key()))["fields"]
    assert {field["name"] for field in fields} == {"kind", "language"}
    assert all(field["found"] and field["expected"] for field in fields)


def test_what_the_api_refuses_is_kept_for_staff_too(inbox: redis.Redis) -> None:
    post({"id": "1"}, a_key("radio"))
    post({"id": "1"}, a_key("radio"))
    row = Rejection.objects.get()
    assert (row.source_name, row.origin, row.code, row.times) == ("radio", "api", "no_title", 2)
    assert bytes(row.payload) == raw({"id": "1"})
    post({"id": "1"}, "no key")
    assert Rejection.objects.count() == 1, "only what a source of ours sent"


def test_cloudevents_in_binary_mode_are_refused_by_name(inbox: redis.Redis) -> None:
    answer = post(entry(), a_key(), **{"ce-specversion": "1.0"})
    assert (answer.status_code, problem(answer)["code"]) == (415, "binary_mode")


def test_the_same_idempotency_key_and_body_is_the_same_entry(inbox: redis.Redis) -> None:
    api_key, once = a_key(), {"Idempotency-Key": str(uuid.uuid4())}
    first, again = post(entry(), api_key, **once).json(), post(entry(), api_key, **once).json()
    assert (again["entry_id"], again["trace_id"], again["replayed"]) == (
        first["entry_id"],
        first["trace_id"],
        True,
    )
    assert waiting() == 1


def test_an_idempotency_key_may_stand_in_quotes(inbox: redis.Redis) -> None:
    api_key = a_key()
    post(entry(), api_key, **{"Idempotency-Key": '"k-1"'})
    assert post(entry(), api_key, **{"Idempotency-Key": "k-1"}).json()["replayed"] is True


def test_an_idempotency_key_with_another_body_is_a_conflict(inbox: redis.Redis) -> None:
    api_key, once = a_key(), {"Idempotency-Key": "k-1"}
    post(entry(), api_key, **once)
    answer = post(entry(title="Another"), api_key, **once)
    assert (answer.status_code, problem(answer)["code"]) == (409, "idempotency_key_reused")
    assert waiting() == 1


def test_two_sources_may_use_the_same_idempotency_key(inbox: redis.Redis) -> None:
    once = {"Idempotency-Key": "k-1"}
    assert {post(entry(), a_key(name), **once).json()["replayed"] for name in ("a", "b")} == {False}


@pytest.mark.parametrize("key", ["x" * 256, '""', "schlüssel".encode().decode("latin-1")])
def test_an_unusable_idempotency_key_is_refused(inbox: redis.Redis, key: str) -> None:
    answer = post(entry(), a_key(), **{"Idempotency-Key": key})
    assert (answer.status_code, problem(answer)["code"]) == (400, "bad_idempotency_key")


def test_a_refused_entry_does_not_use_up_its_idempotency_key(inbox: redis.Redis) -> None:
    api_key, once = a_key(), {"Idempotency-Key": "k-1"}
    post(entry(title=""), api_key, **once)
    assert post(entry(), api_key, **once).status_code == 202


def test_keys_are_forgotten_after_a_week(inbox: redis.Redis) -> None:
    post(entry(), a_key(), **{"Idempotency-Key": "k-1"})
    given_at = Submission.objects.get().at
    assert submissions.forget(now=given_at + submissions.KEPT) == 0
    assert submissions.forget(now=given_at + submissions.KEPT * 1.001) == 1


def test_without_redis_the_answer_is_503_and_the_key_stays_free(inbox: redis.Redis) -> None:
    api_key, once = a_key(), {"Idempotency-Key": "k-1"}
    with redis_away():
        answer = post(entry(), api_key, **once)
    assert (answer.status_code, problem(answer)["code"]) == (503, "stream_away")
    assert int(answer["Retry-After"]) > 0
    assert post(entry(), api_key, **once).json()["replayed"] is False


def test_nothing_acknowledged_is_lost_when_redis_comes_back(inbox: redis.Redis) -> None:
    api_key = a_key()
    statuses = []
    for n in range(6):
        body = entry(id=f"spring-{n}")
        if n % 2:
            with redis_away():
                statuses.append(post(body, api_key).status_code)
        else:
            statuses.append(post(body, api_key).status_code)
    assert statuses == [202, 503] * 3
    assert drained().new == 3


def chunked(body: bytes, **wsgi: Any) -> HttpResponse:
    """As gunicorn hands on a request with Transfer-Encoding: chunked."""
    headers = {"Authorization": f"Bearer {a_key()}", "Transfer-Encoding": "chunked"}
    given: dict[str, Any] = {"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(body)}
    return Client().generic("POST", URL, b"", "application/json", headers=headers, **given, **wsgi)


def test_a_body_in_chunks_is_read_to_its_end(inbox: redis.Redis) -> None:
    assert chunked(raw(entry()), **{"wsgi.input_terminated": True}).status_code == 202
    answer = chunked(b" " * 1_000_001, **{"wsgi.input_terminated": True})
    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")


def test_a_body_that_breaks_off_is_a_fault_of_the_request(inbox: redis.Redis) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError("Invalid chunk size")

    headers = {"Authorization": f"Bearer {a_key()}", "Transfer-Encoding": "chunked"}
    given: dict[str, Any] = {"CONTENT_LENGTH": "", "wsgi.input": Broken(), "wsgi.input_terminated": True}
    answer = Client().generic("POST", URL, b"", "application/json", headers=headers, **given)
    assert (answer.status_code, problem(answer)["code"]) == (400, "broken_off")


def test_a_body_of_unknown_length_is_not_taken_for_an_empty_one(inbox: redis.Redis) -> None:
    answer = chunked(raw(entry()))
    assert (answer.status_code, problem(answer)["code"]) == (411, "length_required")


@pytest.fixture
def other_durability(inbox: redis.Redis) -> Iterator[redis.Redis]:
    """A Redis whose settings the test may change."""
    stream._policies.clear()
    yield inbox
    inbox.config_set("appendonly", "yes")
    inbox.config_set("appendfsync", "always")
    stream._policies.clear()


@pytest.mark.parametrize(
    ("name", "value"), [("appendonly", "no"), ("appendfsync", "no"), ("appendfsync", "everysec")]
)
def test_an_entry_that_redis_would_not_keep_is_not_taken(
    other_durability: redis.Redis, name: str, value: str
) -> None:
    other_durability.config_set(name, value)
    answer = post(entry(), a_key())
    assert (answer.status_code, problem(answer)["code"], waiting()) == (503, "not_durable", 0)


def test_a_redis_that_hangs_is_not_said_to_have_taken_nothing(inbox: redis.Redis) -> None:
    with hanging_redis():
        answer = post(entry(), a_key())
    assert (answer.status_code, problem(answer)["code"]) == (503, "stream_unclear")


@contextmanager
def hanging_redis() -> Iterator[None]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        there, settings.REDIS_URL = settings.REDIS_URL, f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        answer_within(0.2)
        stream._policies[settings.REDIS_URL] = (time.monotonic(), "always")
        try:
            yield
        finally:
            settings.REDIS_URL = there
            answer_within(ANSWER_SECONDS)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_twice_at_once_is_one_entry(inbox: redis.Redis) -> None:
    api_key = a_key()
    answers: list[dict[str, Any]] = []

    def send() -> None:
        try:
            answers.append(post(entry(), api_key, **{"Idempotency-Key": "k-1"}).json())
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["entry_id"] for answer in answers}) == 1
    assert sorted(answer["replayed"] for answer in answers) == [False, True, True, True]
    assert intake.drain(now=NOW).new == 1


def test_the_schemas_and_the_description_of_the_api_are_served() -> None:
    client = Client()
    item = client.get("/api/v1/schemas/item.json").json()
    assert set(item["required"]) == {"id", "title"}
    assert "oneOf" in client.get("/api/v1/schemas/event.json").json()
    description = client.get("/api/v1/openapi.json").json()
    operation = description["paths"]["/api/v1/items"]["post"]
    assert {"202", "401", "409", "422", "503"} <= {str(code) for code in operation["responses"]}


@pytest.mark.parametrize("path", ["/api/", "/api/v1/nothing", "/api/v2/items"])
def test_other_addresses_are_answered_in_json(path: str) -> None:
    assert problem(Client().get(path))["code"] == "not_found"


def test_a_wrong_method_is_answered_in_json_too() -> None:
    answer = Client().put(URL)
    assert (answer.status_code, problem(answer)["code"]) == (405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


def test_a_foreign_host_is_answered_in_json_too() -> None:
    answer = Client(headers={"Host": "elsewhere.example"}).get("/api/v1/openapi.json")
    assert (answer.status_code, problem(answer)["code"]) == (400, "bad_request")
