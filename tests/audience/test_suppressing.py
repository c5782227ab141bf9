"""Bringing in lists of addresses that must not be written to: by sets, never lifting, with bad rows kept."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience import erased
from publisher.audience.models import Suppression, SuppressionImport
from publisher.audience.suppressing import importing
from publisher.audience.suppressing.searching import Search, report_of
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
R = Suppression.Reason


def brought(text: str | bytes, name: str = "list.csv") -> SuppressionImport:
    raw = text if isinstance(text, bytes) else text.encode()
    return importing.import_list(io.BytesIO(raw), name, user="mira@host", now=NOW)


def entry(key: str = "a@example.org", **more: Any) -> Suppression:
    given_fields = {"reason": R.STAFF, "evidence": "asked by phone", "at": NOW - timedelta(days=9)} | more
    return Suppression.objects.create(email_key=key, **given_fields)


def standing(key: str = "a@example.org") -> tuple[str, datetime | None]:
    row = Suppression.objects.get(email_key=key)
    return row.reason, row.until


def test_a_list_with_reason_date_and_end_is_brought_in() -> None:
    done = brought(
        "Email;Reason;Date;Until;Note\n"
        "A@Example.org;hard bounce;2026-05-01;;550 5.1.1\n"
        "b@example.org;Spam Complaint;2026-05-02 08:30:00;;\n"
        "c@example.org;;;2026-09-01;\n"
    )
    assert (done.read, done.added, done.refused) == (3, 3, 0)
    row = Suppression.objects.get(email_key="a@example.org")
    assert (row.reason, row.at) == (R.BOUNCED, datetime(2026, 5, 1, tzinfo=UTC))
    assert row.evidence == f"Import {done.pk}: 550 5.1.1"
    assert standing("b@example.org") == (R.COMPLAINED, None)
    assert standing("c@example.org") == (R.IMPORTED, datetime(2026, 9, 1, tzinfo=UTC))
    (told,) = AuditEntry.objects.filter(action="suppressions.imported")
    assert told.after["added"] == 3
    assert "example.org" not in str(told.after)


def test_who_was_erased_is_not_written_down_again() -> None:
    erased.remember(["gone@example.org"], now=NOW)
    done = brought("email,reason\nGone@example.org,bounce\nb@example.org,bounce\n")
    assert (done.read, done.added, done.unchanged, done.refused) == (2, 1, 1, 0)
    assert [row.email_key for row in Suppression.objects.all()] == ["b@example.org"]


def test_what_providers_export_and_a_bare_list_can_be_read() -> None:
    brought(
        '"EmailAddress","SuppressionReason","Origin","CreatedAt"\n"p@example.org","ManualSuppression","Customer","2026-05-01T10:00:00Z"\n'
    )
    brought("created,email,reason\n1780000000,s@example.org,550 5.1.1 unknown\n")
    brought("bare@example.org\nsecond@example.org\n")
    assert standing("p@example.org") == (R.REFUSED, None)
    sendgrid = Suppression.objects.get(email_key="s@example.org")
    assert sendgrid.reason == R.IMPORTED
    assert sendgrid.evidence.endswith(": 550 5.1.1 unknown")
    assert sendgrid.at == datetime.fromtimestamp(1780000000, UTC)
    assert standing("bare@example.org") == standing("second@example.org") == (R.IMPORTED, None)


def test_a_bad_row_is_kept_with_its_reason_and_can_be_mended_and_brought_again() -> None:
    done = brought(
        "email,reason,date,until\nno address,spam,,\nb@example.org,spam,yesterday,\nc@example.org,,,2026-05-01\n"
        "d@example.org,,2027-01-01,\ne@example.org,spam,2026-05-01,\n"
    )
    assert (done.read, done.added, done.refused) == (5, 1, 4)
    kept = importing.refused_file(done).decode()
    assert kept.splitlines()[0] == "line,reason why,email,reason,date,until"
    for said in (
        "is not a mail address",
        "“yesterday” is no date",
        "It has ended already.",
        "Its date has not come yet.",
    ):
        assert said in kept
    assert [line.partition(",")[0] for line in kept.splitlines()[1:]] == ["2", "3", "4", "5"]
    again = brought(kept.replace("yesterday", "2026-05-30"))
    assert (again.added, again.refused) == (1, 3)
    assert standing("b@example.org") == (R.COMPLAINED, None)


def test_bad_rows_are_forgotten_after_a_month() -> None:
    done = brought("email\nno address\n")
    assert importing.forget(now=NOW + timedelta(days=29)) == 0
    assert importing.forget(now=NOW + timedelta(days=31)) == 1
    done.refresh_from_db()
    assert importing.refused_file(done) == b""
    assert done.refused == 1


@pytest.mark.parametrize(
    ("before", "row", "after"),
    [
        ({}, ",soft bounce,2026-05-30,", (R.STAFF, None)),
        ({"reason": R.REFUSED}, ",bounce,,2026-07-01", (R.REFUSED, None)),
        ({"reason": R.BOUNCED}, ",spam,,2026-07-01", (R.COMPLAINED, None)),
        ({"reason": R.SOFT, "until": NOW + timedelta(days=3)}, ",,,2026-06-02", (R.IMPORTED, NOW + timedelta(days=3))),
        ({"reason": R.REFUSED, "until": NOW + timedelta(days=3)}, ",,,", (R.REFUSED, None)),
        ({"reason": R.REFUSED, "until": NOW - timedelta(days=3)}, ",bounce,,2026-07-01",
         (R.BOUNCED, datetime(2026, 7, 1, tzinfo=UTC))),
    ],
)  # fmt: skip
def test_nothing_is_lifted_shortened_or_weakened(
    before: dict[str, Any], row: str, after: tuple[Any, Any]
) -> None:
    entry(**before)
    brought(f"email,reason,date,until\na@example.org{row}\n")
    assert standing() == after


def test_an_address_that_stands_twice_counts_once_by_its_strongest_word() -> None:
    done = brought("email,reason,until\na@example.org,bounce,2026-07-01\nA@EXAMPLE.org,spam,2026-06-15\n")
    assert (done.read, done.added, done.unchanged) == (2, 1, 1)
    assert standing() == (R.COMPLAINED, datetime(2026, 7, 1, tzinfo=UTC))


def test_the_same_list_again_changes_nothing() -> None:
    text = "email,reason\n" + "".join(f"r{number}@example.org,bounce\n" for number in range(50))
    assert brought(text).added == 50
    done = brought(text)
    assert (done.added, done.changed, done.unchanged) == (0, 0, 50)


def test_a_hundred_thousand_rows_are_brought_in_by_a_few_statements(
    django_assert_max_num_queries: Any,
) -> None:
    text = "email,reason,date\n" + "".join(
        f"r{number}@example.org,bounce,2026-05-01\n" for number in range(100_000)
    )
    with django_assert_max_num_queries(15):
        done = brought(text + "bad row,,\n")
    assert (done.added, done.refused) == (100_000, 1)
    assert Suppression.objects.count() == 100_000


@pytest.mark.parametrize("raw", [b"", b"name,reason\nIlse,spam\n", b"PK\x03\x04 a workbook", b"\n\n"])
def test_what_is_no_list_of_addresses_is_refused_as_a_whole(raw: bytes) -> None:
    with pytest.raises(UserError):
        brought(raw)
    assert not SuppressionImport.objects.exists()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(
        st.lists(st.text(max_size=12) | st.sampled_from(["a@example.org", "2026-05-01", "spam", '"', "\0", "=1+1"]), max_size=6),
        max_size=6,
    )
)  # fmt: skip
def test_whatever_stands_in_a_file_every_row_is_taken_or_kept(cells: list[list[str]]) -> None:
    Suppression.objects.all().delete()
    try:
        done = brought("email,reason,date,until,note\n" + "\n".join(",".join(row) for row in cells))
    except UserError as error:  # the file as a whole
        if "full of control characters" not in error.message:
            raise
        assert not Suppression.objects.exists()
        return
    assert done.read == done.added + done.changed + done.unchanged + done.refused
    assert set(Suppression.objects.values_list("email_key", flat=True)) <= {"a@example.org"}


def found(query: str) -> set[str]:
    search = Search.of(QueryDict(query))
    return set(search.rows(now=NOW).values_list("email_key", flat=True))


def test_the_list_is_found_by_reason_source_end_and_whole_address() -> None:
    entry("staff@example.org")
    entry("bounced@example.org", reason=R.BOUNCED, evidence="Report 12: 550 5.1.1")
    entry("soft@example.org", reason=R.SOFT, evidence="Report 13: full", until=NOW + timedelta(days=1))
    entry("ended@example.org", reason=R.IMPORTED, evidence="Import 2: spam", until=NOW)
    assert found("reason=bounced") == {"bounced@example.org"}
    assert found("source=report") == {"bounced@example.org", "soft@example.org"}
    assert found("source=import") == {"ended@example.org"}
    assert found("source=other") == {"staff@example.org"}
    assert found("expiry=ended") == {"ended@example.org"}
    assert found("expiry=ends") == {"soft@example.org"}
    assert found("expiry=standing") == {"staff@example.org", "bounced@example.org", "soft@example.org"}
    assert found("expiry=good") == {"staff@example.org", "bounced@example.org"}
    assert found("email=STAFF@example.org") == {"staff@example.org"}
    for wrong in ("email=staff", "reason=x", "source=x", "expiry=x"):
        assert Search.of(QueryDict(wrong)).errors
        assert found(wrong) == set()


def test_the_report_that_is_the_evidence_is_named() -> None:
    assert report_of(Suppression(evidence="Report 12: 550 5.1.1")) == 12
    assert report_of(Suppression(evidence="Reported by phone")) is None
    assert report_of(Suppression(evidence="Report ²: x")) is None
