"""The audit trail in the desk: found by who, deed, thing and time; one entry; its export; and nobody can empty it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils import translation

from publisher.core import audit, clock
from publisher.core.models import AuditEntry
from publisher.delivery.exports import asking, writing
from publisher.delivery.models import Export
from publisher.desk.audit import searching
from tests.builders import NOON
from tests.desk.builders import a_post, an_edition, an_export, pictures_in

pytestmark = pytest.mark.django_db


def exported(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert isinstance(answer, StreamingHttpResponse)
    return b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]  # a synchronous view


def test_the_database_refuses_to_empty_it_at_a_stroke() -> None:
    """The tests' own database has this trigger off (conftest.py): some tests empty all tables."""
    audit.record(None, "edition.pause", an_edition())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_auditentry_no_truncate")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE core_auditentry")
    assert AuditEntry.objects.count() == 1


def test_it_is_found_by_deed_and_by_time(admin_desk: Client) -> None:
    audit.record("ada", "edition.pause", an_edition())
    audit.record("ada", "post.held", a_post())
    text = admin_desk.get("/desk/audit", {"action": "post.held"}).content.decode()
    assert ("Held it" in text, "Paused it</" in text) == (True, False)
    now = clock.now()
    soon, ago = (f"{now + timedelta(hours=n):%Y-%m-%dT%H:%M}" for n in (1, -1))
    assert "Held it" in admin_desk.get("/desk/audit", {"from": ago, "to": soon}).content.decode()
    assert "No entry fits" in admin_desk.get("/desk/audit", {"from": soon}).content.decode()
    assert "No entry fits" in admin_desk.get("/desk/audit", {"to": ago}).content.decode()


@pytest.mark.parametrize(
    "query", ["from=soon", "action=nothing", "object=nothing", "from=2026-02-02&to=2026-01-01"]
)
def test_what_is_not_understood_is_said_and_shows_and_exports_nothing(admin_desk: Client, query: str) -> None:
    assert admin_desk.get(f"/desk/audit?{query}").status_code == 422
    assert admin_desk.get(f"/desk/audit.csv?{query}").status_code == 422


def test_an_entry_leads_to_its_thing_and_to_what_else_was_done_with_it(admin_desk: Client) -> None:
    edition = an_edition()
    first = audit.record("ada", "edition.pause", edition, {"state": "sending"}, {"state": "paused"})
    audit.record("otto", "edition.resume", edition)
    text = admin_desk.get(f"/desk/audit/{first.pk}").content.decode()
    assert f'href="/desk/editions/{edition.pk}"' in text
    assert "Paused" in text
    assert "otto" in text


def test_few_entries_come_at_once_whole_and_filtered(
    admin_desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "BATCH", 2)
    edition = an_edition()
    for n in range(5):
        audit.record(f"=cmd{n}", "edition.pause", edition, {"state": "sending"}, {"n": n})
    audit.record("ada", "post.held", a_post())
    lines = [json.loads(line) for line in exported(admin_desk, "/desk/audit.jsonl?action=edition.pause")]
    assert [line["after"]["n"] for line in lines] == [4, 3, 2, 1, 0]
    assert {line["deed"] for line in lines} == {"paused it"}
    rows = exported(admin_desk, "/desk/audit.csv?object=edition")
    assert rows[0] == "id,at,who,action,deed,object_type,object_id,before,after,trace_id"
    assert len(rows) == 6
    assert "'=cmd0" in rows[-1]
    assert '"{""state"": ""sending""}"' in rows[-1]
    told = AuditEntry.objects.filter(action="audit.exported").latest("pk")
    assert (told.actor_name, told.after) == ("ada", {"query": "object=edition", "form": "csv"})


def many_entries(settings: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    pictures_in(folder, settings)
    monkeypatch.setattr(asking, "AT_ONCE", 3)
    monkeypatch.setattr(searching, "BATCH", 2)
    monkeypatch.setattr(writing, "PIECE_ROWS", 2)
    edition = an_edition()
    for n in range(7):
        audit.record("mira", "edition.pause", edition, {}, {"n": n})


def test_many_entries_become_a_file_that_a_worker_writes_in_pieces(
    admin_desk: Client, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_entries(settings, monkeypatch, tmp_path)
    page = admin_desk.get("/desk/audit.jsonl?actor=mira&after=99").content.decode()
    assert "Have a file written?" in page
    assert 'action="/desk/audit/exports/new"' in page
    asked = admin_desk.post("/desk/audit/exports/new", {"query": "actor=mira", "form": "jsonl"})
    assert asked["Location"] == "/desk/audit/exports"
    assert "Being written" in admin_desk.get("/desk/audit/exports").content.decode()
    with translation.override("zh-hans"):
        assert writing.write_due(now=NOON, seconds=60) == 4
    export = Export.objects.get()
    assert (export.state, export.kind, export.rows) == ("ready", "audit", 7)
    lines = [json.loads(line) for line in exported(admin_desk, f"/desk/audit/exports/{export.pk}/file")]
    assert [line["after"]["n"] for line in lines] == [6, 5, 4, 3, 2, 1, 0]
    assert {line["deed"] for line in lines} == {"paused it"}
    told = list(AuditEntry.objects.filter(object_type="export").order_by("pk"))
    assert [(row.action, row.after["of"]) for row in told] == [
        ("export.asked", "audit"),
        ("export.fetched", "audit"),
    ]
    text = admin_desk.get(f"/desk/audit/{told[0].pk}").content.decode()
    assert 'href="/desk/audit/exports"' in text
    assert "Audit trail" in text
    assert writing.forget(now=clock.now() + timedelta(days=8)) == 1
    assert admin_desk.get(f"/desk/audit/exports/{export.pk}/file").status_code == 404


def test_who_may_read_addresses_has_no_file_of_the_trail_by_it(
    admin_desk: Client, desk: Client, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both kinds lie in one table, and editors may have those of the delivery log."""
    many_entries(settings, monkeypatch, tmp_path)
    admin_desk.post("/desk/audit/exports/new", {"query": "actor=mira", "form": "csv"})
    writing.write_due(now=NOON, seconds=60)
    export = Export.objects.get()
    assert desk.get(f"/desk/exports/{export.pk}/file").status_code == 404
    assert "No file was written yet" in desk.get("/desk/exports").content.decode()
    assert desk.get(f"/desk/audit/exports/{export.pk}/file").status_code == 403
    assert desk.get("/desk/audit/exports").status_code == 403
    assert desk.post("/desk/audit/exports/new", {"query": "", "form": "csv"}).status_code == 403


def test_a_filter_of_the_trail_that_is_not_understood_has_no_file_written(admin_desk: Client) -> None:
    answer = admin_desk.post("/desk/audit/exports/new", {"query": "from=soon", "form": "csv"}, follow=True)
    assert "not a time" in answer.content.decode()
    assert not Export.objects.exists()


def test_a_filter_of_the_trail_that_is_too_long_is_refused_and_never_cut_to_a_wider_one(
    admin_desk: Client,
) -> None:
    query = f"actor={'x' * 16_000}&action=post.held"
    answer = admin_desk.post("/desk/audit/exports/new", {"query": query, "form": "csv"}, follow=True)
    assert "too long" in answer.content.decode()
    assert not Export.objects.exists()


def test_an_export_whose_file_is_gone_says_so_on_a_page(
    admin_desk: Client, tmp_path: Path, settings: Any
) -> None:
    pictures_in(tmp_path, settings)
    export = an_export(kind="audit", pieces=1, size=9)
    answer = admin_desk.get(f"/desk/audit/exports/{export.pk}/file")
    assert (answer.status_code, "not there any more" in answer.content.decode()) == (400, True)
