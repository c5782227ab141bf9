"""The desk shows what came back: the list with its filter, one report with its rule and evidence, on the delivery's page, too."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from publisher.core.models import AuditEntry
from publisher.delivery.models import Delivery
from publisher.feedback.models import Report
from publisher.feedback.taking import take
from publisher.people.permissions import VIEWER
from tests.desk.conftest import a_person
from tests.feedback.mailing import CORPUS, NOW, Signs, a_sent_mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail() -> Delivery:
    return a_sent_mail()


def taken(mail: Delivery, name: str) -> Report:
    raw = Signs.of_delivery(mail).into((CORPUS / f"{name}.eml").read_bytes())
    return take(raw, source="mailbox", now=NOW)


def page(client: Client, query: str = "") -> str:
    return client.get(reverse("desk:reports") + query).content.decode()


def test_the_list_is_filtered_by_kind_cause_outcome_address_and_delivery(
    desk: Client, mail: Delivery
) -> None:
    taken(mail, "postfix-unknown-user")
    taken(mail, "out-of-office-english")
    links = {
        name: f'href="{reverse("desk:report", args=[row.pk])}"'
        for row in Report.objects.all()
        for name in [row.kind]
    }
    both = page(desk)
    assert links["bounce"] in both
    assert links["automatic"] in both
    for query in (
        "?kind=bounce",
        "?cause=unknown_user",
        "?outcome=suppressed",
        "?cause=unknown_user&kind=bounce&from=2026-06-01",
    ):
        text = page(desk, query)
        assert links["bounce"] in text
        assert links["automatic"] not in text
    assert links["bounce"] in page(desk, "?address=ILSE@example.net")
    assert links["bounce"] in page(desk, f"?delivery={mail.pk}")
    assert links["bounce"] not in page(desk, "?address=max@example.net")
    assert links["bounce"] not in page(desk, "?to=2026-06-01")


@pytest.mark.parametrize(
    "query", ["?kind=nonsense", "?from=soon", "?address=x", "?delivery=x", "?outcome=%00x"]
)
def test_a_filter_that_cannot_be_read_is_said_and_shows_nothing(
    query: str, desk: Client, mail: Delivery
) -> None:
    report = taken(mail, "postfix-unknown-user")
    answer = desk.get(reverse("desk:reports") + query)
    assert answer.status_code == 422
    assert reverse("desk:report", args=[report.pk]) not in answer.content.decode()


def test_pages_follow_by_key(desk: Client) -> None:
    for number in range(60):
        Report.objects.create(
            fingerprint=bytes([number] * 32),
            kind="other",
            outcome="nothing",
            source="s",
            received_at=NOW,
            said=f"word-{number:02}-",
        )
    first = page(desk)
    assert "word-59-" in first
    assert "word-09-" not in first
    last = Report.objects.order_by("-pk")[49].pk
    assert "word-09-" in page(desk, f"?after={last}")


def test_a_report_says_its_rule_and_shows_its_evidence_as_text_without_tokens(
    desk: Client, mail: Delivery
) -> None:
    raw = Signs.of_delivery(mail).into((CORPUS / "qmail-no-mailbox.eml").read_bytes())
    raw = raw.replace(b"three things", b"<script>alert(1)</script>")
    report = take(raw, source="mailbox", now=NOW)
    text = desk.get(reverse("desk:report", args=[report.pk])).content.decode()
    assert "There is no such mailbox, or it is closed: suppressed at once." in text
    assert "Sorry, no mailbox here by that name" in text
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
    signs = Signs.of_delivery(mail)
    assert signs.unsubscribe_url not in text
    assert signs.return_path not in text
    assert signs.unsubscribe_mail.partition("@")[0].removeprefix("mailto:") not in text


def test_the_evidence_is_a_file_and_it_is_written_down_who_took_it(desk: Client, mail: Delivery) -> None:
    report = taken(mail, "qmail-no-mailbox")
    address = reverse("desk:report-evidence", args=[report.pk])
    assert desk.get(address).status_code == 405
    answer = desk.post(address)
    assert answer.content == Signs.of_delivery(mail).into((CORPUS / "qmail-no-mailbox.eml").read_bytes())
    assert answer["Content-Disposition"] == f'attachment; filename="report-{report.pk}.eml"'
    assert AuditEntry.objects.get(action="report.taken").actor_name == "mira"


def test_a_report_without_evidence_has_no_file(desk: Client) -> None:
    row = Report.objects.create(
        fingerprint=b"x" * 32, kind="bounce", outcome="counted", source="sending", received_at=NOW
    )
    assert desk.post(reverse("desk:report-evidence", args=[row.pk])).status_code == 404
    assert desk.get(reverse("desk:report", args=[row.pk])).status_code == 200


def test_the_page_of_a_delivery_names_its_reports(desk: Client, mail: Delivery) -> None:
    report = taken(mail, "postfix-unknown-user")
    text = desk.get(reverse("desk:delivery", args=[mail.pk])).content.decode()
    assert reverse("desk:report", args=[report.pk]) in text
    assert "No such mailbox" in text


def test_who_may_not_see_addresses_is_told_that_it_came_back_and_gets_no_link(mail: Delivery) -> None:
    report = taken(mail, "postfix-unknown-user")
    client = Client()
    client.force_login(a_person("vera", VIEWER))
    text = client.get(reverse("desk:delivery", args=[mail.pk])).content.decode()
    assert "No such mailbox" in text
    assert reverse("desk:report", args=[report.pk]) not in text
    assert "ilse@example.net" not in text
    assert client.get(reverse("desk:reports")).status_code == 403
