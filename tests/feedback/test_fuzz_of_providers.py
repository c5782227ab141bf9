"""Whatever is sent to a provider's door: no exception, and no change of state without a valid signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience.models import Subscription, Suppression
from publisher.core.errors import Retry
from publisher.delivery.models import Delivery
from publisher.feedback.models import ProviderCall, ProviderDoor, Report
from publisher.feedback.webhooks import calls, doors, sns
from publisher.feedback.webhooks.events import broken, events_of
from publisher.feedback.webhooks.pieces import Unreadable
from publisher.feedback.webhooks.proofs import Call, Refused
from publisher.feedback.webhooks.table import INTAKES
from tests.feedback.mailing import NOW, a_sent_mail
from tests.feedback.providing import KINDS, TELLERS

PROVIDERS = sorted(INTAKES)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\0", "\ud800", "ilse@example.net", "bounce", "9" * 30, "2026-13-99T99:99:99Z", "[]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MAIL = Delivery(pk=4711, address="ilse@example.net", remote_id="id-of-the-provider")


@pytest.fixture(autouse=True)
def nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, **_more: Any) -> None:
        raise Retry(url)

    monkeypatch.setattr(sns.fetch, "get", get)


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, Any]:
    """An event of a provider in which some values, wherever they are, were replaced or dropped."""
    teller = draw(st.sampled_from(TELLERS))
    event: Any = teller.event(draw(st.sampled_from(KINDS)), MAIL, NOW, 1)
    if teller.provider == "ses" and event:
        event = {
            "ses": json.loads(event["Message"]),
            "sns": {k: event[k] for k in ("MessageId", "Timestamp")},
        }
    for _ in range(draw(st.integers(0, 4))):
        places = list(_places(event))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        if draw(st.booleans()):
            holder[key] = draw(VALUES)
        elif isinstance(holder, dict):
            del holder[key]
    return teller.provider, event


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in list(inner):
        yield value, key
        yield from _places(each)


@settings(max_examples=1500)
@given(given_event=changed())
def test_no_event_breaks_its_reader(given_event: tuple[str, Any]) -> None:
    provider, event = given_event
    try:
        found = events_of(provider, event, "msg_1")
    except Unreadable as error:
        found = [broken(event, str(error))]
    for each in found:
        assert each.kind in Report.Kind.values
        for text in (each.address, each.message_id, each.code, each.unique_id):
            text.encode()
            assert "\0" not in text
        assert each.delivery_id is None or 0 < each.delivery_id < 2**63
        assert each.at is None or each.at.tzinfo


@settings(max_examples=400)
@given(provider=st.sampled_from(PROVIDERS), event=VALUES)
def test_nothing_that_is_json_breaks_a_reader(provider: str, event: Any) -> None:
    try:
        events_of(provider, event, "")
    except Unreadable:
        broken(event, "")


@pytest.mark.django_db
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(given_event=changed())
def test_every_signed_event_is_taken_or_kept(given_event: tuple[str, Any], mail: Delivery) -> None:
    provider, event = given_event
    ProviderCall.objects.all().delete()
    door, _new = ProviderDoor.objects.get_or_create(
        provider=provider, defaults={"path": provider, "secrets": ["x"], "created_at": NOW}
    )
    counts = dict(door.__dict__)
    body = json.dumps([event]).encode()
    if provider in ("ses", "mandrill", "mailtrap"):  # cut by other functions, which have tests of their own
        return
    call = ProviderCall.objects.create(door=door, body=calls.zlib.compress(body), received_at=NOW, due_at=NOW)
    assert sum(calls.take_due(now=NOW, seconds=5).values()) >= 1
    assert not ProviderCall.objects.filter(pk=call.pk).exists()
    door.refresh_from_db()
    assert (door.taken, door.unread, door.left_out) != tuple(
        counts[n] for n in ("taken", "unread", "left_out")
    )
    assert mail.pk


@pytest.fixture
def mail(db: None) -> Delivery:
    return a_sent_mail()


@st.composite
def unsigned(draw: st.DrawFn) -> tuple[str, bytes, dict[str, str]]:
    """A call as somebody makes it who knows everything but the secret."""
    teller = draw(st.sampled_from(TELLERS))
    event = teller.event(draw(st.sampled_from(KINDS)), MAIL, NOW, 1) or {}
    names = [
        "authorization",
        "signature",
        "mailtrap-signature",
        "svix-id",
        "svix-timestamp",
        "svix-signature",
    ]
    names += ["x-mandrill-signature", "x-postal-signature"]
    names += [f"x-twilio-email-event-webhook-{name}" for name in ("signature", "timestamp")]
    headers = draw(
        st.dictionaries(
            st.sampled_from(names),
            st.text(max_size=40) | st.sampled_from(["Basic cHVibGlzaGVyOng=", str(int(NOW.timestamp())), "v1,AAAA", "AAAA"]),
            max_size=6,
        )
    )  # fmt: skip
    if teller.provider in ("ses", "mailgun"):  # signed inside
        event = {
            name: draw(VALUES) if name.lower() == "signature" else value for name, value in event.items()
        }
    body = draw(st.just(teller.wrap([event])) | st.binary(max_size=80))
    return teller.provider, body, headers


@pytest.mark.django_db
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(call=unsigned())
def test_without_a_valid_signature_nothing_is_stored(
    call: tuple[str, bytes, dict[str, str]], mail: Delivery, all_doors: dict[str, ProviderDoor]
) -> None:
    provider, body, headers = call
    with pytest.raises((Refused, Retry)):
        calls.accept(all_doors[provider], Call(body, headers, "https://example.org/x"), now=NOW)
    assert not ProviderCall.objects.exists()
    assert not Suppression.objects.exists()
    assert not Report.objects.exists()
    assert Subscription.objects.get().state == "active"
    assert Delivery.objects.get(pk=mail.pk).state == "sent"


@pytest.fixture
def all_doors(db: None) -> dict[str, ProviderDoor]:
    entered = {teller.provider: teller.secret for teller in TELLERS}
    return {name: doors.make(name, secret=entered[name], user="ada", now=NOW)[0] for name in PROVIDERS}
