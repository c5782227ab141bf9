"""Erasing a person: nothing names them afterwards, nothing queued leaves, and no import brings them back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from publisher.audience import address_change, hashes, letters, tokens
from publisher.audience.by_staff import subscribe
from publisher.audience.choices import Choice
from publisher.audience.erased import is_erased
from publisher.audience.evidence import consent_text
from publisher.audience.models import Erased, ReaderLetter, Salt, SignUp, Subscriber, Suppression, Tag
from publisher.audience.suppressed import lift_own_wish
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import enqueue
from publisher.delivery import erasing as in_delivery
from publisher.delivery.claim import claim_mail, next_fence
from publisher.delivery.models import Attempt, Delivery
from publisher.digests.models import Digest, Edition
from publisher.feedback.models import Report
from publisher.privacy import erasing
from publisher.privacy.held import held
from tests.builders import NOON, a_digest, a_sending_edition, a_subscriber, an_item
from tests.delivery.test_mail import an_assembled_edition

pytestmark = pytest.mark.django_db

ADDRESS, NAME, FORMER = "ilse.marrow@example.net", "Ilse Marrow", "ilse.before@example.org"


def a_known_person() -> Subscriber:
    """Somebody of whom everything is known that can be."""
    edition = a_sending_edition(mails=1)
    digest = edition.digest
    person = a_subscriber(digest, ADDRESS, name=NAME).subscriber
    person.attributes = {"city": "Almaria", "note": f"friend of {NAME}"}
    person.save()
    person.tags.add(Tag.objects.create(name="press", key="press", created_at=NOON))
    mail = Delivery.objects.create(
        edition=edition, subscriber=person, address=ADDRESS, due_at=NOON, created_at=NOON
    )
    before = Delivery.objects.create(
        edition=a_sending_edition(digest, mails=0, due_at=NOON - timedelta(days=7)),
        subscriber=person,
        address=FORMER,
        state="bounced",
        reason=f"550 <{FORMER.upper()}> unknown",
        due_at=NOON,
        created_at=NOON,
    )
    Attempt.objects.create(
        delivery=before,
        fence=1,
        worker="w",
        started_at=NOON,
        duration_ms=1,
        outcome="failed",
        text=f"<{FORMER}> unknown",
    )
    Delivery.objects.create(
        edition=edition, copy_of=mail, purpose="resend", address=ADDRESS, due_at=NOON, created_at=NOON
    )
    text = consent_text("en", "I want it", now=NOON)
    SignUp.objects.create(
        email=ADDRESS, email_key=ADDRESS, name=NAME, language="en", text=text, created_at=NOON, expires_at=NOON,
        wanted=[{"digest": digest.pk, "topics": [], "kinds": [], "language": "en", "region": ""}],
    )  # fmt: skip
    letters.queue(ReaderLetter.Kind.CONFIRM, to=ADDRESS, language="en", now=NOON)
    address_change.ask(person.pk, "ilse.next@example.org", language="en", digest_id=digest.pk, now=NOON)
    for key in (ADDRESS, FORMER):
        Report.objects.create(
            fingerprint=hashes.of_client(key), kind="bounce", outcome="counted", source="mailbox", said=f"no {key}",
            address_key=key, subscriber_id=person.pk, received_at=NOON, evidence=key.encode(),
        )  # fmt: skip
    Suppression.objects.create(email_key=ADDRESS, reason="bounced", evidence=f"no {ADDRESS}", at=NOON)
    return person


def everything() -> str:
    """All that stands in the database, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608 - tables of ours
            found += [f"{table} {row[0]}" for row in cursor.fetchall()]
    return "\n".join(found)


def erase(person: Subscriber, capture: Any) -> None:
    with capture(execute=True):
        assert erasing.erase(person.pk, user="mira", how="by mail", now=NOON)


def test_nothing_in_the_database_names_them(django_capture_on_commit_callbacks: Any) -> None:
    person = a_known_person()
    names = [ADDRESS, NAME, FORMER, "ilse.next", FORMER.encode().hex(), ADDRESS.encode().hex()]
    assert all(name.casefold() in everything().casefold() for name in names), (
        "the test looks in the right places"
    )
    erase(person, django_capture_on_commit_callbacks)
    found = everything().casefold()
    assert [name for name in names if name.casefold() in found] == []


def test_what_happened_stays_in_the_totals_and_by_number_in_the_trail(
    django_capture_on_commit_callbacks: Any,
) -> None:
    person = a_known_person()
    number, deliveries, reports = person.pk, Delivery.objects.count(), Report.objects.count()
    erase(person, django_capture_on_commit_callbacks)
    assert (Delivery.objects.count(), Report.objects.count()) == (deliveries, reports)
    assert Delivery.objects.filter(state="bounced", address="erased", subscriber=None).count() == 1
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.object_id, entry.actor_name, entry.after) == (
        "subscriber.erased",
        str(number),
        "mira",
        {"how": "by mail"},
    )


def test_nothing_that_is_queued_leaves_and_others_get_theirs(django_capture_on_commit_callbacks: Any) -> None:
    person = a_known_person()
    edition = Edition.objects.latest("due_at")
    erase(person, django_capture_on_commit_callbacks)
    mails = []
    for tests in (False, True):
        claim = claim_mail(
            edition.pk, fence=next_fence(), now=NOON, limit=10, lease=timedelta(minutes=1), tests=tests
        )
        mails += claim.mails
    assert len(mails) == 1
    assert Delivery.objects.filter(state="cancelled", reason=in_delivery.REASON).count() == 2


def test_a_claimed_mail_that_comes_back_is_not_sent_again(django_capture_on_commit_callbacks: Any) -> None:
    edition = a_sending_edition(mails=1)
    person = Subscriber.objects.get()
    claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=timedelta(minutes=1))
    erase(person, django_capture_on_commit_callbacks)
    Delivery.objects.update(state="queued")  # the server had asked for patience
    again = claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=timedelta(minutes=1))
    assert (again.mails, Delivery.objects.get().state) == ((), "cancelled")


def test_their_tokens_die_and_one_click_still_answers_calmly(django_capture_on_commit_callbacks: Any) -> None:
    person = a_known_person()
    digest = Digest.objects.first()
    assert digest
    link = {
        purpose: tokens.write(purpose, person.pk, digest.pk)
        for purpose in (tokens.Purpose.PREFERENCES, tokens.Purpose.UNSUBSCRIBE)
    }
    erase(person, django_capture_on_commit_callbacks)
    client = Client()
    assert client.get(f"/p/{link[tokens.Purpose.PREFERENCES]}").status_code == 410
    assert client.post(f"/p/{link[tokens.Purpose.PREFERENCES]}/data").status_code == 410
    assert client.post(f"/p/{link[tokens.Purpose.PREFERENCES]}/erase").status_code == 410
    one_click = client.post(f"/u/{link[tokens.Purpose.UNSUBSCRIBE]}", {"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200
    assert not Subscriber.objects.filter(pk=person.pk).exists()


def test_staff_cannot_bring_them_back_and_they_can(django_capture_on_commit_callbacks: Any) -> None:
    person = a_known_person()
    digest = Digest.objects.first()
    assert digest
    erase(person, django_capture_on_commit_callbacks)
    assert is_erased(ADDRESS)
    assert is_erased(FORMER)
    assert not is_erased("ilse.next@example.org"), "it may be somebody else's"
    with pytest.raises(UserError, match="erased at their own wish"):
        subscribe(
            ADDRESS.upper(),
            digest_id=digest.pk,
            choice=Choice.of(language="en"),
            how="a list",
            user="mira",
            now=NOON,
        )
    assert lift_own_wish(ADDRESS)
    assert not is_erased(ADDRESS)


def test_the_hash_outlives_a_new_secret_key_and_its_salt_is_made_once_and_encrypted(settings: Any) -> None:
    first = hashes.of_address(ADDRESS)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of at least thirty-two characters"
    assert hashes.of_address(ADDRESS) == first
    assert Salt.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM audience_salt")
        (stored,) = cursor.fetchone()
    assert hashes.salt().hex() not in stored


def test_who_is_gone_is_not_erased_twice(django_capture_on_commit_callbacks: Any) -> None:
    person = a_known_person()
    number = person.pk
    erase(person, django_capture_on_commit_callbacks)
    assert not erasing.erase(number, user="mira", how="again", now=NOON)
    assert AuditEntry.objects.filter(action="subscriber.erased").count() == 1


def test_a_row_that_was_being_written_while_they_were_erased_is_emptied_too(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """The step of assembling that writes rows had read the subscriber before they were gone."""
    digest = a_digest()
    an_item(at=NOON - timedelta(days=1))
    person = a_subscriber(digest, ADDRESS, name=NAME).subscriber
    number = person.pk
    write = enqueue._write_all

    def and_then_erased(edition: Edition, now: Any) -> int:
        added = write(edition, now)
        erase(person, django_capture_on_commit_callbacks)
        Delivery.objects.filter(subscriber=None).update(
            subscriber_id=number, address=ADDRESS, state="queued", settled_at=None
        )
        return added

    monkeypatch.setattr(enqueue, "_write_all", and_then_erased)
    edition = an_assembled_edition(digest, readers=1)
    rows = Delivery.objects.filter(edition=edition)
    assert not rows.filter(subscriber_id=number).exists()
    assert ADDRESS not in everything()


def test_all_that_is_held_is_told_and_nothing_of_others() -> None:
    person = a_known_person()
    told = held(person, now=NOON)
    text = json.dumps(told, ensure_ascii=False)
    assert told["person"]["address"] == ADDRESS
    assert told["person"]["tags"] == ["press"]
    assert told["person"]["attributes"]["city"] == "Almaria"
    assert len(told["deliveries"]) == 3
    assert [each["how"] for each in told["consents"]] == ["test"]
    assert told["sign_ups"][0]["text"] == "I want it"
    assert (len(told["reports"]), len(told["letters"]), len(told["address_changes"])) == (2, 3, 1)
    assert [each["reason"] for each in told["suppressions"]] == ["bounced"]
    others = Subscriber.objects.exclude(pk=person.pk).get()
    assert others.email not in text
    assert hashes.salt().hex() not in text


def test_erasing_leaves_no_second_hash_of_the_same_address(django_capture_on_commit_callbacks: Any) -> None:
    for _ in range(2):
        person = a_subscriber(a_digest(), ADDRESS).subscriber
        erase(person, django_capture_on_commit_callbacks)
    assert Erased.objects.count() == 1
