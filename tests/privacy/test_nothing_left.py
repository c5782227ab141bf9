"""What could bring an erased person back: what comes home late, what staff wrote down, what is somebody else's by now."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection, transaction

from publisher.audience import address_change
from publisher.audience.by_staff import subscribe, unsubscribe
from publisher.audience.choices import Choice
from publisher.audience.erased import is_erased
from publisher.audience.models import AddressChange, Bulk, Consent, Segment, SignUp, Subscriber, Suppression
from publisher.core.models import AuditEntry
from publisher.delivery import copies
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.exports import asking, writing
from publisher.delivery.models import Attempt, Delivery, Export
from publisher.delivery.settle import Outcome, Settlement, Try, settle_all
from publisher.delivery.states import State
from publisher.feedback import refused
from publisher.feedback.models import Report
from publisher.feedback.taking import Event, take, take_event
from publisher.people.permissions import EDITOR
from publisher.privacy import erasing
from publisher.privacy.held import held
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber
from tests.delivery.test_mail import an_assembled_edition
from tests.desk.conftest import a_person
from tests.feedback.mailing import NOW, Signs, a_sent_mail, table
from tests.privacy.test_erasing import everything
from tests.processes import until
from tests.site.sign_up_steps import an_open_digest, send

pytestmark = pytest.mark.django_db

ADDRESS, NAME = "ilse.marrow@example.net", "Ilse Marrow"
MINUTE = timedelta(minutes=1)
KINDS = Report.Kind


@pytest.fixture
def erase(django_capture_on_commit_callbacks: Any) -> Any:
    def do(person: Subscriber | None) -> None:
        assert person
        with django_capture_on_commit_callbacks(execute=True):
            assert erasing.erase(person.pk, user="mira", how="by mail", now=NOON)

    return do


def settled(state: State, text: str) -> None:
    """The one mail that is being sent ends like this."""
    row = Delivery.objects.get()
    tried = Try("w", NOON, 1.0, 550, "5.1.1", text, remote_id="queued as 4711")
    settle_all([Settlement.of(row.pk, row.fence, Outcome(state, text), tried)])


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.QUEUED])
def test_what_a_server_says_while_they_are_erased_is_not_written_down(erase: Any, state: State) -> None:
    edition = a_sending_edition(mails=1)
    person = Subscriber.objects.get()
    claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=MINUTE)
    address = person.email
    erase(person)
    settled(state, f"<{address}>: no such user")
    row, attempt = Delivery.objects.get(), Attempt.objects.get()
    assert (row.state, row.reason, row.remote_id) == (state, "", "")
    assert (attempt.outcome, attempt.code, attempt.text) == (state, 550, "")
    assert address not in everything()
    assert refused.judge(now=NOON) == 0
    assert not Suppression.objects.exists(), "of nobody's address, either"


@pytest.mark.django_db(transaction=True)
def test_a_result_that_waits_for_the_erasing_finds_nobody_to_speak_of() -> None:
    edition = a_sending_edition(mails=1)
    person = Subscriber.objects.get()
    claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=MINUTE)

    def settle() -> None:
        settled(State.FAILED, f"<{person.email}>: no such user")
        connection.close()

    with transaction.atomic():
        erasing.erase(person.pk, user="mira", how="by mail", now=NOON)
        settling = threading.Thread(target=settle)
        settling.start()
        until(waits_for_a_lock, what="the sender waits for the row")
    settling.join()
    assert Delivery.objects.get().state == State.FAILED
    assert Attempt.objects.get().text == ""
    assert person.email not in everything()


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def test_of_others_in_the_same_moment_every_word_is(erase: Any) -> None:
    edition = a_sending_edition(mails=1)
    claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=MINUTE)
    erase(a_subscriber(edition.digest).subscriber)
    settled(State.FAILED, "no such user")
    assert Attempt.objects.get().text == Delivery.objects.get().reason == "no such user"


LATE = ("postfix-unknown-user", "postfix-mailbox-full", "arf-yahoo", "leave-gmail", "out-of-office-english")


@pytest.mark.parametrize("name", LATE)
def test_what_comes_back_days_later_is_counted_and_not_kept(erase: Any, name: str) -> None:
    mail = a_sent_mail(ADDRESS)
    known = {row.file: row for row in table()}[name]
    raw = Signs.of_delivery(mail).into(known.raw())
    erase(mail.subscriber)
    report = take(raw, source="mailbox", now=NOW)
    assert report.kind == known.kind
    assert report.outcome in ("unmatched", "nothing")
    assert (report.address_key, report.said, report.evidence) == ("", "", None)
    assert "erased" in report.why
    assert ADDRESS not in everything()
    assert not Suppression.objects.exists()
    assert take(raw, source="mailbox", now=NOW).pk == report.pk


@pytest.mark.parametrize("kind", [KINDS.BOUNCE, KINDS.COMPLAINT, KINDS.DELIVERED])
def test_a_provider_s_event_about_them_is_counted_and_not_kept(erase: Any, kind: KINDS) -> None:
    mail = a_sent_mail(ADDRESS)
    erase(mail.subscriber)
    for number, delivery_id in enumerate((mail.pk, None)):
        event = Event(
            kind, f"e{number}", address=ADDRESS.upper(), delivery_id=delivery_id, said=f"no {ADDRESS}", raw=ADDRESS.encode(),
        )  # fmt: skip
        take_event(event, source="ses", now=NOW)
    assert Report.objects.filter(kind=kind, evidence=None).count() == 2
    assert ADDRESS.casefold() not in everything().casefold()


def test_a_letter_that_they_write_to_us_later_is_kept_for_its_time(erase: Any) -> None:
    erase(a_sent_mail(ADDRESS).subscriber)
    raw = f"From: {ADDRESS}\nTo: office@office.example.org\nSubject: Hello\n\nWhat became of my request?\n"
    report = take(raw.encode(), source="mailbox", now=NOW)
    assert report.kind == KINDS.OTHER
    assert report.evidence


def test_conditions_of_staff_name_them_no_more_and_find_nobody(erase: Any) -> None:
    person = a_subscriber(a_digest(), ADDRESS).subscriber
    groups = [[{"field": "text", "op": "is", "value": value, "within": "", "not": False}] for value in (
        ADDRESS.title(), "ilse.marrow@exam", "lin@example.net", "marrow")]  # fmt: skip
    segment = Segment.objects.create(name="one", key="one", groups=groups, created_at=NOON, changed_at=NOON)
    Bulk.objects.create(
        action="tag", given={}, groups=groups, expected=1, at=NOON, state="done", finished_at=NOON
    )
    erase(person)
    segment.refresh_from_db()
    assert [group[0]["value"] for group in segment.groups] == [
        "erased@invalid", "erased@invalid", "lin@example.net", "marrow",
    ]  # fmt: skip
    assert segment.version == 2, "who had it open is told"
    assert ADDRESS.casefold() not in everything().casefold()


def test_exports_that_were_about_them_alone_go_and_others_stay(
    erase: Any, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    person = a_subscriber(a_digest(), ADDRESS).subscriber
    user = a_person("ada", EDITOR)
    for query in (f"address={ADDRESS.replace('@', '%40').upper()}&exact=yes", "state=bounced"):
        asking.ask(query, form="csv", zone="UTC", user=user, now=NOON)
    writing.write_due(now=NOON, seconds=10)
    erase(person)
    assert writing.forget(now=NOON) == 1
    assert Export.objects.get().query == "state=bounced"
    assert ADDRESS.casefold() not in everything().casefold()


def test_a_test_that_went_to_them_or_bears_their_name_says_nothing_of_them(erase: Any) -> None:
    digest = a_digest()
    edition = an_assembled_edition(digest, readers=1)
    person = Subscriber.objects.get()
    Subscriber.objects.filter(pk=person.pk).update(name=NAME)
    copies.send_test(edition.pk, to=person.email.title(), actor="mira", now=NOON)
    copies.send_test(edition.pk, to="me@office.example.org", like=person.email, actor="mira", now=NOON)
    assert NAME in everything()
    erase(person)
    found = everything().casefold()
    assert person.email.casefold() not in found
    assert NAME.casefold() not in found
    to_them, to_us = Delivery.objects.filter(purpose="test").order_by("pk")
    assert (to_them.address, to_them.state) == ("erased", "cancelled")
    assert (to_us.address, to_us.state) == ("me@office.example.org", "queued")


def test_what_staff_wrote_into_the_trail_holds_no_address(erase: Any) -> None:
    digest = a_digest()
    how = f"a mail from {ADDRESS} on 3 May"
    row = subscribe(
        ADDRESS, digest_id=digest.pk, choice=Choice.of(language="en"), how=how, user="mira", now=NOON
    )
    assert Consent.objects.get().how == how, "the proof is whole for as long as there is somebody"
    unsubscribe(row.subscriber_id, digest_id=None, how=how, user="mira", now=NOON)
    asking.ask(f"address={ADDRESS}&exact=yes", form="csv", zone="UTC", user=a_person("ada", EDITOR), now=NOON)
    erase(row.subscriber)
    Export.objects.all().delete()
    assert ADDRESS not in everything()
    hows = [
        entry.after["how"] for entry in AuditEntry.objects.filter(object_type="subscriber").order_by("pk")
    ]
    assert hows[:2] == ["a mail from i…@example.net on 3 May"] * 2


def who_moved_on(digest: Any, erase_address: str = ADDRESS) -> Subscriber:
    """Somebody who was at an address, and is at another now."""
    person = a_subscriber(digest, erase_address).subscriber
    address_change.ask(person.pk, "ilse.next@example.org", language="en", digest_id=digest.pk, now=NOON)
    change = AddressChange.objects.get()
    for new in (False, True):
        address_change.confirm(address_change.token(change, new=new), now=NOON)
    person.refresh_from_db()
    assert person.email == "ilse.next@example.org"
    return person


def test_a_former_address_that_somebody_else_has_now_stays_that_one_s(erase: Any) -> None:
    digest = a_digest()
    person = who_moved_on(digest)
    other = a_subscriber(digest, ADDRESS).subscriber
    Suppression.objects.create(email_key=ADDRESS, reason="complained", at=NOON)
    Report.objects.create(
        fingerprint=b"1" * 32, kind="complaint", outcome="suppressed", source="mailbox", said="spam",
        address_key=ADDRESS, subscriber_id=other.pk, received_at=NOON,
    )  # fmt: skip
    told = json.dumps(held(person, now=NOON))
    assert "complained" not in told
    assert "spam" not in told
    erase(person)
    assert Suppression.objects.get().reason == "complained"
    assert Report.objects.get().address_key == ADDRESS
    assert not is_erased(ADDRESS)
    assert is_erased("ilse.next@example.org")
    assert Subscriber.objects.get() == other


def test_what_is_told_is_of_former_addresses_too() -> None:
    person = who_moved_on(a_digest())
    Suppression.objects.create(email_key=ADDRESS, reason="bounced", evidence="full", at=NOON)
    told = held(person, now=NOON)
    assert [each["address"] for each in told["suppressions"]] == [ADDRESS]
    assert {each["to"] for each in told["letters"]} == {ADDRESS, "ilse.next@example.org"}


def test_a_former_address_of_which_only_a_report_is_left_is_theirs_too(erase: Any) -> None:
    person = a_subscriber(a_digest(), "ilse.next@example.org").subscriber
    Report.objects.create(
        fingerprint=b"1" * 32, kind="bounce", outcome="suppressed", source="mailbox", said="no",
        address_key=ADDRESS, subscriber_id=person.pk, received_at=NOON,
    )  # fmt: skip
    Suppression.objects.create(email_key=ADDRESS, reason="bounced", at=NOON)
    erase(person)
    assert ADDRESS not in everything()
    assert is_erased(ADDRESS)


def test_who_wanted_to_have_their_address_names_them_no_more(erase: Any) -> None:
    digest = a_digest()
    other = a_subscriber(digest, "lin@example.net").subscriber
    person = a_subscriber(digest, ADDRESS).subscriber
    address_change.ask(other.pk, ADDRESS, language="en", digest_id=digest.pk, now=NOON)
    change = AddressChange.objects.get()
    erase(person)
    assert ADDRESS not in everything()
    assert address_change.confirm(address_change.token(change, new=False), now=NOON) is None


def test_an_address_with_letters_of_its_own_language_is_taken_out_as_servers_write_it(erase: Any) -> None:
    mail = a_sent_mail("ilse@bücher.example")
    Delivery.objects.filter(pk=mail.pk).update(state="failed", reason="<ilse@xn--bcher-kva.example> unknown")
    erase(mail.subscriber)
    assert Delivery.objects.get().reason == "<erased> unknown"


def test_redis_holds_no_address_of_who_signs_up_is_sent_to_and_erased(inbox: redis.Redis, erase: Any) -> None:
    an_open_digest()
    assert send(email=ADDRESS).status_code == 200
    assert SignUp.objects.filter(email=ADDRESS).exists()
    held_there = b" ".join([key + b" " + value_of(inbox, key) for key in inbox.scan_iter()])
    assert ADDRESS.encode() not in held_there


def value_of(server: redis.Redis, key: bytes) -> bytes:
    """Whatever is stored there, as Redis itself writes it to a disk."""
    return bytes(server.dump(key) or b"")
