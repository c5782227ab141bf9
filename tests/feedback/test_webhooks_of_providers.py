"""What mail providers tell: proved to be theirs, stored before it is answered, taken once, by the rules of what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from publisher.audience.models import Subscription, Suppression
from publisher.core import clock, fetch
from publisher.core.crypto import opened
from publisher.core.errors import Retry, UserError
from publisher.delivery.email.providers.table import PROVIDERS
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.feedback.models import ProviderCall, ProviderDoor, ProviderMark, RefusedCall, Report
from publisher.feedback.webhooks import calls, doors, proofs, sns
from publisher.feedback.webhooks.table import INTAKES
from tests.feedback import providing
from tests.feedback.mailing import NOW, a_sent_mail
from tests.feedback.providing import CERTIFICATE_URL, KINDS, TELLERS, TOPIC, Teller, certificate

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=1)
BY_NAME = {teller.provider: teller for teller in TELLERS}


class Internet:
    """The far side: which addresses were asked for, and what they answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.certificate = certificate(NOW)
        self.away = False

    def get(self, url: str, *, max_bytes: int) -> fetch.Fetched:
        assert max_bytes <= 20_000
        if self.away:
            raise Retry(f"{url} did not answer.")
        self.asked.append(url)
        body = self.certificate if url == CERTIFICATE_URL else b"<ConfirmSubscriptionResponse/>"
        return fetch.Fetched(200, url, {}, body)


@pytest.fixture(autouse=True)
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    far = Internet()
    monkeypatch.setattr(sns.fetch, "get", far.get)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    sns._kept.clear()
    yield far
    sns._kept.clear()


@pytest.fixture
def mail(db: None) -> Delivery:
    row = a_sent_mail()
    row.remote_id = "id-of-the-provider"
    row.save()
    return row


class Told:
    """A provider that tells this installation."""

    def __init__(self, name: str) -> None:
        self.teller: Teller = BY_NAME[name]
        self.door, made = doors.make(name, secret=self.teller.secret, user="ada", now=NOW)
        self.secret = made or self.teller.secret

    def post(self, body: bytes, *, at: datetime = NOW, path: str = "", **headers: str) -> int:
        signed = dict(self.teller.sign(body, self.secret, at, doors.address(self.door)))
        return self.send(body, signed | headers, path=path)

    def send(self, body: bytes, headers: dict[str, str], *, path: str = "") -> int:
        where = path or doors.path_of(self.door.provider, self.door.path)
        kind = "application/x-www-form-urlencoded" if self.door.provider == "mandrill" else "application/json"
        return Client().post(where, body, content_type=kind, headers=headers).status_code

    def tell(self, kind: str, row: Delivery, number: int = 1, at: datetime = NOW) -> int:
        event = self.teller.event(kind, row, at, number)
        assert event is not None
        return self.post(self.teller.wrap([event]))

    def take(self) -> dict[str, int]:
        return dict(calls.take_due(now=LATER, seconds=60))


EXPECTED = {
    "hard": ("bounce", "suppressed", State.BOUNCED),
    "soft": ("bounce", "counted", State.BOUNCED),
    "complaint": ("complaint", "suppressed", State.COMPLAINED),
    "delayed": ("delayed", "nothing", State.SENT),
    "left": ("leave", "left", State.SENT),
}
SAID = [
    (teller.provider, kind)
    for teller in TELLERS
    for kind in [*EXPECTED, "delivered"]
    if (teller.provider, kind) not in {
        ("resend", "left"), ("mailersend", "delayed"), ("mandrill", "delivered"), ("postal", "complaint"), ("postal", "left"),
    }
]  # fmt: skip


def test_every_provider_that_mail_leaves_by_and_that_tells_can_be_set_up() -> None:
    assert set(INTAKES) == set(PROVIDERS) - {"scaleway"}
    assert set(INTAKES) == set(BY_NAME)


@pytest.mark.parametrize(("provider", "kind"), SAID)
def test_what_a_provider_says_has_the_effect_of_a_message_that_says_so(
    provider: str, kind: str, mail: Delivery
) -> None:
    told = Told(provider)
    assert told.tell(kind, mail) == 200
    assert not Report.objects.exists()  # stored first
    told.take()
    mail.refresh_from_db()
    if kind == "delivered":  # its delivery says it all
        assert (mail.state, mail.settled_at, Report.objects.exists()) == (State.DELIVERED, NOW, False)
        assert (ProviderDoor.objects.get().taken, ProviderDoor.objects.get().event) == (1, "delivered")
        return
    report = Report.objects.get()
    assert (report.kind, report.outcome, mail.state) == EXPECTED[kind]
    assert (report.source, report.delivery_id, report.received_at) == (provider, mail.pk, NOW)
    assert not ProviderCall.objects.exists()
    suppressed = Suppression.objects.filter(email_key="ilse@example.net").values_list("reason", flat=True)
    assert list(suppressed) == {"hard": ["bounced"], "complaint": ["complained"]}.get(kind, [])
    active = Subscription.objects.filter(state="active").exists()
    assert active == (kind not in ("complaint", "left"))


@pytest.mark.parametrize("provider", sorted(BY_NAME))
def test_who_opened_or_clicked_is_not_kept(provider: str, mail: Delivery) -> None:
    told = Told(provider)
    assert told.tell("opened", mail) == 200
    told.take()
    assert not Report.objects.exists()
    assert ProviderDoor.objects.get().left_out == 1


@pytest.mark.parametrize("provider", sorted(BY_NAME))
def test_the_same_call_again_changes_nothing(provider: str, mail: Delivery) -> None:
    told = Told(provider)
    event = told.teller.event("hard", mail, NOW, 1)
    assert event
    body = told.teller.wrap([event])
    assert told.post(body) == told.post(body) == 200
    assert ProviderCall.objects.count() == 1
    told.take()
    assert told.post(body) == 200
    told.take()
    assert Report.objects.count() == 1
    assert ProviderDoor.objects.get().taken == 1


@pytest.mark.parametrize("provider", sorted(set(BY_NAME) - {"ses", "mailgun", "postal"}))
def test_an_event_that_is_told_once_more_with_others_counts_once(provider: str, mail: Delivery) -> None:
    told = Told(provider)
    told.tell("hard", mail)
    told.take()
    ProviderMark.objects.all().delete()  # as a day later
    told.tell("hard", mail)
    told.take()
    assert Report.objects.count() == 1


@pytest.mark.parametrize("provider", sorted(BY_NAME))
def test_a_call_without_a_valid_signature_is_refused_and_says_why(provider: str, mail: Delivery) -> None:
    told = Told(provider)
    event = told.teller.event("hard", mail, NOW, 1)
    assert event
    body = told.teller.wrap([event])
    wrong = {"ses": spoiled_inside("Signature"), "mailgun": spoiled_inside("signature")}.get(provider)
    if wrong:
        statuses = [told.send(wrong(event), {})]
    else:
        headers = dict(told.teller.sign(body, told.secret, NOW, doors.address(told.door)))
        other = {"mandrill": b"mandrill_events=%5B%5D"}.get(provider, body.replace(b"ilse", b"mary"))
        statuses = [told.send(body, {})]
        if not INTAKES[provider].answers_with_login:
            statuses.append(told.send(other, headers))
        name = next(reversed(headers))
        statuses.append(told.send(body, headers | {name: headers[name][:-6] + "AAAAAA"}))
    assert set(statuses) == ({401} if INTAKES[provider].answers_with_login else {403})
    told.take()
    assert not Report.objects.exists()
    assert not ProviderCall.objects.exists()
    assert RefusedCall.objects.count() == ProviderDoor.objects.get().refused == len(statuses)
    assert {row.reason for row in RefusedCall.objects.all()} <= {proofs.UNSIGNED, proofs.FORGED}


def spoiled_inside(name: str) -> Any:
    def spoil(event: dict[str, Any]) -> bytes:
        if name == "Signature":
            return json.dumps(event | {"Signature": event["Signature"][:-8] + "AAAAAAA="}).encode()
        signature = event["signature"] | {"signature": "0" * 64}
        return json.dumps(event | {"signature": signature}).encode()

    return spoil


@pytest.mark.parametrize("provider", ["ses", "mailgun", "sendgrid", "resend", "postal"])
def test_what_was_signed_long_ago_is_refused(provider: str, mail: Delivery) -> None:
    told = Told(provider)
    for at in (NOW - timedelta(hours=26), NOW + timedelta(minutes=6)):
        event = told.teller.event("hard", mail, at, 1)
        assert event
        assert told.post(told.teller.wrap([event]), at=at) == 403
    assert {row.reason for row in RefusedCall.objects.all()} == {proofs.OLD, proofs.AHEAD_OF_TIME}


def test_a_token_of_mailgun_is_good_for_one_event_only(mail: Delivery) -> None:
    """Its signature does not cover the event: whoever saw a call could say anything under it."""
    told = Told("mailgun")
    opened_event, forged = (told.teller.event(kind, mail, NOW, 1) for kind in ("opened", "complaint"))
    assert opened_event
    assert forged
    told.post(told.teller.wrap([opened_event]))
    assert told.post(told.teller.wrap([forged])) == 200  # as a repetition, which it may be
    told.take()
    assert not Report.objects.exists()


def test_a_former_secret_is_good_for_three_days_and_the_one_before_for_none(mail: Delivery) -> None:
    told = Told("postmark")
    first = told.secret
    door, second = doors.rotate(told.door.pk, secret="", user="ada", now=NOW)
    assert second
    assert second != first
    event = told.teller.event("opened", mail, NOW, 1)
    assert event
    call = proofs.Call(told.teller.wrap([event]), {"authorization": basic(first)})
    assert calls.accept(door, call, now=NOW + timedelta(days=2))
    with pytest.raises(proofs.Refused):
        calls.accept(door, call, now=NOW + timedelta(days=4))
    doors.rotate(told.door.pk, secret="", user="ada", now=NOW)
    assert told.post(call.body) == 401
    assert opened(ProviderDoor.objects.get().secrets)[1] == second


def basic(secret: str) -> str:
    return dict(providing.basic(b"", secret, NOW, ""))["Authorization"]


@pytest.mark.parametrize("provider", [teller.provider for teller in TELLERS if teller.batches])
def test_one_bad_event_of_a_batch_costs_itself_only_and_is_kept(provider: str, mail: Delivery) -> None:
    told = Told(provider)
    good = told.teller.event("hard", mail, NOW, 1)
    assert good
    bad: list[Any] = [
        None,
        7,
        "x",
        [],
        {},
        {"event": {}},
        {"event": "bounce", "timestamp": "never"},
        {"msys": []},
    ]
    assert told.post(told.teller.wrap([*bad, good])) == 200
    told.take()
    assert Report.objects.filter(outcome="suppressed").count() == 1
    unread = Report.objects.filter(kind="other")
    door = ProviderDoor.objects.get()
    assert unread.count() == door.unread > 0
    assert unread.count() + door.left_out + door.taken == len(bad) + 1
    assert all(row.evidence and row.outcome == "nothing" for row in unread)


def test_a_thousand_events_of_one_call_are_taken(mail: Delivery) -> None:
    told = Told("sendgrid")
    events = [told.teller.event("soft", mail, NOW, number) for number in range(1000)]
    assert told.post(providing.listed([event for event in events if event])) == 200
    assert told.take() == {"taken": 1000}
    assert Report.objects.count() == 1000


def test_an_event_about_nobody_is_kept_as_unmatched(mail: Delivery) -> None:
    told = Told("postmark")
    stranger = Delivery(pk=999_999, address="mallory@example.net")
    told.tell("complaint", stranger)
    told.take()
    assert Report.objects.get().outcome == "unmatched"
    assert not Suppression.objects.exists()
    assert mail.pk


def test_events_wait_until_the_sender_has_stored_what_they_call_the_message(mail: Delivery) -> None:
    told = Told("brevo")
    told.tell("hard", mail)
    assert not calls.take_due(now=NOW, seconds=5)
    assert calls.take_due(now=NOW + calls.WAIT, seconds=5) == {"taken": 1}


@pytest.mark.parametrize(
    ("provider", "event", "outcome"),
    [
        ("postmark", {"RecordType": "Bounce", "Type": "SpamNotification", "ID": 1}, "marked"),
        ("postmark", {"RecordType": "Bounce", "Type": "Blocked", "ID": 1, "Details": "550 blocked"}, "marked"),
        ("postmark", {"RecordType": "Bounce", "Type": "AutoResponder", "ID": 1}, "nothing"),
        ("sendgrid", {"event": "dropped", "reason": "Bounced Address", "sg_event_id": "1"}, "suppressed"),
        ("sendgrid", {"event": "dropped", "reason": "Spam Reporting Address", "sg_event_id": "1"}, "suppressed"),
        ("sendgrid", {"event": "dropped", "reason": "Unsubscribed Address", "sg_event_id": "1"}, "left"),
        ("sendgrid", {"event": "dropped", "reason": "Spam Content", "sg_event_id": "1"}, "marked"),
        ("sendgrid", {"event": "bounce", "type": "blocked", "status": "5.7.1", "reason": "5.7.1 bad reputation"}, "marked"),
        ("mailjet", {"event": "blocked", "error": "preblocked", "hard_bounce": False}, "marked"),
        ("mandrill", {"event": "reject", "msg": {}, "reject": {"reason": "unsub"}}, "left"),
        ("mailtrap", {"event": "reject", "timestamp": 1, "message_id": "x"}, "marked"),
    ],
)  # fmt: skip
def test_what_was_not_sent_follows_the_reason_for_which_it_was_not(
    provider: str, event: dict[str, Any], outcome: str, mail: Delivery
) -> None:
    told = Told(provider)
    whole = told.teller.event("hard", mail, NOW, 1)
    assert whole
    about = {
        name: whole[name] for name in whole if name in ("email", "Email", "Metadata", "delivery", "Payload")
    }
    about |= {"custom_variables": {"delivery": str(mail.pk)}} if provider == "mailtrap" else {}
    about |= {"msg": whole["msg"]} if provider == "mandrill" else {}
    told.post(told.teller.wrap([event | about]))
    told.take()
    assert Report.objects.get().outcome == outcome


def test_a_complaint_that_takes_one_back_is_none(mail: Delivery) -> None:
    told = Told("ses")
    fields = providing.ses("complaint", mail, NOW, 1)
    assert fields
    fields["Message"] = fields["Message"].replace('"abuse"', '"not-spam"')
    del fields["Signature"], fields["SignatureVersion"], fields["SigningCertURL"]
    assert told.send(json.dumps(providing.sns(fields, "1")).encode(), {}) == 200
    told.take()
    assert not Report.objects.exists()


# Amazon SNS


def test_a_certificate_is_fetched_once_and_from_amazon_only(mail: Delivery, internet: Internet) -> None:
    told = Told("ses")
    for number in range(3):
        assert told.tell("delivered", mail, number) == 200
    assert internet.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
        "https://evil.example:443\\@sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com/x.pem",
        "https://bucket.s3.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com/?x=.pem#",
        "https://sns.eu-west-1.amazonaws.com/?Action=GetTopicAttributes&TopicArn=mallorys&x=.pem",
        "https://sns.eu-west-1.amazonaws.com/a/b.pem",
        "https://[/x.pem",
        "",
    ],
)
def test_a_certificate_of_elsewhere_is_never_fetched(url: str, mail: Delivery, internet: Internet) -> None:
    told = Told("ses")
    fields = providing.ses("hard", mail, NOW, 1)
    assert fields
    assert told.send(json.dumps(fields | {"SigningCertURL": url}).encode(), {}) == 403
    assert internet.asked == []
    assert RefusedCall.objects.get().reason == sns.OTHER_HOST


def test_a_certificate_that_has_ended_proves_nothing(mail: Delivery, internet: Internet) -> None:
    internet.certificate = certificate(NOW, ended=True)
    assert Told("ses").tell("hard", mail) == 403


def test_while_the_certificate_cannot_be_fetched_amazon_is_asked_to_come_again(
    mail: Delivery, internet: Internet
) -> None:
    internet.away = True
    told = Told("ses")
    assert told.tell("hard", mail) == 503
    assert not RefusedCall.objects.exists()
    internet.away = False
    assert told.tell("hard", mail) == 200


def test_another_topic_is_refused_however_well_it_is_signed(mail: Delivery) -> None:
    told = Told("ses")
    doors.rotate(told.door.pk, secret=TOPIC + "2", user="ada", now=NOW)
    ProviderDoor.objects.update(old_secret_until=NOW)
    assert told.tell("hard", mail) == 403
    assert RefusedCall.objects.get().reason == sns.OTHER_TOPIC


def confirmation(topic: str, url: str) -> bytes:
    fields = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37f",
        "TopicArn": topic,
        "Message": "You have chosen to subscribe.",
        "SubscribeURL": url,
        "Timestamp": providing.iso(NOW),
    }
    return json.dumps(providing.sns(fields)).encode()


CONFIRM = (
    f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37f"
)


def test_the_subscription_of_our_topic_is_confirmed_and_of_no_other(internet: Internet) -> None:
    told = Told("ses")
    other = TOPIC.replace("mail-events", "other")
    assert told.send(confirmation(other, CONFIRM.replace(TOPIC, other)), {}) == 403
    assert told.send(confirmation(TOPIC, CONFIRM), {}) == 200
    told.take()
    assert internet.asked == [CERTIFICATE_URL, CONFIRM]
    assert not ProviderCall.objects.exists()


@pytest.mark.parametrize("url", [CONFIRM.replace(TOPIC, TOPIC + "x"), CONFIRM.replace("ConfirmSubscription", "Unsubscribe"),
                                 CONFIRM.replace("amazonaws.com/", "amazonaws.com.evil.example/")])  # fmt: skip
def test_nothing_else_is_fetched_by_a_confirmation(url: str, internet: Internet) -> None:
    told = Told("ses")
    assert told.send(confirmation(TOPIC, url), {}) == 200
    told.take()
    assert internet.asked == [CERTIFICATE_URL]
    assert RefusedCall.objects.get().reason == sns.OTHER_HOST


def test_a_confirmation_waits_while_amazon_is_away(internet: Internet) -> None:
    told = Told("ses")
    told.send(confirmation(TOPIC, CONFIRM), {})
    internet.away = True
    told.take()
    assert ProviderCall.objects.get().tries == 1
    internet.away = False
    calls.take_due(now=LATER + timedelta(minutes=1), seconds=5)
    assert internet.asked[-1] == CONFIRM


# The door


def test_only_the_whole_address_of_a_provider_answers(mail: Delivery) -> None:
    told = Told("postmark")
    right = doors.path_of("postmark", told.door.path)
    event = told.teller.event("hard", mail, NOW, 1)
    assert event
    body = told.teller.wrap([event])
    for path in (right[:-1] + "x", right.replace("postmark", "brevo"), "/hooks/mail/postmark/", right + "x"):
        assert told.post(body, path=path) == 404
        assert Client().head(path).status_code == 404
    assert Client().head(right).status_code == 200
    assert Client().get(right).status_code == 405
    assert not ProviderCall.objects.exists()
    doors.remove(told.door.pk, user="ada")
    assert told.post(body) == 404


def test_a_call_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "LARGEST", 1000)
    told = Told("postmark")
    assert told.post(b"x" * 1001) == 413
    assert RefusedCall.objects.get().reason == calls.TOO_LARGE


def test_only_the_last_refusals_are_kept_and_all_are_counted() -> None:
    told = Told("postmark")
    for _ in range(25):
        told.send(b"{}", {})
    assert RefusedCall.objects.count() == calls.KEPT_REFUSALS
    assert ProviderDoor.objects.get().refused == 25


def test_marks_are_forgotten_once_their_call_would_be_refused_anyway(mail: Delivery) -> None:
    told = Told("sendgrid")
    told.tell("opened", mail)
    calls.take_due(now=NOW + timedelta(hours=25), seconds=5)
    assert ProviderMark.objects.exists()
    calls.take_due(now=NOW + timedelta(hours=26), seconds=5)
    assert not ProviderMark.objects.exists()


@pytest.mark.parametrize(
    ("provider", "secret"),
    [("ses", "arn:aws:sqs:eu-west-1:123456789012:x"), ("ses", ""), ("sendgrid", "no key at all"), ("resend", "whsec_"),
     ("mailgun", ""), ("nobody", "x"), ("mailgun", "a\0bcdefghijk")],
)  # fmt: skip
def test_a_secret_that_cannot_be_is_refused(provider: str, secret: str) -> None:
    with pytest.raises(UserError):
        doors.make(provider, secret=secret, user="ada", now=NOW)
    assert not ProviderDoor.objects.exists()


def test_a_provider_has_one_address() -> None:
    Told("postmark")
    with pytest.raises(UserError):
        doors.make("postmark", secret="", user="ada", now=NOW)


def test_kinds_are_all_told() -> None:
    assert set(KINDS) == {*EXPECTED, "delivered", "opened"}
