"""The file of refused rows: it can be repaired and imported, and never takes another file's place."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.audience.importing import refused as refused_file
from publisher.audience.importing.columns import OWN, Columns
from publisher.audience.importing.dialect import Layout
from publisher.audience.importing.outcome import MOST_SHOWN, Outcome
from publisher.audience.importing.refusals import REASONS, Refused
from publisher.audience.importing.refused import refused_rows
from publisher.core.errors import UserError
from tests.audience.importing.files import read
from tests.processes import ROOT


@pytest.fixture(autouse=True)
def original(tmp_path: Path) -> Path:
    path = tmp_path / "readers.csv"
    path.write_text("email;name\n", encoding="utf-8")
    return path


def written(path: Path, wanted: Path | None = None, *, rows: int = 1) -> Outcome:
    outcome = Outcome()
    layout = Layout(";", ("email", "name"), 2, Columns({"email": 0, "name": 1}))
    with refused_rows(path, wanted, layout, outcome) as refused:
        for n in range(rows):
            refused.add(n + 2, Refused("zone", value="Mars"), [f"lin{n}@example.org", 'L; "in"\n林'])
    return outcome


def test_it_holds_line_reason_and_the_row_as_it_was(tmp_path: Path) -> None:
    outcome = written(tmp_path / "readers.csv")
    assert outcome.refused_file == tmp_path / "readers.refused.csv"
    with outcome.refused_file.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert rows[0] == ["line", "reason", "email", "name"]
    assert rows[1] == ["2", Refused("zone", value="Mars").reason, "lin0@example.org", 'L; "in"\n林']


def test_it_can_be_imported_like_its_original(tmp_path: Path) -> None:
    outcome = Outcome()
    layout = Layout("\t", ("email", "name"), 2, Columns({"email": 0, "name": 1}))
    with refused_rows(tmp_path / "readers.csv", None, layout, outcome) as refused:
        refused.add(2, Refused("zone", value="Mars"), ["lin@example.org", "Lin\t林"])
    assert outcome.refused_file is not None
    found = read(outcome.refused_file.read_bytes())
    assert [(row.email, row.name) for row in found.rows] == [("lin@example.org", "Lin 林")]
    assert found.layout.columns.unknown == ()


CELLS = st.one_of(
    st.text("'=+-@ \t\n,;\"1a林", max_size=8),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=20),
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
@example([("", " '=")])
@example([("", " '\t")])
def test_no_cell_of_it_is_run_by_a_spreadsheet_and_its_import_reads_what_stood_in_the_original(
    rows: list[tuple[str, str]],
) -> None:
    with TemporaryDirectory() as folder:
        outcome = Outcome()
        layout = Layout(",", ("email", "=name", "notes"), 3, Columns({"email": 0, "name": 1}))
        with refused_rows(Path(folder) / "readers.csv", None, layout, outcome) as refused:
            for n, cells in enumerate(rows):
                refused.add(n + 2, Refused("zone", value="Mars"), ["nobody", *cells])
        assert outcome.refused_file is not None
        data = outcome.refused_file.read_bytes()
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
        assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]
        assert not [cell for cell in row if cell.startswith(("\t", "\r", "\n"))]
    found = read(data, said={"=name": "name"})
    assert found.layout.names == (*OWN, "email", "=name", "notes")
    read_again = [tuple(cell.lstrip(" ") for cell in cells[3:]) for _line, _code, cells in found.refused]
    assert read_again == [(name.lstrip(" "), notes.lstrip(" ")) for name, notes in rows]


def test_an_apostrophe_in_another_file_is_left_where_it_is(tmp_path: Path) -> None:
    assert read("email,name\na@example.org,'-Lin\n").rows[0].name == "'-Lin"


def test_a_formula_that_was_refused_is_imported_as_it_was(tmp_path: Path) -> None:
    outcome = Outcome()
    layout = Layout(",", ("email", "name"), 2, Columns({"email": 0, "name": 1}))
    with refused_rows(tmp_path / "readers.csv", None, layout, outcome) as refused:
        refused.add(2, Refused("zone", value="Mars"), ["+lin@example.org", "=Lin"])
    assert outcome.refused_file is not None
    found = read(outcome.refused_file.read_bytes())
    assert [(row.email, row.name) for row in found.rows] == [("+lin@example.org", "=Lin")]


def test_rows_without_a_header_get_one_and_numbers_of_columns_stay_what_they_were(tmp_path: Path) -> None:
    outcome = Outcome()
    layout = Layout(",", (), 3, Columns({"email": 2, "name": 0}))
    with refused_rows(tmp_path / "readers.csv", None, layout, outcome) as refused:
        refused.add(1, Refused("zone", value="Mars"), ["Lin", "42", "lin@example.org"])
    assert outcome.refused_file is not None
    for said in ({}, {"1": "name", "3": "email"}):
        found = read(outcome.refused_file.read_bytes(), said=said)
        assert [(row.email, row.name) for row in found.rows] == [("lin@example.org", "Lin")]
        assert found.layout.columns.unknown == ("column 2",)


def test_without_refused_rows_there_is_no_file(tmp_path: Path) -> None:
    wanted = tmp_path / "mine.csv"
    wanted.write_text("of an earlier import", encoding="utf-8")
    written(tmp_path / "readers.csv", rows=0)
    written(tmp_path / "readers.csv", wanted, rows=0)
    assert list(tmp_path.iterdir()) == [tmp_path / "readers.csv"]


def test_a_device_that_is_asked_for_stays(tmp_path: Path) -> None:
    written(tmp_path / "readers.csv", Path("/dev/null"), rows=0)
    assert Path("/dev/null").exists()


def test_a_file_that_somebody_may_be_repairing_stays(tmp_path: Path) -> None:
    repaired = tmp_path / "readers.refused.csv"
    repaired.write_text("by hand", encoding="utf-8")
    assert written(tmp_path / "readers.csv").refused_file == tmp_path / "readers.refused.2.csv"
    assert repaired.read_text(encoding="utf-8") == "by hand"


def test_a_file_that_is_asked_for_is_written_anew(tmp_path: Path) -> None:
    wanted = tmp_path / "mine.csv"
    wanted.write_text("old\n" * 1_000, encoding="utf-8")
    written(tmp_path / "readers.csv", wanted)
    assert "old" not in wanted.read_text(encoding="utf-8")


def test_the_original_is_never_written_over(tmp_path: Path, original: Path) -> None:
    with pytest.raises(UserError, match="is the file to import"):
        written(original, tmp_path / "." / "readers.csv")
    assert original.read_text(encoding="utf-8") == "email;name\n"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    outcome = written(tmp_path / "readers.csv")
    assert outcome.refused_file is not None
    assert outcome.refused_file.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written") as refused:
        written(tmp_path / "no" / "readers.csv")
    assert "--refused" in refused.value.hint


def test_a_full_disk_is_told_in_words(original: Path) -> None:
    with pytest.raises(UserError, match="cannot be written to /dev/full"):
        written(original, Path("/dev/full"), rows=10_000)


def test_all_are_counted_and_some_are_shown(tmp_path: Path) -> None:
    outcome = written(tmp_path / "readers.csv", rows=MOST_SHOWN + 5)
    assert (outcome.refused, len(outcome.refused_rows)) == (MOST_SHOWN + 5, MOST_SHOWN)
    assert outcome.reasons == {"zone": MOST_SHOWN + 5}


def test_every_reason_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "subscribers.md").read_text(encoding="utf-8")
    assert [code for code in REASONS if f"`{code}`" not in page] == []


def test_a_file_of_refused_rows_is_read_again_row_by_row() -> None:
    """Whatever its delimiter, across the pieces in which it is kept; a field that is too long to be read costs its row only."""
    long = b'9,"' + b"x" * 140_000 + b'",a\r\n'
    text = '\ufeffline,reason,Mail\r\n2,"\'=1+1 is not, \n a mail address",x\r\n'.encode() + long
    whole = text + "11,没有地址。,\r\n".encode() + b"12,last,"
    pieces = [whole[at : at + 7] for at in range(0, len(whole), 7)]
    found = [(row.line, row.reason) for row in refused_file.read(pieces)]
    assert found == [(2, "=1+1 is not, \n a mail address"), (11, "没有地址。"), (12, "last")]
    other = [
        (row.line, row.reason)
        for row in refused_file.read([b'line;reason;"Mail\naddress"\n3;There is; no\n'])
    ]
    assert other == [(3, "There is")]
    assert list(refused_file.read([])) == []
