"""The suppression list in the desk: looked through, masked, added to, lifted, brought in and taken out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from publisher.audience.models import Erased, Suppression, SuppressionImport
from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.delivery.exports import writing
from publisher.delivery.models import Export
from publisher.feedback.models import Report
from publisher.people.permissions import ADMIN, VIEWER
from tests.desk.builders import a_suppression
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Client:
    browser = Client()
    browser.force_login(a_person("ada", ADMIN))
    return browser


@pytest.fixture
def viewer(db: None) -> Client:
    browser = Client()
    browser.force_login(a_person("vera", VIEWER))
    return browser


def page(browser: Client, name: str = "suppressions", *args: int, query: str = "", status: int = 200) -> str:
    answer = browser.get(reverse(f"desk:{name}", args=args) + query)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_list_is_paged_by_key_and_filtered(desk: Client) -> None:
    assert "No address is suppressed" in page(desk)
    for number in range(51):
        a_suppression(f"reader{number:02}@example.org")
    a_suppression("soft@example.org", reason="soft", until=clock.now() - timedelta(days=1))
    first = page(desk)
    assert "Last added first." in first
    assert "soft@example.org" in first
    assert "Has ended" in first
    assert "reader02@" in first
    assert "reader01@" not in first
    assert f"after={Suppression.objects.get(email_key='reader02@example.org').pk}" in first
    found = page(desk, query="?email=Reader07@example.org")
    assert "reader07@example.org" in found
    assert "reader08" not in found
    assert "soft@example.org" in page(desk, query="?expiry=ended")
    assert "reader" not in page(desk, query="?reason=soft").partition("<tbody")[2]
    assert "none of these" in page(desk, query="?reason=x", status=422)


def test_who_may_not_read_addresses_sees_them_masked_and_cannot_search_for_one(viewer: Client) -> None:
    row = a_suppression("ilse@example.net", evidence="Report 1: ilse@example.net unknown")
    for text in (page(viewer), page(viewer, "suppression", row.pk)):
        assert "ilse" not in text
        assert "i…@example.net" in text
    page(viewer, query="?email=ilse@example.net", status=403)
    for name in ("suppressions-csv", "suppressions-json", "suppression-exports", "suppression-add"):
        page(viewer, name, status=403)


def test_erased_people_are_a_number_only(desk: Client) -> None:
    Erased.objects.create(hash=b"x" * 32, at=clock.now())
    assert "1 person was erased" in page(desk)


def test_an_address_is_added_with_its_reason_and_end(desk: Client) -> None:
    where = reverse("desk:suppression-add")
    mail = "ilse@example.net"
    for wrong in (
        {"email": "ilse@", "evidence": "x"},
        {"email": mail},
        {"email": mail, "evidence": "x", "until": "soon"},
        {"email": mail, "evidence": "x", "until": "2020-01-01"},
    ):
        answer = desk.post(where, wrong)
        assert answer.status_code == 422
        assert wrong["email"] in answer.content.decode()
    assert not Suppression.objects.exists()
    day = f"{clock.now() + timedelta(days=9):%Y-%m-%d}"
    answer = desk.post(
        where, {"email": "Ilse@example.net", "evidence": "asked by phone", "until": day}, follow=True
    )
    assert "It is on the list." in answer.content.decode()
    row = Suppression.objects.get()
    assert (row.email_key, row.reason, row.evidence) == ("ilse@example.net", "staff", "asked by phone")
    assert row.until
    assert "ilse" not in str(list(AuditEntry.objects.values_list("after", flat=True)))
    again = desk.post(where, {"email": "ilse@example.net", "evidence": "again"}, follow=True)
    assert "stays as it was" in again.content.decode()


def test_lifting_needs_a_reason_and_is_told_in_the_trail(desk: Client) -> None:
    row = a_suppression("ilse@example.net", reason="complained")
    where = reverse("desk:suppression-lift", args=[row.pk])
    for because in ("", "short"):
        assert desk.post(where, {"because": because}).status_code == 422
    refused = desk.post(where, {"because": "short"}).content.decode()
    assert 'value="short"' in refused
    assert refused.count("This reader complained") == 1
    answer = desk.post(where, {"because": "wrote to us on 3 May and asked for it again"}, follow=True)
    assert "may be written to again" in answer.content.decode()
    assert not Suppression.objects.exists()
    assert AuditEntry.objects.filter(action="suppression.lifted").exists()


def test_the_evidence_is_the_report_of_what_came_back(desk: Client) -> None:
    report = Report.objects.create(
        fingerprint=b"1", kind="bounce", cause="unknown_user", outcome="suppressed", source="postmark", code="5.1.1",
        said="no such user here", why="There is no such mailbox, or it is closed: suppressed at once.", received_at=clock.now(),
        delivery_id=4711,
    )  # fmt: skip
    row = a_suppression("ilse@example.net", reason="bounced", evidence=f"Report {report.pk}: 5.1.1")
    text = page(desk, "suppression", row.pk)
    for said in ("No such mailbox", "postmark", "no such user here", "suppressed at once", "Delivery 4711"):
        assert said in text


def upload(desk: Client, content: bytes) -> Any:
    file = SimpleUploadedFile("old.csv", content, content_type="text/csv")
    return desk.post(reverse("desk:suppression-imports"), {"file": file}, follow=True)


def test_a_list_is_brought_in_and_its_bad_rows_can_be_fetched(desk: Client) -> None:
    assert "No list was brought in yet" in page(desk, "suppression-imports")
    text = upload(desk, b"email,reason\na@example.org,spam\nnobody,spam\n").content.decode()
    assert "1 addresses added, 0 changed; 1 rows could not be used." in text
    done = SuppressionImport.objects.get()
    refused = page(desk, "suppression-import-refused", done.pk)
    assert "nobody" in refused
    assert "1 refused (download)" in page(desk, "suppression-imports")
    assert "is not a mail address" in refused
    assert upload(desk, b"name\nIlse\n").status_code == 422
    assert desk.post(reverse("desk:suppression-imports")).status_code == 422


def test_the_list_is_exported_at_once_or_by_a_worker_and_can_be_brought_in_elsewhere(
    desk: Client, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    a_suppression("ilse@example.net", reason="complained", evidence="=1+1")
    a_suppression("olga@example.net", reason="soft", until=clock.now() + timedelta(days=30))
    answer = desk.get(reverse("desk:suppressions-csv") + "?reason=complained")
    text = b"".join(answer).decode()
    assert text.splitlines()[0].lstrip("\ufeff") == "email,reason,at,until,evidence"
    assert "ilse@example.net,complained," in text
    assert "'=1+1" in text
    assert "olga" not in text
    desk.post(reverse("desk:suppression-export-ask"), {"query": "", "form": "csv"})
    writing.write_due(now=clock.now(), seconds=5)
    export = Export.objects.get()
    assert (export.state, export.rows) == ("ready", 2)
    whole = b"".join(desk.get(reverse("desk:suppression-export-file", args=[export.pk])))
    before = sorted(Suppression.objects.values_list("email_key", "reason"))
    Suppression.objects.all().delete()
    upload(desk, whole)
    assert sorted(Suppression.objects.values_list("email_key", "reason")) == before
    assert not SuppressionImport.objects.get().refused
    assert desk.get(reverse("desk:export-file", args=[export.pk])).status_code == 404
