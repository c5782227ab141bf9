"""What the desk does by the API: deeds are done in the owner's name, once, against the version that was seen."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection

from publisher.api import answers
from publisher.api.models import GivenAnswer
from publisher.api.v1 import rate
from publisher.audience import attributes, by_staff
from publisher.audience.models import Consent, Segment, Subscriber, Subscription, Suppression
from publisher.core import clock, standstill
from publisher.core.models import AuditEntry, Pause
from publisher.delivery.models import Delivery
from publisher.digests.models import Edition
from publisher.items.models import ItemTopic
from publisher.people import api_keys
from publisher.people.models import ApiKey
from publisher.schedule.models import Schedule
from publisher.social.models import Post
from tests.api.steps import ALL_SCOPES, Caller, a_secret, an_owner, caller, data, problem
from tests.builders import NOON, a_channel, a_digest, a_schedule, a_subscriber, a_topic, an_item
from tests.desk.builders import a_handed_post, a_mail, a_post, a_variant, an_attempt, an_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]


@pytest.fixture
def program(db: None) -> Caller:
    return caller()


def test_a_post_is_edited_approved_moved_and_cancelled(program: Caller) -> None:
    post = a_post(channel=a_channel(schedule=a_schedule(quiet=[])))
    edited = data(program.post(f"/posts/{post.pk}/edit", {"version": 1, "texts": ["A better text."]}))
    assert (edited["texts"], edited["state"], edited["version"], edited["edited"]) == (
        ["A better text."],
        "draft",
        2,
        True,
    )
    approved = data(program.post(f"/posts/{post.pk}/approve", {"version": 2}))
    assert (approved["state"], approved["approved_by"]) == ("approved", "mira")
    at = (clock.now() + timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)
    moved = data(program.post(f"/posts/{post.pk}/reschedule", {"version": 3, "at": at.isoformat()}))
    assert (moved["state"], moved["slot_at"]) == ("scheduled", f"{at:%Y-%m-%dT%H:%M:%SZ}")
    gone = data(program.post(f"/posts/{post.pk}/cancel", {"version": 4, "reason": "Called off"}))
    assert (gone["state"], gone["problem"]) == ("cancelled", "Called off")
    actions = list(
        AuditEntry.objects.filter(object_type="post").order_by("pk").values_list("action", "actor_name")
    )
    assert actions == [
        (f"post.{deed}", "mira") for deed in ("edited", "approved", "rescheduled", "cancelled")
    ]


def test_an_old_version_changes_nothing_and_is_told_as_it_was_said(program: Caller) -> None:
    post = a_post(version=5)
    path = f"/posts/{post.pk}/approve"
    assert "changed" in problem(program.post(path, {"version": 4}), 409, "stale")["detail"]
    problem(program.post(path, {}, If_Match='"4"'), 412, "stale")
    problem(program.post(path, {}), 428, "version_missing")
    problem(program.post(path, {"version": 5}, If_Match='"4"'), 422, "two_versions")
    problem(program.post(path, {}, If_Match="W/4"), 400, "bad_if_match")
    assert Post.objects.get(pk=post.pk).state == "draft"
    seen = program.get(f"/posts/{post.pk}")
    assert data(program.post(path, {}, If_Match=seen["ETag"]))["state"] == "approved"


def test_what_a_service_refuses_is_told_in_its_words(program: Caller) -> None:
    post = a_post()
    body = problem(
        program.post(f"/posts/{post.pk}/edit", {"version": 1, "texts": ["x" * 5000]}), 422, "refused"
    )
    assert body["detail"]
    assert body["trace_id"]


def test_an_edition_is_approved_as_it_was_seen(program: Caller) -> None:
    edition = an_edition()
    a_variant(edition)
    seen = data(program.get(f"/editions/{edition.pk}"))
    problem(program.post(f"/editions/{edition.pk}/approve", {"version": "waiting@never"}), 409, "stale")
    sending = data(program.post(f"/editions/{edition.pk}/approve", {"version": seen["version"]}))
    assert (sending["state"], sending["approved_by"]) == ("sending", "mira")
    paused = data(program.post(f"/editions/{edition.pk}/pause", {"version": sending["version"]}))
    resumed = data(program.post(f"/editions/{edition.pk}/resume", {"version": paused["version"]}))
    problem(program.post(f"/editions/{edition.pk}/cancel", {"version": paused["version"]}), 409, "stale")
    data(program.post(f"/editions/{edition.pk}/cancel", {"version": resumed["version"]}))
    assert Edition.objects.get(pk=edition.pk).state == "cancelled"


def test_a_test_goes_to_one_address(program: Caller) -> None:
    edition = an_edition()
    variant = a_variant(edition, message=b"x")
    said = data(program.post(f"/editions/{edition.pk}/send-test", {"to": "me@office.example.org"}), 201)
    row = Delivery.objects.get(pk=said["delivery_id"])
    assert (row.address, row.purpose, row.variant_id) == ("me@office.example.org", "test", variant.pk)


def test_a_test_as_a_subscriber_gets_it_takes_the_scope_to_read_addresses(program: Caller) -> None:
    digest = a_digest()
    subscriber = a_subscriber(digest, "reader@example.net", name="Ilse").subscriber
    edition = an_edition(digest)
    a_mail(edition, "reader@example.net", subscriber=subscriber, variant=a_variant(edition, message=b"x"))
    given = {"to": "me@office.example.org", "like": "reader@example.net"}
    path = f"/editions/{edition.pk}/send-test"
    for like in (
        "reader@example.net",
        "nobody@example.net",
    ):  # whether somebody receives it is not told either
        problem(caller("write").post(path, {**given, "like": like}), 403, "not_allowed")
    data(program.post(path, given), 201)
    (entry,) = AuditEntry.objects.filter(action="edition.test")
    assert entry.after["as"] == subscriber.pk
    assert "example.net" not in json.dumps(entry.after)


def test_a_key_that_ends_makes_none_that_lives_longer() -> None:
    owner, now = an_owner(), clock.now()
    ends = now + timedelta(days=1)
    _key, secret = api_keys.make(
        "short", ALL_SCOPES, user=owner, held=api_keys.held_by(owner), expires_at=ends, now=now
    )
    program = Caller(secret)
    wanted = {"name": "long", "scopes": ["see_desk"]}
    later = (ends + timedelta(seconds=1)).isoformat()
    problem(program.post("/keys", wanted), 422, "refused")
    problem(program.post("/keys", {**wanted, "expires_at": later}), 422, "refused")
    assert data(program.post("/keys", {**wanted, "expires_at": ends.isoformat()}), 201)["expires_at"]


def test_what_two_did_at_the_same_moment_is_a_conflict_and_no_fault(
    program: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unique index of names found what the service had not."""

    def late(*_given: Any, **_more: Any) -> None:
        row = a_schedule(name="The same")
        Schedule.objects.bulk_create([Schedule(name=row.name)])

    monkeypatch.setattr(by_staff, "suppress", late)
    body = problem(program.post("/suppressions", {"email": "ada@example.net"}), 409, "at_once")
    assert "Nothing was changed" in body["detail"]
    assert not Schedule.objects.filter(name="The same").exists()


def test_a_topic_is_decided_by_its_slug(program: Caller) -> None:
    item, topic = an_item(), a_topic("water")
    body = data(program.post(f"/items/{item.pk}/topics/water", {"accept": True}))
    assert [(each["slug"], each["state"], each["decided"]) for each in body["topics"]] == [
        ("water", "accepted", True)
    ]
    assert ItemTopic.objects.get().topic == topic


def test_somebody_who_agreed_is_subscribed_and_leaves(program: Caller) -> None:
    digest = a_digest(slug="weekly")
    a_topic("water")
    given = {
        "email": "Ada@Example.net",
        "name": "Ada",
        "digest": "weekly",
        "topics": ["water"],
        "how": "Form, 1 June",
    }
    row = data(program.post("/subscribers", given), 201)
    assert (row["email"], row["subscriptions"][0]["digest"]) == ("Ada@Example.net", "weekly")
    chosen = data(
        program.post(
            f"/subscribers/{row['id']}/digests/weekly/choose",
            {"kinds": ["video"], "language": "zh", "how": "Mail"},
        )
    )
    assert (chosen["subscriptions"][0]["kinds"], chosen["subscriptions"][0]["topics"]) == (["video"], [])
    left = data(program.post(f"/subscribers/{row['id']}/unsubscribe", {"how": "Telephone"}))
    assert (left["state"], left["subscriptions"][0]["state"]) == ("left", "ended")
    assert list(Consent.objects.order_by("pk").values_list("action", flat=True)) == [
        "confirmed",
        "given",
        "withdrawn",
    ]
    assert Subscription.objects.get().digest_id == digest.pk
    trail = list(AuditEntry.objects.filter(object_type="subscriber").values_list("action", "before", "after"))
    assert len(trail) == 3
    assert "example.net" not in json.dumps(trail).lower()  # the trail names nobody by address


def test_tags_attributes_and_segments_are_read_set_and_filtered_by(program: Caller) -> None:
    row = a_subscriber(a_digest(), "ada@example.net").subscriber
    a_subscriber(a_digest(), "bob@example.net")
    attributes.define("age", "Age", "number", user=None, now=NOON)
    attributes.define("press", "Of the press", "yes_no", user=None, now=NOON)
    data(program.post(f"/subscribers/{row.pk}/tag", {"tag": "Press"}))
    told = data(program.post(f"/subscribers/{row.pk}/attributes", {"values": {"age": 41, "press": True}}))
    assert (told["tags"], told["attributes"]) == (["Press"], {"age": 41, "press": True})
    values = {"values": {"age": "many"}}
    assert (
        "no number"
        in problem(program.post(f"/subscribers/{row.pk}/attributes", values), 422, "refused")["detail"]
    )
    groups = [[{"field": "attribute:age", "op": "at_least", "value": "40"}]]
    segment = Segment.objects.create(
        name="Forty", key="forty", groups=groups, created_at=NOON, changed_at=NOON
    )
    for query in ({"tag": "PRESS"}, {"segment": segment.pk}):
        assert [each["id"] for each in data(program.get("/subscribers", query))["data"]] == [row.pk]
    hidden = data(caller("see_desk").get(f"/subscribers/{row.pk}"))
    assert (hidden["tags"], hidden["attributes"]) == (["Press"], {})
    assert [each["key"] for each in data(program.get("/attributes"))["data"]] == ["age", "press"]
    assert [each["name"] for each in data(program.get("/segments"))["data"]] == ["Forty"]
    assert [each["name"] for each in data(program.get("/tags"))["data"]] == ["Press"]
    told = data(program.post(f"/subscribers/{row.pk}/attributes", {"values": {"age": None}}))
    assert told["attributes"] == {"press": True}
    assert data(program.post(f"/subscribers/{row.pk}/untag", {"tag": "press"}))["tags"] == []


def test_nobody_is_subscribed_who_is_suppressed(program: Caller) -> None:
    a_digest(slug="weekly")
    row = data(program.post("/suppressions", {"email": "ada@example.net", "evidence": "A letter"}), 201)
    given = {"email": "ada@example.net", "digest": "weekly", "how": "Form"}
    assert "suppression" in problem(program.post("/subscribers", given), 422, "refused")["detail"]
    assert not Subscriber.objects.exists()
    data(program.post(f"/suppressions/{row['id']}/lift", {"because": "She wrote again on 2 June"}))
    data(program.post("/subscribers", given), 201)
    assert not Suppression.objects.exists()


def test_a_part_is_paused_and_released(program: Caller) -> None:
    channel = a_channel()
    rows = data(
        program.post("/pauses", {"channels": [channel.pk], "countries": ["ke"], "reason": "A flood"}), 201
    )["data"]
    assert {(row["scope"], row["name"], row["by"]) for row in rows} == {
        ("channel", channel.name, "mira"),
        ("country", "KE", "mira"),
    }
    data(program.post(f"/pauses/{rows[0]['id']}/release", {"how": "each"}))
    assert Pause.objects.count() == 1
    problem(program.post("/pauses", {"channels": [99999999], "reason": "x"}), 422, "refused")


def test_all_sending_is_stopped_and_goes_on(program: Caller) -> None:
    stands = data(program.post("/sending/stop", {"reason": "A wrong figure"}))
    assert stands["stands_still"]
    problem(program.post("/sending/go-on", {"since": "2020-01-01T00:00:00Z"}), 422, "refused")
    data(program.post("/sending/go-on", {"since": stands["since"]}))
    assert not standstill.is_on()


def test_a_person_says_what_became_of_a_message(program: Caller) -> None:
    mail = a_mail(an_edition(state="sending"), state="unknown")
    assert data(program.post(f"/deliveries/{mail.pk}/confirm", {"was_published": True}))["state"] == "sent"
    part = a_handed_post().deliveries.get()
    here = {"url": "https://weibo.com/123/abc", "sure": True}
    assert data(program.post(f"/deliveries/{part.pk}/posted", here))["state"] == "sent"
    problem(program.post(f"/deliveries/{part.pk}/posted", here), 409, "already_decided")


def test_addresses_are_masked_without_their_scope() -> None:
    digest = a_digest()
    subscriber = a_subscriber(digest, "reader@example.net", name="Ilse").subscriber
    mail = a_mail(
        an_edition(digest), "reader@example.net", state="failed", reason="<reader@example.net> unknown"
    )
    an_attempt(mail, text="550 <Reader@Example.net> unknown, nor is <reader@mx.example.org>")
    few, all_of_them = caller("see_desk"), caller()
    for path in (
        f"/deliveries/{mail.pk}",
        "/deliveries",
        f"/subscribers/{subscriber.pk}",
        "/subscribers",
        "/suppressions",
    ):
        answer = few.get(path).content.decode()
        assert "reader@" not in answer.lower(), path
        assert "Ilse" not in answer, path
    assert "reader@example.net" in all_of_them.get(f"/deliveries/{mail.pk}").content.decode()
    problem(few.get("/deliveries", {"address": "reader@"}), 403, "not_allowed")
    problem(few.get("/subscribers", {"email": "reader@example.net"}), 403, "not_allowed")
    assert len(data(all_of_them.get("/deliveries", {"address": "READER@"}))["data"]) == 1


def test_a_key_makes_no_stronger_key() -> None:
    secret = data(
        caller("integrate", "see_desk").post("/keys", {"name": "export", "scopes": ["see_desk"]}), 201
    )["secret"]
    assert data(Caller(secret).get("/me"))["may"] == ["see_desk"]
    problem(caller("integrate").post("/keys", {"name": "export", "scopes": ["publish"]}), 422, "refused")
    ends = caller("integrate", "see_desk")
    ApiKey.objects.update(expires_at=clock.now() + timedelta(days=1))
    problem(ends.post("/keys", {"name": "export", "scopes": ["see_desk"]}), 422, "refused")


# Idempotency


def test_the_same_request_with_its_key_is_done_once(program: Caller) -> None:
    post = a_post()
    sent = {"version": 1, "texts": ["Once."]}
    first = program.post(f"/posts/{post.pk}/edit", sent, Idempotency_Key="k1")
    again = program.post(f"/posts/{post.pk}/edit", sent, Idempotency_Key='"k1"')
    assert (data(again), again["ETag"], again["Idempotent-Replayed"]) == (data(first), first["ETag"], "true")
    assert Post.objects.get(pk=post.pk).version == 2
    problem(
        program.post(f"/posts/{post.pk}/edit", sent | {"texts": ["Twice."]}, Idempotency_Key="k1"),
        422,
        "idempotency_key_reused",
    )
    problem(
        program.post(f"/posts/{post.pk}/redraft", {"version": 2}, Idempotency_Key="k1"),
        422,
        "idempotency_key_reused",
    )


def test_a_refused_request_may_be_sent_again_with_its_key(program: Caller) -> None:
    post = a_post(version=2)
    problem(program.post(f"/posts/{post.pk}/approve", {"version": 1}, Idempotency_Key="k1"), 409, "stale")
    assert not GivenAnswer.objects.exists()
    data(program.post(f"/posts/{post.pk}/approve", {"version": 2}, Idempotency_Key="k1"))


def test_two_keys_of_the_api_do_not_share_their_memory(program: Caller) -> None:
    for each in (program, caller()):
        data(each.post("/suppressions", {"email": "a@example.net"}, Idempotency_Key="same"), 201)
    assert GivenAnswer.objects.count() == 2


def test_what_was_answered_lies_encrypted_and_is_forgotten_after_a_day(program: Caller) -> None:
    body = data(program.post("/keys", {"name": "export", "scopes": ["see_desk"]}, Idempotency_Key="k"), 201)
    row = GivenAnswer.objects.get()
    assert body["secret"] not in row.answer
    assert answers.forget(now=row.at + answers.KEPT - timedelta(seconds=1)) == 0
    assert answers.forget(now=row.at + answers.KEPT + timedelta(seconds=1)) == 1


@pytest.mark.parametrize("key", ["", "two words", "naïve", "x" * 256])
def test_a_key_that_is_none_is_refused(program: Caller, key: str) -> None:
    problem(
        program.post("/suppressions", {"email": "a@example.net"}, Idempotency_Key=key),
        400,
        "bad_idempotency_key",
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_told_to_wait() -> None:
    secret = a_secret()
    a_digest(slug="weekly")
    begun, may_end = threading.Event(), threading.Event()
    got: list[Any] = []
    from publisher.audience import by_staff

    really = by_staff.suppress

    def slow(*args: Any, **given: Any) -> Any:
        begun.set()
        may_end.wait(20)
        return really(*args, **given)

    def send() -> None:
        got.append(Caller(secret).post("/suppressions", {"email": "a@example.net"}, Idempotency_Key="k"))
        connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_staff, "suppress", slow)
        first = threading.Thread(target=send)
        first.start()
        assert begun.wait(20)
        waiting = Caller(secret).post("/suppressions", {"email": "a@example.net"}, Idempotency_Key="k")
        may_end.set()
        first.join(20)
    problem(waiting, 409, "in_progress")
    assert waiting["Retry-After"] == "1"
    assert data(got[0], 201) == data(
        Caller(secret).post("/suppressions", {"email": "a@example.net"}, Idempotency_Key="k"), 201
    )
    assert Suppression.objects.count() == 1


# Form


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "invalid"),
        (b"{", 400, "not_json"),
        (b"\xff", 400, "not_json"),
        (b'{"version": NaN}', 400, "not_json"),
        (b'{"version": ' + b"9" * 6000 + b"}", 400, "not_json"),
        (b"[" * 100_000, 400, "not_json"),
        (b"[]", 422, "invalid"),
        (b"null", 422, "invalid"),
        (b'{"version": "1"}', 422, "invalid"),
        (b'{"version": true}', 422, "invalid"),
        (b'{"version": 1e400}', 422, "invalid"),
        (b'{"version": 99999999999999999999}', 422, "invalid"),
        (b'{"version": 1, "verison": 1}', 422, "invalid"),
        (b" " * 1_048_577, 413, "too_large"),
    ],
)
def test_a_body_that_is_none_of_ours_is_refused(program: Caller, body: bytes, status: int, code: str) -> None:
    post = a_post()
    problem(program.post(f"/posts/{post.pk}/approve", body), status, code)


@pytest.mark.parametrize("text", ["a\u0000b", "half \ud83d"])
def test_texts_with_signs_that_cannot_be_are_refused(program: Caller, text: str) -> None:
    post = a_post()
    problem(program.post(f"/posts/{post.pk}/edit", {"version": 1, "texts": [text]}), 422, "invalid")


def test_a_body_must_be_declared_as_json(program: Caller) -> None:
    post = a_post()
    problem(
        program.post(f"/posts/{post.pk}/approve", b'{"version": 1}', content_type="text/plain"),
        415,
        "not_json_type",
    )


@pytest.mark.parametrize(
    "query",
    [
        {"stat": "draft"},
        {"state": "drafts"},
        {"limit": "0"},
        {"limit": "201"},
        {"after": "x"},
        {"channel": "1_0"},
    ],
)
def test_a_filter_that_is_not_known_shows_nothing(program: Caller, query: dict[str, str]) -> None:
    assert problem(program.get("/posts", query), 422, "invalid")["fields"]


def test_one_key_cannot_take_all_the_time(program: Caller, settings: Any) -> None:
    settings.API_BURST, settings.API_RATE = 3, 0.001
    got = [program.get("/me") for _ in range(4)]
    assert [each.status_code for each in got] == [200, 200, 200, 429]
    assert int(got[3]["Retry-After"]) >= 900
    data(caller().get("/me"))


def test_tokens_come_back_evenly(inbox: redis.Redis, settings: Any) -> None:
    settings.API_BURST, settings.API_RATE = 2, 0.5
    begin = clock.now()
    rate.take(1, begin)
    rate.take(1, begin)
    with pytest.raises(Exception, match="requests at once"):
        rate.take(1, begin + timedelta(seconds=1))
    rate.take(1, begin + timedelta(seconds=2.1))


# Paging


@pytest.mark.parametrize(
    "path", ["/posts", "/items", "/editions", "/deliveries", "/subscribers", "/audit", "/sources"]
)
def test_pages_follow_one_another_without_gap_or_repetition(program: Caller, path: str) -> None:
    digest = a_digest()
    for _ in range(5):
        a_post()
        a_mail(an_edition(digest, items=[]))
        a_subscriber(digest)
        an_item(source=f"source {_}")
    for _ in range(5):
        AuditEntry.objects.create(at=clock.now(), actor_name="x", action="x", object_type="x", object_id="1")
    whole = [row["id"] for row in data(program.get(path, {"limit": "200"}))["data"]]
    seen: list[int] = []
    following: str | None = f"{path}?limit=2"
    while following:
        page = data(
            program.browser.get(
                following if following.startswith("http") else f"/api/v1{following}",
                headers={"Authorization": f"Bearer {program.secret}"},
            )
        )
        assert len(page["data"]) <= 2
        seen += [row["id"] for row in page["data"]]
        following = page["next"]
    assert seen == whole
    assert len(set(seen)) == len(seen) >= 5
