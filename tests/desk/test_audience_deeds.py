"""Deeds on many and lists from files in the desk: confirmed by the number, watched, undone; tried before anything changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from publisher.audience.models import Bulk, Subscriber, Subscription, Upload
from publisher.core import clock
from publisher.people.permissions import AUTHOR
from tasks import upkeep
from tests.builders import a_digest, a_subscriber
from tests.desk.audience_builders import a_reader_tag, a_segment
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Any, inbox: redis.Redis) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def page(browser: Client, name: str, *args: object, query: str = "") -> str:
    answer = browser.get(reverse(f"desk:{name}", args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def tick(task: Any) -> None:
    """What the task does, within the test's transaction."""
    task.run.__wrapped__(now=clock.now())


def new(query: str) -> str:
    return reverse("desk:bulk-new") + query


def test_a_deed_is_chosen_confirmed_by_its_number_done_and_undone(desk: Client) -> None:
    digest, tag = a_digest(), a_reader_tag("Press")
    for _ in range(3):
        a_subscriber(digest)
    a_subscriber(a_digest())
    query = f"?digest={digest.pk}"
    assert "Put a tag on" in page(desk, "bulk-new", query=query)
    query += "&do=tag"
    assert "3 subscribers" in page(desk, "bulk-new", query=query)
    asked = desk.post(new(query), {"tag": "Press"}).content.decode()
    assert "Press: 3 subscribers?" in asked
    assert 'name="expected" value="3"' in asked
    assert not Bulk.objects.exists()
    done = desk.post(new(query), {"tag": "Press", "sure": "yes", "expected": "3"})
    bulk = Bulk.objects.get()
    assert done["Location"] == reverse("desk:bulk", args=[bulk.pk])
    assert "Being prepared" in page(desk, "bulk", bulk.pk)
    tick(upkeep.work_bulk)
    assert Subscriber.objects.filter(tags=tag).count() == 3
    body = page(desk, "bulk", bulk.pk)
    assert "Undo …" in body
    undo = reverse("desk:bulk-undo", args=[bulk.pk])
    assert "Undo: Put a tag on: Press?" in desk.post(undo).content.decode()
    desk.post(undo, {"sure": "yes"})
    tick(upkeep.work_bulk)
    assert not Subscriber.objects.filter(tags=tag).exists()
    assert "Undone" in page(desk, "bulk", bulk.pk)
    assert "Put a tag on: Press" in page(desk, "bulks")


def test_a_number_that_has_changed_is_asked_again(desk: Client) -> None:
    digest = a_digest()
    for _ in range(9):
        a_subscriber(digest)
    given = {"how": "sold list", "sure": "yes", "expected": "1"}
    answer = desk.post(new("?do=suppress"), given)
    assert answer.status_code == 409
    assert "They are 9 by now" in answer.content.decode()
    assert 'name="expected" value="9"' in answer.content.decode()
    assert not Bulk.objects.exists()


def test_what_was_typed_stays_when_a_deed_is_refused(desk: Client) -> None:
    digest = a_digest()
    a_subscriber(digest)
    answer = desk.post(new("?do=subscribe"), {"digest": digest.pk, "language": "zh", "region": "CN"})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "no word on how these people agreed" in body
    assert 'value="CN"' in body
    assert '<option value="zh" selected>' in body


def test_a_segment_may_be_acted_on(desk: Client) -> None:
    digest = a_digest()
    mine = a_subscriber(digest)
    segment = a_segment()
    given = {"how": "closed", "digest": digest.pk, "sure": "yes", "expected": "1"}
    desk.post(new(f"?segment={segment.pk}&do=unsubscribe"), given)
    tick(upkeep.work_bulk)
    mine.refresh_from_db()
    assert mine.state == "ended"


def test_who_may_not_manage_the_audience_acts_on_nobody(db: None) -> None:
    browser = Client()
    browser.force_login(a_person("anton", AUTHOR))
    assert browser.post(new("?do=suppress"), {"how": "x", "sure": "yes", "expected": "0"}).status_code == 403


def test_a_list_is_given_tried_and_imported(desk: Client) -> None:
    digest = a_digest()
    file = SimpleUploadedFile("readers.csv", b"Mail,Name,Role\nlin@example.org,Lin,head\nbroken,,\n")
    given = desk.post(reverse("desk:imports"), {"file": file})
    upload = Upload.objects.get()
    assert given["Location"] == reverse("desk:import", args=[upload.pk])
    body = page(desk, "import", upload.pk)
    assert '<option value="email" selected>' in body
    form = {"version": 1, "digest": digest.pk, "column-1": "email", "column-2": "name", "existing": "keep"}
    refused = desk.post(reverse("desk:import-check", args=[upload.pk]), form | {"tag": "Fair"})
    assert refused.status_code == 422
    assert 'value="Fair"' in refused.content.decode()
    desk.post(reverse("desk:import-check", args=[upload.pk]), form | {"consent": "open day"})
    assert "Being tried" in page(desk, "import", upload.pk)
    tick(upkeep.run_imports)
    body = page(desk, "import", upload.pk)
    assert "What would happen" in body
    assert "Import: 1 subscription" in body
    assert '<dt>columns that are not read</dt><dd dir="auto">Role</dd>' in body
    assert not Subscription.objects.exists()
    answer = desk.get(reverse("desk:import-refused", args=[upload.pk]))
    assert b"broken" in b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a stream
    desk.post(reverse("desk:import-begin", args=[upload.pk]), {"version": "2"})
    tick(upkeep.run_imports)
    assert Subscription.objects.get().subscriber.email == "lin@example.org"
    assert "What was done" in page(desk, "import", upload.pk)
    assert "open day" in page(desk, "imports")


def test_a_list_is_withdrawn_and_two_are_told(desk: Client) -> None:
    a_digest()
    desk.post(reverse("desk:imports"), {"file": SimpleUploadedFile("r.csv", b"Mail\nlin@example.org\n")})
    upload = Upload.objects.get()
    withdraw = reverse("desk:import-withdraw", args=[upload.pk])
    assert desk.post(withdraw, {"version": "7"}).status_code == 409
    assert desk.post(withdraw, {"version": "1"}).status_code == 302
    upload.refresh_from_db()
    assert upload.state == "withdrawn"
    assert desk.post(reverse("desk:imports")).status_code == 422


def test_a_file_that_is_no_table_is_told_before_anything_is_chosen(desk: Client) -> None:
    a_digest()
    file = SimpleUploadedFile("r.xlsx", b"PK\x03\x04 and so on")
    desk.post(reverse("desk:imports"), {"file": file})
    assert "workbook" in page(desk, "import", Upload.objects.get().pk)


def test_what_is_past_its_time_is_forgotten_by_a_task(desk: Client) -> None:
    a_digest()
    desk.post(reverse("desk:imports"), {"file": SimpleUploadedFile("r.csv", b"Mail\nlin@example.org\n")})
    Upload.objects.update(created_at=clock.now() - upkeep.uploads.KEEP_FILE * 2)
    tick(upkeep.forget_lists)
    assert not Upload.objects.get().held
