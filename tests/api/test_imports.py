"""Lists of subscribers and of suppressions by the API: given as CSV, tried, imported; what was refused is told with reasons."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.api.v1 import files
from publisher.audience.importing import keeping, running
from publisher.audience.importing.given import offer
from publisher.audience.models import Subscription, Suppression, SuppressionImport, Upload
from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.digests.models import Digest
from tests.api.steps import Caller, caller, data, problem
from tests.builders import NOON, a_digest
from tests.desk.audience_builders import an_upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]

LIST = b"Mail,Name,Shoe\nlin@example.org,Lin,38\nbroken@,Bo,\n,Nobody,\n"


class Sender(Caller):
    def give(self, path: str, body: bytes, **headers: str) -> Any:
        return self.post(path, body, content_type="text/csv", **headers)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def program(db: None) -> Sender:
    return Sender(caller("manage_audience").secret)


@pytest.fixture
def seeing(db: None) -> Sender:
    return Sender(caller("manage_audience", "see_addresses").secret)


@pytest.fixture
def weekly(db: None) -> Digest:
    return a_digest(slug="weekly")


def work() -> None:
    def offered(digest_id: int) -> tuple[Any, str] | None:
        digest = Digest.objects.filter(pk=digest_id).first()
        return (offer(digest.pk, digest.languages), digest.languages[0]) if digest else None

    running.run_next(offered, now=clock.now())


def test_a_list_is_given_tried_and_imported(program: Sender, seeing: Sender, weekly: Digest) -> None:
    given = data(program.give("/imports?name=readers.csv", LIST), 201)
    assert (given["file_name"], given["state"], given["size"]) == ("readers.csv", "new", len(LIST))
    assert [(each["field"], each["examples"]) for each in given["columns"]] == [
        ("email", []),
        ("name", []),
        ("ignore", []),
    ]
    path = f"/imports/{given['id']}"
    assert data(seeing.get(path))["columns"][0]["examples"][0] == "lin@example.org"
    asked = {"version": 1, "digest": "weekly"}
    assert "agreed" in problem(program.post(f"{path}/check", asked), 422, "refused")["detail"]
    problem(program.post(f"{path}/begin", {"version": 1}), 422, "refused")
    checking = data(program.post(f"{path}/check", {**asked, "consent": "open day", "tag": "Fair"}))
    assert (checking["state"], checking["version"], checking["digest"]) == ("checking", 2, "weekly")
    work()
    tried = data(program.get(path))
    assert tried["state"] == "checked"
    assert (tried["counts"]["read"], tried["counts"]["added"], tried["counts"]["refused"]) == (3, 1, 2)
    assert tried["reasons"] == {"address": 1, "no_address": 1}
    assert tried["reading"]["columns"] == {"1": "email", "2": "name", "3": "ignore"}
    assert not Subscription.objects.exists()
    problem(program.post(f"{path}/begin", {"version": 1}), 409, "stale")
    problem(program.post(f"{path}/begin", {}, If_Match='"1"'), 412, "stale")
    assert data(program.post(f"{path}/begin", {}, If_Match='"2"'))["state"] == "waiting"
    work()
    done = data(program.get(path))
    assert (done["state"], done["file_held"], done["counts"]["subscribed"]) == ("done", False, 1)
    row = Subscription.objects.get()
    assert row.subscriber.email == "lin@example.org"
    assert row.subscriber.consents.get().how == "open day"
    assert [tag.name for tag in row.subscriber.tags.all()] == ["Fair"]
    kinds = set(AuditEntry.objects.filter(object_type="upload").values_list("action", flat=True))
    assert kinds == {"upload.given", "upload.begun", "subscribers.imported"}


def test_refused_rows_are_read_in_pages_and_fetched_as_a_file(
    program: Sender, seeing: Sender, weekly: Digest
) -> None:
    rows = b"".join(b"lin%d at example.org\n" % number for number in range(5))
    path = f"/imports/{data(program.give('/imports', b'Mail' + bytes([10]) + rows), 201)['id']}"
    problem(seeing.post(f"{path}/refused/fetch"), 422, "refused")
    data(program.post(f"{path}/check", {"version": 1, "digest": "weekly", "consent": "open day"}))
    work()
    lines: list[int] = []
    page = data(seeing.get(f"{path}/refused", {"limit": "2"}))
    while True:
        lines += [row["line"] for row in page["data"]]
        assert "lin" in page["data"][0]["reason"]
        if page["next"] is None:
            break
        page = data(seeing.get(page["next"]))
    assert lines == [2, 3, 4, 5, 6]
    problem(program.post(f"{path}/refused/fetch"), 403, "not_allowed")
    answer = seeing.post(f"{path}/refused/fetch")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0] == "line,reason,Mail"
    assert len(text.splitlines()) == 6
    assert AuditEntry.objects.filter(action="upload.refused_fetched").count() == 1


def test_reasons_name_no_address_to_who_may_not_read_them(program: Sender, seeing: Sender) -> None:
    upload = an_upload(state="checked", refused_held=True)
    file = b'\xef\xbb\xbfline;reason;Mail\r\n7;"info@example.org is the mailbox; of a role";x\r\n'
    keeping.put(upload.key, keeping.REFUSED, [file[:9], file[9:]])
    path = f"/imports/{upload.pk}/refused"
    assert data(seeing.get(path))["data"] == [
        {"line": 7, "reason": "info@example.org is the mailbox; of a role"}
    ]
    assert "info@" not in data(program.get(path))["data"][0]["reason"]


def test_columns_are_chosen_and_what_cannot_be_is_told(program: Sender, weekly: Digest) -> None:
    path = (
        f"/imports/{data(program.give('/imports', b'A,B' + bytes([10]) + b'Lin,lin@example.org'), 201)['id']}"
    )
    asked = {"version": 1, "digest": "weekly", "consent": "open day"}
    problem(program.post(f"{path}/check", asked), 422, "refused")
    problem(program.post(f"{path}/check", {**asked, "columns": {"2": "e-mail"}}), 422, "refused")
    problem(program.post(f"{path}/check", {**asked, "columns": {"zwei": "email"}}), 422, "invalid")
    problem(program.post(f"{path}/check", {**asked, "digest": "none"}), 422, "refused")
    problem(program.post(f"{path}/check", {**asked, "language": "sw"}), 422, "refused")
    data(program.post(f"{path}/check", {**asked, "columns": {"1": "name", "2": "email"}}))
    work()
    assert data(program.get(path))["counts"]["added"] == 1


def test_a_file_that_is_no_table_says_so_and_is_withdrawn(program: Sender, weekly: Digest) -> None:
    given = data(program.give("/imports", b"PK\x03\x04 and so on"), 201)
    assert "workbook" in given["unreadable"]
    path = f"/imports/{given['id']}"
    problem(program.post(f"{path}/withdraw", {}), 428, "version_missing")
    assert data(program.post(f"{path}/withdraw", {"version": 1}))["state"] == "withdrawn"
    assert data(program.get("/imports", {"state": "new"}))["data"] == []
    assert len(data(program.get("/imports", {"state": "withdrawn"}))["data"]) == 1


def test_a_body_that_is_no_csv_file_is_refused(program: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    problem(program.post("/imports", {"a": 1}), 415, "not_csv_type")
    problem(program.give("/suppressions/imports", b" "), 422, "refused")
    problem(program.give("/imports?filename=x.csv", LIST), 422, "invalid")
    problem(program.give("/suppressions/imports", b"x" * ((32 << 20) + 1)), 413, "too_large")
    monkeypatch.setattr(files, "_length", lambda _request, _most: len(LIST) + 1)
    problem(program.give("/imports", LIST), 400, "broken_off")
    assert not Upload.objects.exists()


def test_a_body_of_unknown_length_is_counted_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Request:
        content_type, headers, META = "text/csv", {"Transfer-Encoding": "chunked"}, {}

    with pytest.raises(files.ProblemError) as refused, files.taken(Request(), 10):  # type: ignore[arg-type]  # enough of one
        pass
    assert refused.value.code == "length_required"
    pieces: Iterator[bytes] = iter([b"12345", b"67890", b"1", b""])

    class Input:
        def read(self, _size: int) -> bytes:
            return next(pieces)

    Request.META = {"wsgi.input_terminated": True, "wsgi.input": Input()}
    with pytest.raises(files.ProblemError) as large, files.taken(Request(), 10):  # type: ignore[arg-type]  # as above
        pass
    assert large.value.code == "too_large"


def test_the_same_file_with_one_key_is_given_once(program: Sender) -> None:
    answers = [program.give("/imports", LIST, Idempotency_Key="list-1") for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert Upload.objects.count() == 1
    problem(program.give("/imports", LIST + b"x", Idempotency_Key="list-1"), 422, "idempotency_key_reused")


def test_a_list_of_suppressions_is_brought_in_and_each_bad_row_kept(program: Sender, seeing: Sender) -> None:
    body = b"email,reason\na@example.org,spam\nnobody at example.org,spam\n"
    done = data(program.give("/suppressions/imports?name=old.csv", body), 201)
    counts = {name: done[name] for name in ("name", "by", "read", "added", "refused", "refused_held")}
    assert counts == {
        "name": "old.csv",
        "by": "mira",
        "read": 2,
        "added": 1,
        "refused": 1,
        "refused_held": True,
    }
    assert Suppression.objects.get().reason == "complained"
    path = f"/suppressions/imports/{done['id']}"
    assert data(program.get(path)) == done
    assert [row["id"] for row in data(program.get("/suppressions/imports"))["data"]] == [done["id"]]
    (row,) = data(program.get(f"{path}/refused"))["data"]
    assert row["line"] == 3
    assert "is not a mail address" in row["reason"]
    problem(program.post(f"{path}/refused/fetch"), 403, "not_allowed")
    file = b"".join(seeing.post(f"{path}/refused/fetch").streaming_content)
    assert b"nobody at example.org" in file
    assert AuditEntry.objects.filter(action="suppressions.refused_fetched").count() == 1
    SuppressionImport.objects.update(refused_rows=None)
    assert data(program.get(f"{path}/refused"))["data"] == []
    problem(seeing.post(f"{path}/refused/fetch"), 422, "refused")
    problem(program.give("/suppressions/imports", b"name\nIlse\n"), 422, "refused")
    assert SuppressionImport.objects.count() == 1


def test_a_list_of_suppressions_with_one_key_is_brought_in_once(program: Sender) -> None:
    answers = [
        program.give("/suppressions/imports", b"email\na@example.org\n", Idempotency_Key="old-1")
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert SuppressionImport.objects.count() == 1


def test_what_a_broken_provider_bounced_is_counted_then_lifted(program: Sender) -> None:
    wrong = {"reason": "bounced", "evidence": "Report 3: 5.1.1"}
    Suppression.objects.create(email_key="a@big.example", at=NOON, **wrong)
    Suppression.objects.create(email_key="b@other.example", at=NOON, **wrong)
    Suppression.objects.create(email_key="c@big.example", at=NOON - timedelta(days=1), **wrong)
    Suppression.objects.create(email_key="d@big.example", at=NOON, reason="complained", evidence="Report 4")
    span = {
        "since": (NOON - timedelta(hours=1)).isoformat(),
        "until": (NOON + timedelta(hours=1)).isoformat(),
        "domain": "big.example",
    }
    assert data(program.post("/suppressions/bounced/count", span)) == {"entries": 1}
    problem(program.post("/suppressions/bounced/lift", span), 422, "invalid")
    wish = {**span, "because": "their outage", "expected": 1}
    problem(program.post("/suppressions/bounced/lift", {**wish, "because": " "}), 422, "refused")
    problem(program.post("/suppressions/bounced/lift", {**wish, "domain": ""}), 409, "stale")
    assert Suppression.objects.count() == 4
    assert data(program.post("/suppressions/bounced/lift", wish)) == {"entries": 1}
    assert not Suppression.objects.filter(email_key="a@big.example").exists()
    entry = AuditEntry.objects.get(action="suppressions.lifted")
    assert (entry.actor_name, entry.after["because"]) == ("mira", "their outage")
