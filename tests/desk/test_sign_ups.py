"""The desk's sign-ups: deciding about those that wait, counts with their reasons, addresses masked for who may not see them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from publisher.audience import letters, tokens
from publisher.audience.models import MailDomain, ReaderLetter, SignUp, SignUpCount, Suppression
from publisher.audience.signing_up import confirming, policy
from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.digests.models import Digest
from publisher.feedback.models import Report
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_DESK
from tests.builders import NOON, a_digest
from tests.desk.builders import a_mail_domain, a_sign_up
from tests.site.sign_up_steps import hidden

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox")]


@pytest.fixture
def digest(db: None) -> Digest:
    return a_digest(open_to_all=True, slug="weekly")


def test_one_that_waits_is_let_through_and_its_mailbox_is_asked(desk: Client, digest: Digest) -> None:
    row = a_sign_up(digest, "info@ministry.example")
    assert "info@ministry.example" in desk.get("/desk/sign-ups").content.decode()
    desk.post(f"/desk/sign-ups/{row.pk}/decide", {"do": "let-go"})
    row.refresh_from_db()
    assert row.held == ""
    assert ReaderLetter.objects.get().sign_up == row
    again = desk.post(f"/desk/sign-ups/{row.pk}/decide", {"do": "turn-away"})
    assert again.status_code == 400
    entry = AuditEntry.objects.get()
    assert (entry.action, "ministry" in str((entry.before, entry.after))) == ("sign_up.let_go", False)


def test_one_that_is_refused_is_asked_nothing_and_shown_as_refused(desk: Client, digest: Digest) -> None:
    row = a_sign_up(digest)
    desk.post(f"/desk/sign-ups/{row.pk}/decide", {"do": "turn-away"})
    assert not ReaderLetter.objects.exists()
    assert "Refused by a person" in desk.get("/desk/sign-ups?state=refused").content.decode()


def test_the_states_of_the_others_and_the_filter(desk: Client, digest: Digest) -> None:
    a_sign_up(digest, "waiting@example.net", held="")
    a_sign_up(digest, "confirmed@example.net", held="", confirmed_at=NOON)
    a_sign_up(digest, "already@example.net", held="", expires_at=NOON, already_at=NOON)
    a_sign_up(digest, "expired@example.net", held="", expires_at=NOON)
    labels = {
        "waiting": "Waiting for the mailbox",
        "confirmed": "Confirmed",
        "already": "Answered: subscribed already",
        "expired": "Not confirmed in time",
    }
    for state, label in labels.items():
        page = desk.get(f"/desk/sign-ups?state={state}").content.decode()
        assert [name for name in labels if f"{name}@example.net" in page] == [state]
        assert re.search(rf'class="badge \w+">.*?{label}</span>', page)
    assert desk.get("/desk/sign-ups?state=nonsense").status_code == 422


def a_person_who_sees_no_addresses() -> User:
    person = User.objects.create_user("otto")
    for name in (SEE_DESK, MANAGE_AUDIENCE):
        person.user_permissions.add(Permission.objects.get(codename=name.removeprefix("people.")))
    return person


def test_who_may_not_see_addresses_sees_them_masked(client: Client, digest: Digest) -> None:
    a_sign_up(digest, "info@ministry.example")
    a_sign_up(digest, "lin@example.net", held="")
    client.force_login(a_person_who_sees_no_addresses())
    page = client.get("/desk/sign-ups").content.decode()
    assert "i…@ministry.example" in page
    assert "l…@example.net" in page
    assert "info@" not in page
    assert "lin@" not in page


def test_what_became_of_the_mail_to_each_is_told_with_its_reason(
    desk: Client, client: Client, digest: Digest
) -> None:
    row = a_sign_up(digest, "lin@example.net", held="")
    letter = letters.queue(ReaderLetter.Kind.CONFIRM, to=row.email, language="en", sign_up=row, now=NOON)
    ReaderLetter.objects.filter(pk=letter.pk).update(
        state="failed", reason="550 <lin@example.net> unknown here", settled_at=NOON
    )
    page = desk.get("/desk/sign-ups").content.decode()
    assert "Asks to confirm a subscription: Failed" in page
    assert "lin@example.net&gt; unknown here" in page
    client.force_login(a_person_who_sees_no_addresses())
    page = client.get("/desk/sign-ups").content.decode()
    assert "unknown here" in page
    assert "lin@" not in page


def test_one_whose_mailbox_is_not_asked_any_more_says_why_and_leads_to_what_came_back(
    desk: Client, client: Client, digest: Digest
) -> None:
    a_sign_up(digest, "lin@example.net", held="")
    a_sign_up(digest, "info@ministry.example")
    a_sign_up(digest, "done@example.net", held="", confirmed_at=NOON)
    said = "Its mailbox is not asked. Suppression list: Hard bounce"
    assert said not in desk.get("/desk/sign-ups").content.decode()
    report = Report.objects.create(
        fingerprint=b"r", kind="bounce", outcome="suppressed", source="sending", received_at=NOON
    )
    for key in ("lin@example.net", "info@ministry.example", "done@example.net"):
        evidence = f"Report {report.pk}: 5.1.1 User unknown"
        Suppression.objects.create(email_key=key, reason="bounced", evidence=evidence, at=NOON)
    page = desk.get("/desk/sign-ups").content.decode()
    assert (page.count(said), page.count(f'href="/desk/reports/{report.pk}"')) == (2, 2)
    client.force_login(a_person_who_sees_no_addresses())
    page = client.get("/desk/sign-ups").content.decode()
    assert (page.count(said), "/desk/reports/" in page) == (2, False)


def test_a_mailbox_whose_owner_refused_mail_is_asked_and_not_said_to_be_barred(
    desk: Client, digest: Digest
) -> None:
    a_sign_up(digest, "lin@example.net", held="")
    Suppression.objects.create(email_key="lin@example.net", reason="refused", at=NOON)
    assert "Its mailbox is not asked" not in desk.get("/desk/sign-ups").content.decode()


def test_the_mail_of_one_that_waits_is_sent_again_once_a_day_and_after_a_failure(
    desk: Client, digest: Digest
) -> None:
    row = a_sign_up(digest, held="")
    where = f"/desk/sign-ups/{row.pk}/act"
    assert f'action="{where}"' in desk.get("/desk/sign-ups").content.decode()
    assert desk.post(where, {"do": "again"}).status_code == 302
    under_way = desk.post(where, {"do": "again"})
    assert under_way.status_code == 422
    assert "waits to be sent already" in under_way.content.decode()
    ReaderLetter.objects.update(state="sent", settled_at=clock.now())
    assert "within a day" in desk.post(where, {"do": "again"}).content.decode()
    ReaderLetter.objects.update(state="failed")
    assert desk.post(where, {"do": "again"}).status_code == 302
    assert ReaderLetter.objects.count() == 2
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"sign_up.asked_again"}


@pytest.mark.parametrize(
    ("kind", "state"),
    [("already", "sent"), ("change_new", "sent"), ("confirm", "unknown"), ("already", "sending")],
)
def test_the_mail_is_not_sent_again_when_a_stranger_can_have_caused_another_within_a_day(
    desk: Client, digest: Digest, kind: str, state: str
) -> None:
    """The sender would let it wait for a day: staff are told so instead of that it is sent."""
    row = a_sign_up(digest, held="")
    letter = letters.queue(ReaderLetter.Kind(kind), to=row.email, language="en", now=NOON)
    settled_at = None if state == "sending" else clock.now()
    ReaderLetter.objects.filter(pk=letter.pk).update(state=state, settled_at=settled_at)
    answer = desk.post(f"/desk/sign-ups/{row.pk}/act", {"do": "again"})
    assert answer.status_code == 422
    assert ("waits to be sent" if state == "sending" else "within a day") in answer.content.decode()
    assert ReaderLetter.objects.count() == 1


def test_the_mail_is_sent_again_once_its_owner_has_answered_the_other(desk: Client, digest: Digest) -> None:
    before = clock.now() - timedelta(hours=2)
    row = a_sign_up(digest, held="")
    confirmed = a_sign_up(digest, held="", confirmed_at=before + timedelta(hours=1))
    letter = letters.queue(
        ReaderLetter.Kind.CONFIRM, to=row.email, language="en", sign_up=confirmed, now=before
    )
    ReaderLetter.objects.filter(pk=letter.pk).update(state="sent", settled_at=before)
    assert desk.post(f"/desk/sign-ups/{row.pk}/act", {"do": "again"}).status_code == 302


def test_one_that_waits_is_dropped_and_its_link_with_it(desk: Client, digest: Digest) -> None:
    row = a_sign_up(digest, held="")
    desk.post(f"/desk/sign-ups/{row.pk}/act", {"do": "drop"})
    token = tokens.write(tokens.Purpose.CONFIRM, tokens.NOBODY, row.pk)
    seen = confirming.look(token, now=clock.now())
    assert seen
    assert seen.stage == "expired"
    page = desk.get("/desk/sign-ups?state=refused").content.decode()
    assert "Refused by a person" in page
    assert "/act" not in page
    assert desk.post(f"/desk/sign-ups/{row.pk}/act", {"do": "drop"}).status_code == 422


def test_what_was_refused_is_counted_by_day_with_its_reason(desk: Client) -> None:
    today = clock.now().date()
    for what, n in (("asked", 7), ("confirmed", 5), ("trap", 1204), ("client_limit", 3)):
        SignUpCount.objects.create(day=today, what=what, n=n)
    SignUpCount.objects.create(day=today - timedelta(days=90), what="disposable", n=9)
    page = desk.get("/desk/sign-ups").content.decode()
    assert "filled in the field that people do not see" in page
    assert "1,204" in page
    assert "too many from one place" in page
    assert "disposable address" not in page


def test_staff_call_a_domain_disposable_and_take_it_back(desk: Client) -> None:
    desk.post("/desk/sign-ups/domains", {"domain": "@Bücher.example ", "is": "disposable"})
    row = MailDomain.objects.get()
    assert (row.domain, row.disposable) == ("xn--bcher-kva.example", True)
    assert policy.is_disposable("xn--bcher-kva.example")
    desk.post("/desk/sign-ups/domains", {"domain": "bücher.example", "is": "fine"})
    assert not MailDomain.objects.get().disposable
    desk.post(f"/desk/sign-ups/domains/{row.pk}/forget")
    assert not MailDomain.objects.exists()
    assert AuditEntry.objects.count() == 3


@pytest.mark.parametrize("typed", ["", "no domain", "localhost", "x@y@z", "a" * 400])
def test_what_is_no_domain_is_said_and_stays_in_the_form(desk: Client, typed: str) -> None:
    answer = desk.post("/desk/sign-ups/domains", {"domain": typed, "is": "disposable"})
    assert answer.status_code == 422
    assert "is no domain" in answer.content.decode()
    assert not MailDomain.objects.exists()


def test_forgetting_a_domain_twice_is_nothing(desk: Client) -> None:
    row = a_mail_domain()
    for _ in range(2):
        assert desk.post(f"/desk/sign-ups/domains/{row.pk}/forget").status_code == 302


def test_the_form_for_other_sites_is_the_one_that_is_taken(desk: Client, digest: Digest) -> None:
    """What the page shows to copy is posted as it stands there, from another site, without a cookie."""
    page = desk.get(f"/desk/digests/{digest.pk}/sign-up").content.decode()
    forms = page.split("<textarea")[1:]
    assert len(forms) == 3
    html = (
        forms[2]
        .partition(">")[2]
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", '"')
        .replace("&quot;", '"')
    )
    fields = hidden(html)
    assert fields["lang"] == "ar"
    answer = Client(enforce_csrf_checks=True).post(
        "/subscribe/weekly",
        {**fields, "email": "lin@example.net"},
        headers={"Origin": "https://site.example.org"},
    )
    assert answer.status_code == 200
    assert SignUp.objects.get().page == "https://site.example.org"
    assert "<script" not in html
    assert "style" not in html


def test_a_closed_digest_says_so_beside_its_form(desk: Client) -> None:
    closed = a_digest()
    assert "Nobody can sign up for it yet" in desk.get(f"/desk/digests/{closed.pk}/sign-up").content.decode()


def test_a_digest_is_opened_in_its_form(desk: Client, digest: Digest) -> None:
    page = desk.get(f"/desk/digests/{digest.pk}").content.decode()
    assert 'name="open_to_all" value="yes" checked' in page
    assert 'name="about-zh"' in page
