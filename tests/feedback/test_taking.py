"""What comes back is taken once, changes what the rules say, and nothing when nobody signed for it."""

from __future__ import annotations

import threading
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from publisher.audience import subscriptions
from publisher.audience.bulk import asking, working
from publisher.audience.bulk.asking import Wish
from publisher.audience.choices import Choice
from publisher.audience.models import Consent, ReaderLetter, Subscriber, Subscription, Suppression
from publisher.delivery import return_path
from publisher.delivery.models import Attempt, Delivery, Tally
from publisher.delivery.states import State
from publisher.feedback import owed, refused
from publisher.feedback.models import Report
from publisher.feedback.of_delivery import feedback_of
from publisher.feedback.taking import EVIDENCE_BYTES, Event, take, take_event
from tests.builders import a_digest, a_subscriber
from tests.feedback.mailing import NOW, SENT_AT, Signs, a_sent_mail, table

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
K, C = Report.Kind, Report.Cause


def message(name: str, mail: Delivery) -> bytes:
    row = next(row for row in table() if row.file == name)
    return Signs.of_delivery(mail).into(row.raw())


def other(raw: bytes, mark: str) -> bytes:
    """The same answer once more, as another message."""
    return b"X-Mark: " + mark.encode() + b"\n" + raw


def test_a_hard_bounce_suppresses_at_once_and_says_why_with_its_evidence() -> None:
    mail = a_sent_mail()
    raw = message("postfix-unknown-user", mail)
    report = take(raw, source="mailbox bounces", now=NOW)
    mail.refresh_from_db()
    assert (mail.state, mail.enhanced, mail.settled_at) == ("bounced", "5.1.1", NOW)
    assert "User unknown" in mail.reason
    entry = Suppression.objects.get()
    assert (entry.email_key, entry.reason, entry.until) == ("ilse@example.net", "bounced", None)
    assert f"Report {report.pk}" in entry.evidence
    assert report.evidence is not None
    assert zlib.decompress(bytes(report.evidence)) == raw
    assert (report.source, report.address_key, report.delivery_id) == (
        "mailbox bounces",
        "ilse@example.net",
        mail.pk,
    )
    assert Subscription.objects.get().state == "active"  # it is the address that is dead; nobody left


def test_the_same_message_again_changes_nothing_and_answers_with_the_first_report() -> None:
    mail = a_sent_mail()
    raw = message("postfix-mailbox-full", mail)
    first = take(raw, source="mailbox", now=NOW)
    again = take(raw.replace(b"\n", b"\r\n") + b"\r\n", source="listener", now=NOW + DAY)
    assert again.pk == first.pk
    assert Report.objects.count() == 1
    assert again.received_at == NOW


def test_a_bounce_is_counted_where_the_dashboard_and_the_edition_look() -> None:
    mail = a_sent_mail()
    take(message("postfix-unknown-user", mail), source="test", now=NOW)
    rows = Tally.objects.filter(edition_id=mail.edition_id).values_list("state", "n")
    totals: dict[str, int] = {}
    for state, n in rows:
        totals[state] = totals.get(state, 0) + n
    assert totals["bounced"] == 1
    assert totals["sent"] == 0


def test_soft_bounces_on_enough_days_suppress_for_a_while(settings: Any) -> None:
    settings.SOFT_BOUNCES, settings.SOFT_BOUNCE_DAYS, settings.SOFT_REST_DAYS = 3, 14, 30
    mail = a_sent_mail()
    raw = message("postfix-mailbox-full", mail)
    outcomes = [
        take(other(raw, str(n)), source="test", now=NOW + hours).outcome
        for n, hours in enumerate([timedelta(0), timedelta(hours=2), DAY, 2 * DAY])
    ]
    assert outcomes == ["counted", "counted", "counted", "suppressed"]  # twice on one day is one day
    entry = Suppression.objects.get()
    assert (entry.reason, entry.until) == ("soft", NOW + 2 * DAY + timedelta(days=30))


def test_soft_bounces_too_far_apart_do_not_count_together(settings: Any) -> None:
    settings.SOFT_BOUNCES, settings.SOFT_BOUNCE_DAYS = 2, 14
    mail = a_sent_mail()
    raw = message("postfix-mailbox-full", mail)
    take(other(raw, "a"), source="test", now=NOW)
    assert take(other(raw, "b"), source="test", now=NOW + 15 * DAY).outcome == "counted"
    assert not Suppression.objects.exists()


def test_what_was_delivered_in_between_starts_the_counting_anew(settings: Any) -> None:
    settings.SOFT_BOUNCES = 2
    mail, second = a_sent_mail(), None
    take(message("postfix-mailbox-full", mail), source="test", now=NOW)
    edition_mail = Delivery.objects.get(pk=mail.pk)
    second = Delivery.objects.create(
        edition=edition_mail.edition,
        copy_of=edition_mail,
        purpose="resend",
        address=mail.address,
        state="sent",
        due_at=SENT_AT,
        created_at=SENT_AT,
        sent_at=SENT_AT,
    )
    delivered = Event(K.DELIVERED, "d1", delivery_id=second.pk)
    assert take_event(delivered, source="provider", now=NOW + DAY).outcome == "delivered"
    assert (
        take(other(message("postfix-mailbox-full", mail), "b"), source="test", now=NOW + 2 * DAY).outcome
        == "counted"
    )


@pytest.mark.parametrize(
    "name", ["spamhaus-block", "dmarc-refused", "gmail-content-via-postfix", "qq-spam-via-postfix"]
)
def test_policy_reputation_and_content_never_suppress(name: str, settings: Any) -> None:
    settings.SOFT_BOUNCES = 1
    mail = a_sent_mail()
    for day in range(10):
        take(other(message(name, mail), str(day)), source="test", now=NOW + day * DAY)
    assert not Suppression.objects.exists()
    mail.refresh_from_db()
    assert mail.state == "bounced"


def test_a_domain_that_is_not_found_suppresses_on_the_second_day_only() -> None:
    mail = a_sent_mail()
    raw = message("postfix-domain-not-found", mail)
    assert take(raw, source="test", now=NOW).outcome == "counted"
    assert take(other(raw, "b"), source="test", now=NOW).outcome == "counted"
    assert take(other(raw, "c"), source="test", now=NOW + DAY).outcome == "suppressed"


def test_a_complaint_unsubscribes_from_everything_withdraws_consent_and_suppresses() -> None:
    mail = a_sent_mail()
    a_subscriber(a_digest(), "ilse@example.net")
    report = take(message("arf-redacted", mail), source="test", now=NOW)
    assert set(Subscription.objects.values_list("state", flat=True)) == {"ended"}
    assert Subscriber.objects.get().state == "left"
    proofs = Consent.objects.filter(action="withdrawn")
    assert {proof.how for proof in proofs} == {f"complaint, report {report.pk}"}
    assert proofs.count() == 2
    assert Suppression.objects.get().reason == "complained"
    mail.refresh_from_db()
    assert mail.state == "complained"


def test_a_mail_to_the_leave_address_ends_that_subscription_only() -> None:
    mail = a_sent_mail()
    a_subscriber(a_digest(), "ilse@example.net")
    take(message("leave-apple-mail", mail), source="test", now=NOW)
    assert sorted(Subscription.objects.values_list("state", flat=True)) == ["active", "ended"]
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("answer", ["leave-apple-mail", "arf-redacted"])
def test_who_asks_to_leave_after_a_bulk_action_ended_it_is_not_brought_back(
    answer: str, django_user_model: Any
) -> None:
    mail, user = a_sent_mail(), django_user_model.objects.create_user("mira")
    wish = Wish("unsubscribe", how="the list was wrong")
    bulk = asking.ask((), wish, expected=1, user=user, now=NOW)
    working.work(now=NOW, seconds=60)
    take(message(answer, mail), source="test", now=NOW)
    asking.undo(bulk.pk, user=user, now=NOW)
    working.work(now=NOW, seconds=60)
    assert Subscription.objects.get().state == "ended"


def test_an_old_mail_to_the_leave_address_ends_what_its_reader_moved_to() -> None:
    mail = a_sent_mail()
    daily, old = a_digest(), Subscription.objects.get()
    subscriptions.move(
        old.subscriber_id, old.digest_id, daily.pk, Choice.of(language="en"), how="preference page", now=NOW
    )
    take(message("leave-apple-mail", mail), source="test", now=NOW)
    assert set(Subscription.objects.values_list("state", flat=True)) == {"ended"}


def test_the_envelope_alone_may_name_the_delivery() -> None:
    mail = a_sent_mail()
    raw = message("forged-report-without-a-sign", mail)
    report = take(raw, source="lmtp", now=NOW, recipients=[Signs.of_delivery(mail).return_path])
    assert report.outcome == "suppressed"


@pytest.mark.parametrize("state", [State.UNKNOWN, State.QUEUED])
def test_what_comes_back_proves_that_an_unclear_mail_had_left(state: State) -> None:
    """A delivery that waits to be sent again after an unclear try is not sent twice."""
    mail = a_sent_mail(state=state)
    take(message("postfix-unknown-user", mail), source="test", now=NOW)
    mail.refresh_from_db()
    assert mail.state == "bounced"
    assert mail.sent_at is not None
    assert Attempt.objects.get().outcome == "sent"


def test_a_report_of_delay_settles_an_unclear_mail_and_changes_nothing_else() -> None:
    mail = a_sent_mail(state=State.UNKNOWN)
    report = take(message("gmail-delay", mail), source="test", now=NOW)
    mail.refresh_from_db()
    assert (mail.state, report.outcome) == ("sent", "nothing")


def test_a_mail_that_was_never_tried_is_left_in_the_queue() -> None:
    mail = a_sent_mail(state=State.QUEUED)
    Delivery.objects.update(attempts=0)
    take(message("postfix-mailbox-full", mail), source="test", now=NOW)
    mail.refresh_from_db()
    assert mail.state == "queued"


def test_a_bounce_that_is_quicker_than_the_sender_is_kept_until_it_has_settled() -> None:
    mail = a_sent_mail(state=State.SENDING)
    report = take(message("postfix-unknown-user", mail), source="test", now=NOW)
    assert Suppression.objects.exists()
    assert owed.settle_all(now=NOW) == 0
    Delivery.objects.update(state="sent", sent_at=NOW)
    assert owed.settle_all(now=NOW) == 1
    assert owed.settle_all(now=NOW) == 0
    mail.refresh_from_db()
    report.refresh_from_db()
    assert (mail.state, report.owed) == ("bounced", "")


def test_a_complaint_about_what_bounced_wins_and_a_bounce_about_a_complaint_does_not() -> None:
    mail = a_sent_mail()
    take(message("postfix-unknown-user", mail), source="test", now=NOW)
    take(message("arf-yahoo", mail), source="test", now=NOW)
    take(other(message("postfix-unknown-user", mail), "b"), source="test", now=NOW)
    mail.refresh_from_db()
    assert mail.state == "complained"
    assert Suppression.objects.get().reason == "complained"


def test_a_suppression_by_staff_is_not_weakened_and_one_that_is_over_is_renewed() -> None:
    mail = a_sent_mail()
    Suppression.objects.create(email_key="ilse@example.net", reason="staff", at=NOW - DAY)
    take(message("postfix-unknown-user", mail), source="test", now=NOW)
    assert Suppression.objects.get().reason == "staff"
    Suppression.objects.update(reason="staff", until=NOW - timedelta(hours=1))
    take(other(message("postfix-unknown-user", mail), "b"), source="test", now=NOW)
    assert (Suppression.objects.get().reason, Suppression.objects.get().until) == ("bounced", None)


def test_the_address_that_failed_is_suppressed_not_the_one_the_reader_has_now() -> None:
    mail = a_sent_mail()
    Subscriber.objects.update(email="new@example.net", email_key="new@example.net")
    take(message("postfix-unknown-user", mail), source="test", now=NOW)
    assert Suppression.objects.get().email_key == "ilse@example.net"


def test_a_report_about_a_forgotten_delivery_changes_nothing() -> None:
    mail = a_sent_mail()
    raw = message("forged-report-without-a-sign", mail)
    path = Signs.of_delivery(mail).return_path
    Delivery.objects.all().delete()
    report = take(raw, source="lmtp", now=NOW, recipients=[path])
    assert report.outcome == "unmatched"
    assert "not known here any more" in report.why
    assert report.evidence, "its reader is still with us"


def test_links_of_two_readers_in_one_message_name_nobody() -> None:
    """Somebody who was forwarded both could else end the subscription of either."""
    one, two = a_sent_mail("one@example.net"), a_sent_mail("two@example.net")
    raw = next(row for row in table() if row.file == "arf-redacted").raw()
    second = f"\nX-Other: {Signs.of_delivery(two).unsubscribe_url}\nList-Id:".encode()
    both = Signs.of_delivery(one).into(raw).replace(b"\nList-Id:", second)
    both = both.replace(Signs.of_delivery(one).return_path.encode(), b"news@office.example.org")
    assert both.count(b"/u/") == 2
    assert take(both, source="test", now=NOW).outcome == "unmatched"
    assert set(Subscription.objects.values_list("state", flat=True)) == {"active"}


def test_a_message_id_of_another_readers_mail_does_not_help_a_forger() -> None:
    """With one's own links and another's Message-ID only one's own address is concerned."""
    mine, theirs = a_sent_mail("mine@example.net"), a_sent_mail("theirs@example.net")
    signs = replace(
        Signs.of_delivery(mine),
        message_id=Signs.of_delivery(theirs).message_id,
        reader="theirs@example.net",
        return_path="news@office.example.org",
    )
    row = next(row for row in table() if row.file == "qmail-no-mailbox")
    report = take(signs.into(row.raw()), source="test", now=NOW)
    assert report.address_key == "mine@example.net"
    theirs.refresh_from_db()
    assert theirs.state == "sent"
    assert not Suppression.objects.filter(email_key="theirs@example.net").exists()


def test_large_messages_keep_their_beginning_as_evidence() -> None:
    mail = a_sent_mail()
    raw = message("qmail-no-mailbox", mail) + b"x" * 1_000_000
    report = take(raw, source="test", now=NOW)
    assert report.evidence is not None
    assert zlib.decompress(bytes(report.evidence)) == raw[:EVIDENCE_BYTES]


@pytest.mark.parametrize(
    "event",
    [
        Event(K.BOUNCE, "e1", address="Ilse@Example.net", permanent=True, cause=C.UNKNOWN_USER),
        Event(K.BOUNCE, "e1", address="ilse@example.net", code="550", said="5.1.1 user unknown"),
        Event(K.COMPLAINT, "e1", address="ilse@example.net"),
    ],
)
def test_a_providers_event_counts_by_the_address_alone(event: Event) -> None:
    a_sent_mail()
    first = take_event(event, source="postmark", now=NOW)
    assert first.outcome == "suppressed"
    assert take_event(event, source="postmark", now=NOW).pk == first.pk
    assert Suppression.objects.get().email_key == "ilse@example.net"


def test_a_providers_event_finds_the_delivery_by_our_id_its_id_or_our_message_id() -> None:
    mail = a_sent_mail()
    Delivery.objects.update(remote_id="0100-abc@eu-west-1.amazonses.com")
    ways = [
        Event(K.DELAYED, "1", delivery_id=mail.pk),
        Event(K.DELAYED, "2", message_id="<0100-abc@eu-west-1.amazonses.com>", address=mail.address),
        Event(K.DELAYED, "3", message_id=Signs.of_delivery(mail).message_id),
    ]
    assert {take_event(event, source="ses", now=NOW).delivery_id for event in ways} == {mail.pk}


def test_a_providers_event_about_somebody_we_never_wrote_to_changes_nothing() -> None:
    a_sent_mail()
    event = Event(K.BOUNCE, "e", address="stranger@example.net", permanent=True, cause=C.UNKNOWN_USER)
    assert take_event(event, source="ses", now=NOW).outcome == "unmatched"
    assert not Suppression.objects.exists()


def test_an_event_with_our_number_about_another_address_is_not_about_our_mail() -> None:
    """A shop that uses the same account may number what it sends, too; so may our own test installation."""
    a_sent_mail()
    mail = Delivery.objects.get()
    ids = {"delivery_id": mail.pk, "message_id": Signs.of_delivery(mail).message_id}
    for kind in (K.BOUNCE, K.COMPLAINT, K.DELIVERED):
        event = Event(kind, kind, address="customer@example.net", permanent=True, cause=C.UNKNOWN_USER, **ids)
        report = take_event(event, source="sendgrid", now=NOW)
        assert report is not None
        assert (report.outcome, report.delivery_id) == ("unmatched", None)
    mail.refresh_from_db()
    assert mail.state == "sent"
    assert not Suppression.objects.exists()


def test_an_event_of_our_message_about_another_address_tells_that_it_was_passed_on() -> None:
    mail = a_sent_mail()
    Delivery.objects.update(remote_id="0100-abc")
    event = Event(
        K.BOUNCE, "e", "old@elsewhere.example", "0100-abc", mail.pk, permanent=True, cause=C.UNKNOWN_USER
    )
    report = take_event(event, source="ses", now=NOW)
    assert report is not None
    assert (report.outcome, report.delivery_id) == ("counted", mail.pk)


def test_what_a_provider_delivered_is_marked_and_needs_no_report(settings: Any) -> None:
    settings.SOFT_BOUNCES = 2
    mail = a_sent_mail()
    event = Event(K.DELIVERED, "d", mail.address, delivery_id=mail.pk, said="250 2.0.0 OK", code="250")
    for _ in range(2):
        assert take_event(event, source="postmark", now=NOW) is None
    mail.refresh_from_db()
    assert (mail.state, mail.reason, mail.code, mail.settled_at) == ("delivered", "250 2.0.0 OK", 250, NOW)
    assert not Report.objects.exists()
    assert [each.what for each in feedback_of(mail)] == ["Reported as delivered"]
    take(message("postfix-mailbox-full", mail), source="test", now=NOW)
    mail.refresh_from_db()
    assert mail.state == "bounced"


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_a_delivery_that_its_sender_has_not_settled_is_confirmed_by_a_report(state: State) -> None:
    mail = a_sent_mail(state=state)
    event = Event(K.DELIVERED, "d", mail.address, delivery_id=mail.pk)
    report = take_event(event, source="postmark", now=NOW)
    assert report is not None
    assert report.outcome == "delivered"
    Delivery.objects.filter(state="sending").update(state="sent", sent_at=NOW)
    owed.settle_all(now=NOW)
    mail.refresh_from_db()
    assert mail.state == "delivered"


def a_letter(kind: ReaderLetter.Kind, to: str = "ilse@example.net") -> str:
    """The return path of a letter to somebody, which was sent."""
    letter = ReaderLetter.objects.create(
        kind=kind, state="sent", to=to, to_key=to, language="en", message_key="k", due_at=NOW, created_at=NOW
    )
    return return_path.writer("bounces.office.example.org", return_path.LETTER)(letter.pk)


@pytest.mark.parametrize(
    ("name", "reason"), [("arf-yahoo", "complained"), ("postfix-unknown-user", "bounced")]
)
def test_what_comes_back_about_a_request_to_confirm_keeps_the_next_one_from_leaving(
    name: str, reason: str
) -> None:
    """Somebody else typed the address into the form: its owner calls the request spam, or there is no such mailbox."""
    raw = next(row for row in table() if row.file == name).raw()
    signs = Signs("victim@example.net", a_letter(ReaderLetter.Kind.CONFIRM, "victim@example.net"), "", "", "")
    report = take(signs.into(raw), source="test", now=NOW)
    assert (report.outcome, report.address_key) == ("suppressed", "victim@example.net")
    assert Suppression.objects.get().reason == reason


def test_a_providers_event_about_a_letter_is_about_its_address() -> None:
    a_letter(ReaderLetter.Kind.CONFIRM, "victim@example.net")
    event = Event(K.COMPLAINT, "e", address="victim@example.net", message_id="provider-1")
    report = take_event(event, source="brevo", now=NOW)
    assert report is not None
    assert (report.outcome, report.delivery_id) == ("suppressed", None)


def test_a_complaint_about_a_letter_ends_the_subscriptions_of_its_address_and_of_no_other() -> None:
    a_sent_mail()
    raw = next(row for row in table() if row.file == "arf-yahoo").raw()
    new = Signs("new@example.net", a_letter(ReaderLetter.Kind.CHANGE_NEW, "new@example.net"), "", "", "")
    take(new.into(raw), source="test", now=NOW)
    assert Subscription.objects.get().state == "active"
    own = Signs("ilse@example.net", a_letter(ReaderLetter.Kind.CONFIRM), "", "", "")
    take(own.into(raw), source="test", now=NOW)
    assert Subscription.objects.get().state == "ended"
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"complained"}


def a_refusal(mail: Delivery, code: int, enhanced: str, text: str, at: datetime = SENT_AT) -> None:
    Delivery.objects.filter(pk=mail.pk).update(state="failed", sent_at=None)
    Attempt.objects.create(
        delivery=mail,
        fence=mail.fence,
        worker="w",
        started_at=at,
        duration_ms=1,
        outcome="failed",
        code=code,
        enhanced=enhanced,
        text=text,
    )


def test_a_refusal_while_sending_goes_by_the_same_rules() -> None:
    mail = a_sent_mail()
    a_refusal(mail, 550, "5.1.1", "<ilse@example.net>: Recipient address rejected: User unknown")
    assert refused.judge(now=NOW) == 1
    assert refused.judge(now=NOW) == 0
    assert Suppression.objects.get().reason == "bounced"
    mail.refresh_from_db()
    assert mail.state == "failed"
    report = Report.objects.get()
    assert (report.source, report.outcome, report.cause) == ("sending", "suppressed", "unknown_user")


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "outcome"),
    [
        (554, "5.7.1", "Relay access denied", "marked"),
        (452, "4.2.2", "Mailbox full", "counted"),
        (550, "5.7.26", "DMARC", "marked"),
    ],
)
def test_refusals_for_other_reasons_do_not_suppress(
    code: int, enhanced: str, text: str, outcome: str
) -> None:
    a_refusal(a_sent_mail(), code, enhanced, text)
    refused.judge(now=NOW)
    assert Report.objects.get().outcome == outcome
    assert not Suppression.objects.exists()


def test_a_providers_refusal_of_a_call_is_never_for_good(settings: Any) -> None:
    settings.MAIL = "postmark://key@"
    a_refusal(a_sent_mail(), 422, "", "Invalid recipient: user unknown")
    refused.judge(now=NOW)
    assert Report.objects.get().outcome == "counted"


@pytest.mark.django_db(transaction=True)
def test_the_same_message_from_two_sides_at_once_is_one_report() -> None:
    mail = a_sent_mail()
    raw = message("postfix-mailbox-full", mail)
    found: list[int] = []

    def take_it() -> None:
        found.append(take(raw, source="test", now=NOW).pk)
        connection.close()

    threads = [threading.Thread(target=take_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 8


@pytest.mark.django_db(transaction=True)
def test_many_answers_about_one_address_at_once_suppress_it_once(settings: Any) -> None:
    settings.SOFT_BOUNCES = 4
    mail = a_sent_mail()
    raw = message("postfix-mailbox-full", mail)
    for day in range(3):
        take(other(raw, f"day {day}"), source="test", now=NOW + day * DAY)

    def take_it(number: int) -> None:
        take(other(raw, str(number)), source="test", now=NOW + 3 * DAY)
        connection.close()

    threads = [threading.Thread(target=take_it, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Report.objects.filter(outcome="suppressed").count() == 1
    assert Report.objects.filter(outcome="counted").count() == 10
    assert Suppression.objects.count() == 1


def test_times_of_the_other_side_are_kept_in_utc() -> None:
    mail = a_sent_mail()
    report = take(message("gmail-address-not-found", mail), source="test", now=NOW)
    assert report.reported_at == datetime(2026, 6, 1, 8, 0, 6, tzinfo=UTC)
