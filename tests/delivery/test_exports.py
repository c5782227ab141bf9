"""Exports: few rows at once, many as a file that is written in pieces, by anybody, once."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.core.errors import UserError
from publisher.delivery.exports import asking, store, writing
from publisher.delivery.models import Delivery, Export
from publisher.social.models import Post
from tests.builders import NOON
from tests.desk.builders import (
    a_mail,
    a_post,
    a_post_delivery,
    an_amendment,
    an_edition,
    pictures_in,
)
from tests.social.steps import an_editor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_pieces(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    pictures_in(tmp_path, settings)
    monkeypatch.setattr(writing, "PIECE_ROWS", 4)
    monkeypatch.setattr("publisher.delivery.log.pages.BATCH", 40)
    return tmp_path


def some_mails(count: int = 11) -> list[int]:
    edition = an_edition()
    for n in range(count):
        a_mail(edition, f"reader{n}@example.net", state="failed" if n % 2 else "sent", reason="=1+1")
    return list(Delivery.objects.order_by("-pk").values_list("pk", flat=True))


def an_asked(query: str = "", form: str = "csv") -> Export:
    return asking.ask(query, form=form, zone="Asia/Shanghai", user=an_editor(), now=NOON)


def test_a_file_is_written_in_pieces_and_holds_each_row_once() -> None:
    ids = some_mails()
    export = an_asked("state=failed&state=sent")
    assert writing.write_due(now=NOON, seconds=60) >= 1
    export.refresh_from_db()
    content = b"".join(asking.content_of(export))
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [int(row["id"]) for row in rows] == ids
    assert {row["reason"] for row in rows} == {"'=1+1"}
    assert {rows[0]["corrected"], rows[0]["withdrawn"]} == {""}
    assert (export.state, export.rows, export.size, export.finished_at) == (
        "ready",
        len(ids),
        len(content),
        NOON,
    )


def test_another_worker_goes_on_after_the_first_has_died_with_a_piece_half_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = some_mails(30)
    monkeypatch.setattr("publisher.delivery.log.pages.BATCH", 8)
    export = an_asked(form="jsonl")
    claimed = writing._claim(NOON)
    assert claimed
    writing._write_piece(claimed, NOON)
    store.put(claimed.key, claimed.pieces, b"what the dead worker wrote and did not count")
    assert writing.write_due(now=NOON, seconds=60) == 0, "its lease stands"
    assert writing.write_due(now=NOON + writing.LEASE + timedelta(seconds=1), seconds=60) > 1
    export.refresh_from_db()
    lines = b"".join(asking.content_of(export)).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids


def test_a_week_later_the_file_is_gone(small_pieces: Path) -> None:
    some_mails()
    an_asked()
    writing.write_due(now=NOON, seconds=60)
    assert list(small_pieces.rglob("*.gz"))
    assert writing.forget(now=NOON + timedelta(days=6)) == 0
    assert writing.forget(now=NOON + timedelta(days=8)) == 1
    assert (list(small_pieces.rglob("*.gz")), Export.objects.count()) == ([], 0)


def test_few_rows_come_at_once_and_too_many_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    some_mails()
    pieces = asking.at_once("", form="jsonl", zone="UTC")
    assert pieces is not None
    assert len(b"".join(pieces).splitlines()) == 11
    monkeypatch.setattr(asking, "AT_ONCE", 10)
    assert asking.at_once("", form="jsonl", zone="UTC") is None


def test_a_filter_that_is_not_understood_makes_no_export_and_so_do_too_many_at_a_time() -> None:
    with pytest.raises(UserError, match="not a time"):
        an_asked("from=soon")
    for _ in range(asking.MOST_WAITING):
        an_asked()
    with pytest.raises(UserError, match="being written"):
        an_asked()


def test_a_piece_that_found_nothing_in_its_time_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = some_mails(30)
    monkeypatch.setattr("publisher.delivery.log.pages.BATCH", 8)
    monkeypatch.setattr(writing, "PIECE_SECONDS", -1.0)  # however slow the database was
    export = an_asked(form="jsonl")
    for _ in range(40):
        claimed = writing._claim(NOON)
        if claimed is None:
            break
        writing._write_piece(claimed, NOON)
        Export.objects.update(lease_until=None)
    export.refresh_from_db()
    assert export.state == "ready"
    lines = b"".join(asking.content_of(export)).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids


def test_a_post_that_was_corrected_or_withdrawn_says_so_and_when() -> None:
    edited, answered, taken_back, deleted = (a_post() for _ in range(4))
    rows = {post.pk: a_post_delivery(post, state="sent", sent_at=NOON) for post in Post.objects.all()}
    hours = [NOON + timedelta(hours=n) for n in range(4)]
    an_amendment(edited, deed="edit", state="done", settled_at=hours[1])
    an_amendment(edited, deed="edit", state="done", settled_at=hours[2])
    an_amendment(edited, deed="edit", state="failed", settled_at=hours[3])
    an_amendment(answered, state="done", settled_at=hours[1])
    an_amendment(taken_back, state="done", settled_at=hours[1], withdrawn_at=hours[2])
    Delivery.objects.filter(pk=rows[deleted.pk].pk).update(withdrawn_at=hours[3])
    pieces = asking.at_once("", form="csv", zone="UTC")
    assert pieces
    content = b"".join(pieces).decode("utf-8-sig")
    said = {
        int(row["id"]): (row["corrected"], row["withdrawn"]) for row in csv.DictReader(io.StringIO(content))
    }
    assert said == {
        rows[edited.pk].pk: ("2026-06-01 14:00:00", ""),
        rows[answered.pk].pk: ("2026-06-01 13:00:00", ""),
        rows[taken_back.pk].pk: ("", ""),
        rows[deleted.pk].pk: ("", "2026-06-01 15:00:00"),
    }
