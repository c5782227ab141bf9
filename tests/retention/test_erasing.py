"""Each night what is past its time is erased, counted and said; what is not, or is still needed, stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.audience.models import (
    AddressChange,
    Erased,
    ReaderLetter,
    SignUp,
    Subscriber,
    Subscription,
    Suppression,
)
from publisher.core.models import AuditEntry
from publisher.counting.models import PersonCount
from publisher.feedback.models import ProviderCall, ProviderDoor, Report
from publisher.people.models import Invitation, Letter
from publisher.retention import kinds, left, working
from publisher.retention.kinds import BY_KEY
from publisher.retention.models import Count, Run
from publisher.retention.working import nightly
from publisher.social.models import Notice
from tests.builders import a_channel, a_digest, a_subscriber
from tests.desk.builders import a_report, an_edition
from tests.retention.steps import DAY, NIGHT, a_letter, a_night, a_sign_up, counted, one_who_left

pytestmark = pytest.mark.django_db


def test_sign_ups_go_a_week_after_their_link_ended_confirmed_or_not() -> None:
    young = a_sign_up(ended=6 * DAY)
    a_sign_up(ended=8 * DAY)
    a_sign_up(ended=8 * DAY, confirmed_at=NIGHT - 10 * DAY)
    assert counted(a_night()) == {"sign_ups": 2}
    assert list(SignUp.objects.all()) == [young]


def test_a_sign_up_whose_letter_still_waits_stays() -> None:
    row = a_sign_up(ended=300 * DAY)
    letter = a_letter(settled=None, sign_up=row)
    assert counted(a_night()) == {}
    assert ReaderLetter.objects.filter(pk=letter.pk, sign_up=row).exists()


def test_letters_that_were_sent_go_and_those_that_wait_stay() -> None:
    a_letter(settled=91 * DAY)
    young, waiting = a_letter(settled=89 * DAY), a_letter(settled=None)
    assert counted(a_night()) == {"letters": 1}
    assert set(ReaderLetter.objects.all()) == {young, waiting}


def test_changes_of_address_go_once_they_ended_or_were_never_confirmed() -> None:
    person = a_subscriber(a_digest()).subscriber

    def change(**given: Any) -> AddressChange:
        return AddressChange.objects.create(
            subscriber=person, email="n@example.net", email_key="n@example.net", language="en", **given
        )

    long_ago = {"created_at": NIGHT - 100 * DAY, "expires_at": NIGHT - 93 * DAY}
    change(**long_ago, ended_at=NIGHT - 92 * DAY, outcome="changed")
    change(**long_ago)
    late = change(**long_ago, ended_at=NIGHT - 10 * DAY, outcome="withdrawn")
    assert counted(a_night()) == {"changes": 2}
    assert list(AddressChange.objects.all()) == [late]


def test_a_provider_s_call_that_could_not_be_taken_goes_with_the_messages_that_came_back() -> None:
    door = ProviderDoor.objects.create(provider="ses", path="p" * 43, secrets={}, created_at=NIGHT)
    for days in (91, 89):
        at = NIGHT - days * DAY
        ProviderCall.objects.create(door=door, body=b"x", received_at=at, due_at=at, tries=20)
    assert counted(a_night()) == {"calls": 1}
    assert ProviderCall.objects.get().received_at == NIGHT - 89 * DAY


def test_letters_and_notices_to_staff_and_invitations_that_nobody_took_go() -> None:
    old = NIGHT - 100 * DAY
    invited = {"role": "editor", "invited_by_name": "mira", "created_at": old}
    Invitation.objects.create(email="a@example.net", expires_at=old, **invited)
    taken = Invitation.objects.create(email="b@example.net", expires_at=old, accepted_at=old, **invited)
    open_one = Invitation.objects.create(email="c@example.net", expires_at=NIGHT + DAY, **invited)
    Letter.objects.create(
        kind="reset", state="sent", to="m@example.net", language="en", message_key="a", due_at=old,
        created_at=old, settled_at=old,
    )  # fmt: skip
    Notice.objects.create(
        kind="down", channel=a_channel(), key="k", to="m@example.net", subject="s", text="t", message_key="b",
        state="sent", due_at=old, created_at=old, settled_at=old,
    )  # fmt: skip
    assert counted(a_night()) == {"staff_letters": 1, "invitations": 1, "notices": 1}
    assert set(Invitation.objects.all()) == {taken, open_one}


def test_of_a_report_the_message_goes_first_and_the_rest_years_later() -> None:
    young = a_report(received_at=NIGHT - 89 * DAY, evidence=b"z")
    old = a_report(received_at=NIGHT - 91 * DAY, evidence=b"z")
    a_report(received_at=NIGHT - 731 * DAY, evidence=None)
    owed = a_report(received_at=NIGHT - 731 * DAY, evidence=None, owed="bounced")
    assert counted(a_night()) == {"evidence": 1, "reports": 1}
    assert dict(Report.objects.values_list("pk", "evidence")) == {young.pk: b"z", old.pk: None, owed.pk: None}


def test_reports_are_kept_for_as_long_as_rules_count_them(settings: Any) -> None:
    from config import settings as as_read

    assert as_read.KEEP_REPORTS_DAYS > as_read.SOFT_BOUNCE_DAYS


def test_suppressions_go_after_they_ended_and_those_without_an_end_never() -> None:
    for key, until in (
        ("over@example.net", NIGHT - 91 * DAY),
        ("lately@example.net", NIGHT - DAY),
        ("for-ever@example.net", None),
    ):
        Suppression.objects.create(email_key=key, reason="soft", at=NIGHT - 3000 * DAY, until=until)
    assert counted(a_night()) == {"suppressions": 1}
    assert not Suppression.objects.filter(email_key="over@example.net").exists()


def test_what_persons_followed_goes_a_year_after_the_last_time() -> None:
    digest = a_digest()
    edition, person = an_edition(digest), a_subscriber(digest).subscriber
    for link_id, ago in ((1, 366), (2, 364)):
        PersonCount.objects.create(
            subscriber=person,
            edition=edition,
            link_id=link_id,
            n=1,
            first_at=NIGHT,
            last_at=NIGHT - ago * DAY,
        )
    assert counted(a_night()) == {"counts": 1}
    assert PersonCount.objects.get().link_id == 2


def test_who_left_long_ago_is_erased_and_nobody_else() -> None:
    digest, other = a_digest(), a_digest(slug="other")
    gone = one_who_left(digest, ago=1096 * DAY)
    lately = one_who_left(digest, ago=1094 * DAY)
    receives = one_who_left(digest, ago=2000 * DAY, email="still@example.net")
    a_subscriber(other, "still@example.net")
    paused = one_who_left(digest, ago=2000 * DAY)
    Subscription.objects.filter(subscriber=paused).update(state="paused")
    assert counted(a_night()) == {"left": 1}
    assert not Subscriber.objects.filter(pk=gone.pk).exists()
    assert Erased.objects.count() == 1
    assert set(Subscriber.objects.all()) == {lately, receives, paused}


def test_who_came_back_between_the_choice_and_the_lock_is_not_erased(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = one_who_left(a_digest(), ago=2000 * DAY)
    first = left.due

    def due(moment: datetime) -> Any:
        found = first(moment)
        list(found)
        Subscription.objects.filter(subscriber=person).update(state="active", ended_at=None)
        return found.all()

    monkeypatch.setattr(left, "due", due)
    assert left.erase_some(NIGHT - 1095 * DAY, 10) == 0
    assert Subscriber.objects.filter(pk=person.pk).exists()


def test_a_night_has_one_run_which_begins_at_its_hour_and_is_in_the_audit_trail() -> None:
    a_letter(settled=91 * DAY)
    nightly(now=NIGHT.replace(hour=1), seconds=60)
    assert not Run.objects.exists()
    run = a_night()
    a_letter(settled=91 * DAY)
    nightly(now=NIGHT + timedelta(hours=3), seconds=60)
    assert Run.objects.get() == run
    assert run.ended_at is not None
    entry = AuditEntry.objects.get(action="retention.done")
    assert (entry.actor_name, entry.object_id, entry.after) == ("system", str(run.pk), {"letters": 1})
    assert counted(a_night(NIGHT + DAY)) == {"letters": 1}


def test_a_run_goes_on_where_it_was_stopped_with_the_bounds_of_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in kinds.KINDS:
        monkeypatch.setitem(kind.__dict__, "batch", 2)
    for _ in range(5):
        a_letter(settled=91 * DAY)
    later = a_letter(settled=90 * DAY - timedelta(hours=1))
    turns = 0
    while not Run.objects.filter(ended_at__isnull=False).exists():
        nightly(now=NIGHT + timedelta(hours=turns), seconds=0)
        turns += 1
    run = Run.objects.get()
    assert turns > 3
    assert counted(run) == {"letters": 5}
    assert list(ReaderLetter.objects.all()) == [later]


def test_a_batch_that_dies_is_neither_erased_nor_counted_and_the_others_have_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_letter(settled=91 * DAY)
    a_sign_up(ended=8 * DAY)
    kind = BY_KEY["sign_ups"]
    erase = kind.erase

    def dies(moment: datetime, most: int) -> int:
        erase(moment, most)
        raise RuntimeError("lin@example.net is in the way")

    monkeypatch.setitem(kind.__dict__, "erase", dies)
    run = a_night()
    assert counted(run) == {"letters": 1}
    assert Count.objects.get(kind="sign_ups").problem == "RuntimeError"
    assert SignUp.objects.count() == 1
    assert AuditEntry.objects.get(action="retention.done").after == {"letters": 1, "failed": ["sign_ups"]}


def test_a_person_has_it_done_at_once_and_the_night_comes_nevertheless() -> None:
    a_letter(settled=91 * DAY)
    run = working.at_once(by="mira@host-1", now=NIGHT)
    assert run is not None
    assert counted(run) == {"letters": 1}
    assert run.ended_at is not None
    assert AuditEntry.objects.get(action="retention.done").actor_name == "mira@host-1"
    assert a_night() != run


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.key)
def test_what_is_due_can_be_counted_of_each_kind(kind: kinds.Kind) -> None:
    assert kind.due(kind.before(NIGHT)).count() == 0
