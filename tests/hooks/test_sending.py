"""How messages leave: signed, at least once under one id, refused where they must not go, tried again in time, and given up."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core import clock, standstill
from publisher.core.errors import Retry, UserError
from publisher.core.models import AuditEntry, Standstill
from publisher.hooks import addressing, asking, claiming, endpoints, judging, retention, sending, targets
from publisher.hooks.models import Endpoint, Message, Try
from publisher.people import roles
from publisher.people.permissions import AUTHOR
from publisher.social.networks.answer import Answer as Said
from tests.builders import a_digest, a_sending_edition, a_subscriber
from tests.desk.builders import a_post
from tests.fakes.switches import Answer, Fault, Request, serving
from tests.hooks.steps import Receiver, an_admin, an_endpoint, send, verified, wishes

pytestmark = pytest.mark.django_db


def _addressed(endpoint: Endpoint) -> Message:
    """One message that waits."""
    a_post()
    addressing.address(now=clock.database_now())
    return Message.objects.filter(endpoint=endpoint).latest("pk")


def later(**wait: float) -> Any:
    moment = clock.database_now() + timedelta(**wait)
    return lambda: moment


def test_a_message_is_a_cloud_event_signed_by_standard_webhooks(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    message = _addressed(endpoint)
    assert send() == {"sent": 1}
    (request,) = receiver.requests
    assert verified(request, receiver.secrets[0])
    event = json.loads(request.body)
    assert (event["specversion"], event["type"]) == ("1.0", "org.publisher.post.draft")
    assert event["id"] == message.key == request.headers["webhook-id"]
    assert event["sequence"] == f"{int(event['id'].removeprefix('evt_')):020d}"
    assert datetime.fromisoformat(event["time"]).tzinfo == UTC
    assert event["subject"] == f"posts/{event['data']['id']}"
    message.refresh_from_db()
    assert (message.state, message.status, message.attempts) == ("sent", 204, 1)
    assert [(row.status, row.error) for row in message.tries.all()] == [(204, "")]


def test_both_secrets_sign_for_a_day_after_a_new_one_was_made(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    _row, new = endpoints.rotate(endpoint.pk, user=an_admin(), now=clock.now())
    _addressed(endpoint)
    send()
    assert all(verified(receiver.requests[0], secret) for secret in (receiver.secrets[0], new))
    receiver.secrets = [new]
    _addressed(endpoint)
    send(later(hours=25))
    assert verified(receiver.requests[1], new)
    assert receiver.requests[1].headers["webhook-signature"].count("v1,") == 1


def test_what_a_killed_worker_sent_and_did_not_settle_is_sent_again_under_its_id(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    message = _addressed(endpoint)
    (claimed,) = claiming.claim(room=5, now=clock.database_now())
    request = sending._request(claimed, clock.now())
    assert request is not None
    sending._exchange(request, clock.now())  # and here it dies
    assert send() == {}
    assert send(later(minutes=2)) == {"sent": 1}
    assert [key for key, _body in receiver.taken] == [message.key] * 2
    assert receiver.taken[0] == receiver.taken[1]


def test_what_ends_each_worker_that_sends_it_is_given_up_with_its_reason(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    message = _addressed(endpoint)
    moment = clock.database_now()
    for _death in range(claiming.MOST_TRIES):
        assert claiming.claim(room=5, now=moment)
        moment += timedelta(minutes=2)
        claiming.give_back(now=moment)
    message.refresh_from_db()
    assert (message.state, message.lease_until, message.reason) == ("failed", None, claiming.ENDED)
    assert message.settled_at == moment
    asking.replay(endpoint.pk, message.pk, user=an_admin(), now=moment)
    assert send(lambda: moment) == {"sent": 1}


def test_who_comes_back_after_its_lease_changes_nothing_but_by_an_acceptance(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    _addressed(endpoint)
    (slow,) = claiming.claim(room=5, now=clock.database_now())
    claiming.give_back(now=later(minutes=2)())
    (quick,) = claiming.claim(room=5, now=later(minutes=2)())
    failed = sending.Exchange(clock.now(), 5, Said(500))
    assert sending.settle(slow, failed, now=clock.now()) == "late"
    assert Message.objects.get().state == "sending"
    assert sending.settle(slow, sending.Exchange(clock.now(), 5, Said(200)), now=clock.now()) == "sent"
    assert sending.settle(quick, failed, now=clock.now()) == "late"
    assert Message.objects.get().state == "sent"
    assert Try.objects.count() == 3


def test_it_is_tried_again_with_growing_waits_and_given_up_after_three_days(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    message = _addressed(endpoint)
    moments, now = [], clock.database_now() + timedelta(seconds=1)
    for _round in range(30):
        receiver.answers = [Answer(400, b"no such field")]
        send(lambda moment=now: moment)  # type: ignore[misc]  # each round has its own
        message.refresh_from_db()
        if message.state == "failed":
            break
        moments.append(round((message.due_at - now).total_seconds()))
        now = message.due_at
    assert moments == [5, 60, 300, 1800, 7200, 21600, 43200, 86400, 86400]
    assert (message.state, message.status, message.reason) == ("failed", 400, "It answered 400.")
    assert Try.objects.latest("pk").answer == "no such field"
    assert {request.headers["webhook-id"] for request in receiver.requests} == {message.key}


def test_retry_after_is_kept_for_the_whole_endpoint(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    message = _addressed(endpoint)
    now = clock.database_now()
    receiver.answers = [Answer(429, b"", {"Retry-After": "900"})]
    send(lambda: now)
    endpoint.refresh_from_db()
    message.refresh_from_db()
    assert message.due_at == endpoint.rests_until == now + timedelta(seconds=900)
    _addressed(endpoint)
    assert send(later(minutes=10)) == {}
    assert send(later(minutes=16)) == {"sent": 2}
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.rests_until) == (0, None, None)


def test_gone_switches_the_endpoint_off_and_says_so(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    _addressed(endpoint)
    receiver.answers = [Answer(410)]
    send()
    endpoint.refresh_from_db()
    assert not endpoint.active
    assert "410" in endpoint.off_reason
    assert AuditEntry.objects.filter(action="endpoint.off", actor_name="system").exists()
    assert send(later(minutes=10)) == {}


def test_an_endpoint_that_only_fails_for_three_days_is_switched_off(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    for days in (0, 1, 2):
        _addressed(endpoint)
        receiver.answers = [Answer(500)] * 9
        send(later(days=days))
        endpoint.refresh_from_db()
        assert endpoint.active
    receiver.answers = [Answer(500)] * 9
    send(later(days=3, minutes=1))
    endpoint.refresh_from_db()
    assert not endpoint.active
    assert endpoint.off_reason.startswith("It has taken nothing for three days.")


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    message = _addressed(endpoint)
    receiver.answers = [Answer(307, b"", {"Location": f"{receiver.url}/elsewhere"})]
    assert send() == {"queued": 1}
    message.refresh_from_db()
    assert "redirects are not followed" in message.reason
    assert [request.path for request in receiver.requests] == ["/hook"]


def test_an_answer_without_an_end_is_a_failure(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    message = _addressed(endpoint)
    receiver.answers = [Answer(200, b"x" * (sending.LONGEST_ANSWER + 1))]
    assert send() == {"queued": 1}
    message.refresh_from_db()
    assert "no end" in message.reason
    assert message.status == 200


def test_an_address_that_an_answer_repeats_is_masked(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    _addressed(endpoint)
    receiver.answers = [Answer(400, b'{"unknown": "lin.wei@example.net"}')]
    send()
    assert Try.objects.get().answer == '{"unknown": "l…@example.net"}'


def test_of_an_answer_two_kilobytes_are_kept(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    _addressed(endpoint)
    receiver.answers = [Answer(500, b"e" * 5000)]
    send()
    assert Try.objects.get().answer == "e" * 2048


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.DROP_AFTER])
def test_a_connection_that_breaks_is_tried_again(receiver: Receiver, fault: Fault) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    _addressed(endpoint)
    receiver.faults = [fault]
    assert send() == {"queued": 1}
    assert send(later(seconds=10)) == {"sent": 1}
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


def test_a_private_address_is_refused_when_it_is_written_and_when_it_is_sent_to(settings: Any) -> None:
    for url in ("https://127.0.0.1/hook", "https://[::1]/hook", "https://10.1.2.3/hook"):
        with pytest.raises(UserError, match="private"):
            targets.checked(url)
    endpoint = an_endpoint("https://localhost/hook", "post.draft")
    message = _addressed(endpoint)
    assert send() == {"queued": 1}
    message.refresh_from_db()
    assert "private address" in message.reason


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.org/",
        "http://example.org/hook",
        "https://",
        "https://user:secret@example.org/",
        "https://example.org/#part",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://[::1/",
        "javascript:alert(1)",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_what_is_no_address_for_webhooks_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(UserError) as refused:
        targets.checked(url)
    assert refused.value.hint


def test_what_was_allowed_and_is_not_any_more_is_not_sent_to(receiver: Receiver, settings: Any) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    _addressed(endpoint)
    settings.FETCH_ALLOW = []
    assert send() == {"queued": 1}
    assert receiver.requests == []
    assert "PUBLISHER_FETCH_ALLOW" in Message.objects.get().reason


def test_an_endpoint_gets_four_requests_at_once(receiver: Receiver) -> None:
    an_endpoint(receiver, "post.draft")
    for _ in range(6):
        a_post()
    addressing.address(now=clock.database_now())
    assert len(claiming.claim(room=100, now=clock.database_now())) == claiming.AT_ONCE
    assert claiming.claim(room=100, now=clock.database_now()) == []


def test_a_slow_endpoint_holds_nobody_else_up(receiver: Receiver, settings: Any) -> None:
    """The slow one answers only once the other has taken all that is its own."""
    all_taken = threading.Event()

    class Slow(Receiver):
        def take(self, _request: Request) -> Answer:
            return Answer(204 if all_taken.wait(8) else 500)

    class Quick(Receiver):
        def take(self, request: Request) -> Answer:
            answer = super().take(request)
            if len(self.taken) == 6:
                all_taken.set()
            return answer

    with serving(slow := Slow()), serving(quick := Quick()):
        settings.FETCH_ALLOW = [f"127.0.0.1:{slow.port}", f"127.0.0.1:{quick.port}"]
        an_endpoint(slow, "post.draft")
        an_endpoint(quick, "post.draft")
        for _ in range(6):
            a_post()
        assert send() == {"sent": 12}


def test_endpoints_with_much_to_come_leave_none_without_its_turn(receiver: Receiver) -> None:
    busy = [an_endpoint(f"{receiver.url}/{number}", "post.draft") for number in range(4)]
    for _ in range(8):
        a_post()
    addressing.address(now=clock.database_now())
    late = an_endpoint(f"{receiver.url}/late", "post.draft")
    a_post()
    addressing.address(now=clock.database_now())
    claimed = claiming.claim(room=4 * claiming.AT_ONCE, now=clock.database_now())
    assert late.pk in {row.endpoint_id for row in claimed}
    assert {row.endpoint_id for row in claimed} == {each.pk for each in (*busy, late)}
    assert len(claimed) == 4 * claiming.AT_ONCE
    oldest = Message.objects.filter(endpoint=busy[0]).order_by("pk").values_list("pk", flat=True)
    mine = [row.pk for row in claimed if row.endpoint_id == busy[0].pk]
    assert mine == list(oldest[: len(mine)])


def test_one_that_fails_is_asked_by_a_single_request(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    for _ in range(6):
        a_post()
    addressing.address(now=clock.database_now())
    Endpoint.objects.filter(pk=endpoint.pk).update(failures=2, failing_since=clock.now())
    assert len(claiming.claim(room=100, now=clock.database_now())) == 1


def test_a_standstill_of_sending_does_not_stop_webhooks_but_that_of_a_restore_does(
    receiver: Receiver,
) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    _addressed(endpoint)
    standstill.begin(Standstill.Kind.RESTORED, reason="Restored", by="ada", now=clock.now())
    assert send() == {}
    standstill.end()
    standstill.begin(Standstill.Kind.STOPPED, reason="A wrong figure", by="ada", now=clock.now())
    assert send() == {"sent": 1}


def test_addresses_are_told_only_while_the_owner_may_read_them(receiver: Receiver) -> None:
    an_endpoint(receiver, "delivery.queued", "subscription.*", with_addresses=True)
    a_sending_edition(mails=1)
    send()
    assert all(event["data"]["address"].endswith("@example.net") for event in receiver.events)
    roles.give(an_admin(), AUTHOR)
    receiver.taken.clear()
    a_subscriber(a_digest())
    send()
    assert receiver.told == {"subscription.active": 1}
    assert "@" not in str(receiver.events)


def test_a_replay_bears_the_id_and_the_body_of_the_first(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    message = _addressed(endpoint)
    send()
    asking.replay(endpoint.pk, message.pk, user=an_admin(), now=clock.database_now())
    send()
    assert receiver.taken[0] == receiver.taken[1]
    assert message.tries.count() == 2


def test_everything_since_a_time_is_replayed_or_only_what_was_given_up(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    now = clock.database_now()
    old, failed, taken = (_addressed(endpoint) for _ in range(3))
    Message.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=2))
    send()
    Message.objects.filter(pk=failed.pk).update(state="failed")
    receiver.taken.clear()
    given: dict[str, Any] = {"since": now - timedelta(hours=1), "user": an_admin(), "now": now}
    assert asking.replay_since(endpoint.pk, failed_only=True, **given) == 1
    send()
    assert [key for key, _body in receiver.taken] == [failed.key]
    assert asking.replay_since(endpoint.pk, failed_only=False, **given) == 2
    send()
    assert sorted(key for key, _body in receiver.taken[1:]) == sorted([failed.key, taken.key])
    with pytest.raises(UserError, match="30 days"):
        asking.replay_since(
            endpoint.pk, since=now - timedelta(days=31), failed_only=False, user=an_admin(), now=now
        )


def test_a_test_is_sent_whatever_the_endpoint_wants(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "edition.sent")
    asking.send_test(endpoint.pk, user=an_admin(), now=clock.database_now())
    send()
    assert receiver.told == {"webhook.test": 1}
    endpoints.switch(endpoint.pk, on=False, user=an_admin(), now=clock.now())
    with pytest.raises(UserError, match="switched off"):
        asking.send_test(endpoint.pk, user=an_admin(), now=clock.now())


def test_the_log_is_forgotten_after_thirty_days_and_a_removed_endpoint_with_its_log(
    receiver: Receiver,
) -> None:
    endpoint, other = an_endpoint(receiver, "post.draft"), an_endpoint(receiver, "post.*")
    _addressed(endpoint)
    send()
    now = clock.now()
    Message.objects.filter(endpoint=endpoint).update(
        created_at=now - timedelta(days=31), begun_at=now - timedelta(days=31)
    )
    endpoints.remove(other.pk, user=an_admin(), now=now)
    assert retention.forget(now=now, seconds=5) == 2
    assert not Message.objects.exists()
    assert not Try.objects.exists()
    assert list(Endpoint.objects.all()) == [endpoint]


def test_a_secret_of_a_lost_key_switches_its_endpoint_off_and_no_other(
    receiver: Receiver, settings: Any
) -> None:
    broken = an_endpoint(receiver, "post.draft")
    settings.SECRET_KEY = "another key that was made since"
    whole = an_endpoint(receiver, "post.draft")
    a_post()
    assert send() == {"sent": 1}
    broken.refresh_from_db()
    whole.refresh_from_db()
    assert (broken.active, whole.active) == (False, True)
    assert Message.objects.get(endpoint=broken).state == "queued"
    _row, secret = endpoints.rotate(broken.pk, user=an_admin(), now=clock.now())
    receiver.secrets.append(secret)
    endpoints.switch(broken.pk, on=True, user=an_admin(), now=clock.now())
    assert send() == {"sent": 1}


def test_a_change_against_an_older_version_is_refused(receiver: Receiver) -> None:
    endpoint = an_endpoint(receiver, "post.draft")
    given: dict[str, Any] = {"user": an_admin(), "held": []}
    mine = wishes("https://example.org/hook", "post.*")
    changed = endpoints.change(endpoint.pk, mine, version=1, **given)
    assert (changed.version, changed.url) == (2, "https://example.org/hook")
    with pytest.raises(endpoints.Stale):
        endpoints.change(endpoint.pk, mine, version=1, **given)
    entry = AuditEntry.objects.filter(action="endpoint.changed").get()
    assert "/hook" not in str((entry.before, entry.after))


def test_who_may_not_read_addresses_makes_no_webhook_that_tells_them() -> None:
    given: dict[str, Any] = {"user": an_admin(), "held": ["people.integrate"], "now": clock.now()}
    with pytest.raises(UserError, match="addresses"):
        endpoints.create(wishes("https://example.org/", with_addresses=True), **given)
    for broken in (
        {"events": ("post.gone",)},
        {"events": ()},
        {"name": " "},
        {"channel_ids": (99,)},
        {"digest_ids": (99,)},
    ):
        with pytest.raises(UserError) as refused:
            endpoints.create(
                endpoints.Wishes(**{"name": "A", "url": "https://example.org/", "events": ("*",), **broken}),  # type: ignore[arg-type]
                **given,
            )
        assert refused.value.hint


@given(status=st.integers(100, 599), attempts=st.integers(1, 40), hours=st.floats(0, 100))
def test_any_answer_is_taken_or_leads_to_a_later_moment_or_an_end(
    status: int, attempts: int, hours: float
) -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    verdict = judging.judge(Said(status), None, now)
    assert verdict.taken == (200 <= status < 300)
    begun = now - timedelta(hours=hours)
    due = judging.next_try(verdict, attempts=attempts, begun_at=begun, now=now)
    assert due is None or now < due <= begun + judging.GIVEN_UP


def test_retry_after_may_be_a_date_and_is_held_within_bounds() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def asked(value: str) -> timedelta | None:
        return judging.judge(Said(503, {"retry-after": value}), None, now).after

    assert asked(format_datetime(now + timedelta(minutes=7), usegmt=True)) == timedelta(minutes=7)
    assert asked("120") == timedelta(minutes=2)
    assert asked("99999999999") == timedelta(days=1)
    assert asked("soon") is None
    assert judging.judge(None, Retry("nobody there"), now).away
