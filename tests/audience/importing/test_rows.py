"""One row: what is taken of it, and why another is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.audience.importing.refusals import REASONS, Refused
from publisher.audience.importing.rows import MACHINES, ROLES, full_name, moment, unwrapped
from publisher.items.text import words
from tests.audience.importing.files import a_csv, read
from tests.builders import NOON


def row(**cells: str) -> object:
    found = read(a_csv(cells.keys(), cells.values()))
    return found.rows[0] if found.rows else found.refused[0][1]


@pytest.mark.parametrize(
    ("cell", "email", "name"),
    [
        ("lin@example.org", "lin@example.org", ""),
        (" \u00a0lin@example.org\u3000", "lin@example.org", ""),
        ("\u200blin@example.org\ufeff", "lin@example.org", ""),
        ("mailto:lin@example.org?subject=hello", "lin@example.org", ""),
        ("MAILTO: Lin@Example.org", "Lin@Example.org", ""),
        ('"Lin Wei" <lin@example.org>', "lin@example.org", "Lin Wei"),
        ("林小新 <lin@example.org>", "lin@example.org", "林小新"),
        ("<lin@example.org>", "lin@example.org", ""),
        ("'lin@example.org'", "lin@example.org", ""),
        ("o'neil@example.org", "o'neil@example.org", ""),
        ("读者@例子.广告", "读者@例子.广告", ""),
        ("lin@bücher.example", "lin@bücher.example", ""),
        ("lin+news@example.org", "lin+news@example.org", ""),
    ],
)
def test_an_address_is_taken_out_of_what_stands_around_it(cell: str, email: str, name: str) -> None:
    found = read(a_csv(("email",), (cell,))).rows[0]
    assert (found.email, found.name) == (email, name)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("lin", "address"),
        ("lin@example", "address"),
        ("lin@@example.org", "address"),
        ("lin@exa mple.org", "address"),
        (f"{'x' * 300}@example.org", "address"),
        ("a@b.org, c@d.org", "several"),
        ("lin\u0007@example.org", "controls"),
        ("l\u202ein@example.org", "controls"),
        ("l\u200bin@example.org", "address"),
        ("lin\ufffd@example.org", "damaged"),
        ("<>", "no_address"),
        ("noreply@example.org", "machine"),
        ("MAILER-DAEMON@example.org", "machine"),
    ],
)
def test_what_is_no_address_of_a_reader_is_refused(cell: str, code: str) -> None:
    assert row(email=cell) == code


def test_a_row_without_an_address_is_refused() -> None:
    assert row(email=" ", name="Lin") == "no_address"


def test_shared_mailboxes_are_counted_and_refused_only_when_asked() -> None:
    text = "email\ninfo@example.org\nPress <press@example.org>\nlin@example.org\n"
    found = read(text)
    assert (len(found.rows), found.outcome.roles) == (3, 2)
    assert [code for _line, code in read(text, refuse_roles=True).codes] == ["role", "role"]


def test_no_mailbox_is_both_of_a_machine_and_of_people() -> None:
    assert not MACHINES & ROLES
    assert all(local == local.casefold() for local in MACHINES | ROLES)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("asia/shanghai", "Asia/Shanghai"),
        (" America/New York ", "America/New_York"),
        ("utc", "UTC"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_zone_is_known_in_any_case(cell: str, expected: str) -> None:
    assert row(email="lin@example.org", zone=cell).zone == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize("cell", ["Mars/Base", "GMT+8", "../../etc/passwd", "localtime", "+08:00"])
def test_an_unknown_zone_is_refused(cell: str) -> None:
    assert row(email="lin@example.org", zone=cell) == "zone"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-05-01", "2026-05-01T00:00:00+00:00"),
        ("2026/5/1", "2026-05-01T00:00:00+00:00"),
        ("2026年5月1日", "2026-05-01T00:00:00+00:00"),
        ("2026-05-01 08:30", "2026-05-01T08:30:00+00:00"),
        ("2026-05-01T08:30:15+08:00", "2026-05-01T00:30:15+00:00"),
        ("2026-05-01T08:30:15Z", "2026-05-01T08:30:15+00:00"),
        ("2026-06-02", NOON.isoformat()),  # it is tomorrow already where this was written
    ],
)
def test_a_date_is_read_with_the_year_first(cell: str, expected: str) -> None:
    assert moment(cell, NOON) == expected


@pytest.mark.parametrize(
    "cell",
    ["01/05/2026", "5.1.26", "45413", "2026-13-01", "0001-01-01", "1969-12-31", "2026-06-03", "9999-12-31T23:59-23:00", "x"],
)  # fmt: skip
def test_a_date_that_may_mean_another_or_lies_ahead_is_refused(cell: str) -> None:
    with pytest.raises(Refused) as refused:
        moment(cell, NOON)
    assert refused.value.code == "since"


def test_without_a_date_it_is_left_to_the_import() -> None:
    assert row(email="lin@example.org", since=" ").since is None  # type: ignore[attr-defined]
    assert moment((NOON + timedelta(hours=1)).isoformat(), NOON) == NOON.isoformat()


@pytest.mark.parametrize(
    ("first", "last", "whole"),
    [("Ada", "Lovelace", "Ada Lovelace"), ("伟", "王", "王伟"), ("Wei", "王", "Wei 王"), ("Ada", "", "Ada"), ("", "王", "王")],
)  # fmt: skip
def test_first_and_last_name_make_one(first: str, last: str, whole: str) -> None:
    assert full_name(first, last) == whole
    assert row(email="lin@example.org", first=first, last=last).name == whole  # type: ignore[attr-defined]


def test_names_are_cleaned_and_never_cut() -> None:
    assert row(email="lin@example.org", name=" Lin\u3000 Wei ").name == "Lin Wei"  # type: ignore[attr-defined]
    assert row(email="lin@example.org", name="x" * 201) == "name"
    assert row(email="lin@example.org", name="Lin\x1b[31m") == "controls"


def test_consent_stands_in_the_row_or_is_said_for_all() -> None:
    text = "email,consent\na@example.org,open day\nb@example.org,\n"
    assert [each.how for each in read(text).rows] == ["open day", None]
    assert read(text, consent="").codes == [(3, "consent")]
    assert row(email="a@example.org", consent="x" * 201) == "consent_long"


def test_a_comma_between_name_and_address_is_no_matter() -> None:
    assert unwrapped("Lin <lin@example.org>") == ("Lin", "lin@example.org")
    assert unwrapped("lin@example.org") == ("", "lin@example.org")


def test_reasons_show_no_control_characters_and_nothing_at_length() -> None:
    reason = Refused("topic", value="\x1b[2J" + "x" * 10_000).reason
    assert reason.isprintable()
    assert len(reason) < 300


def test_every_reason_is_a_sentence() -> None:
    assert all(reason.endswith((".", ")s")) for reason in REASONS.values())
    assert words("a b") == {"a", "b"}
