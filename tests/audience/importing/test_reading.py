"""From bytes to good rows and refused ones: whatever is broken costs its own rows only."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.audience.importing.records import LONGEST_LINE, Lines, Shape, records
from publisher.audience.mailboxes import MACHINES
from publisher.core.errors import UserError
from tests.audience.importing.files import a_csv, read

ADDRESSES = st.from_regex(r"[a-z0-9]{1,8}@[a-z]{1,8}\.(org|net)", fullmatch=True)
ROWS = st.lists(
    st.tuples(
        ADDRESSES.filter(lambda address: address.partition("@")[0] not in MACHINES),
        st.text(
            st.characters(exclude_categories=("C", "Z"), exclude_characters="\ufffd"), min_size=1, max_size=30
        ),
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n"), max_size=30),
    ),
    min_size=1,
    max_size=20,
)


@given(
    ROWS,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_every_row_that_a_csv_writer_wrote_is_read_again(
    rows: list[tuple[str, str, str]], delimiter: str, quoting: int, end: str, encoding: str
) -> None:
    text = a_csv(("email", "name", "notes"), *rows, delimiter=delimiter, quoting=quoting, lineterminator=end)
    found = read(text.encode(encoding), encoding=encoding)
    assert found.refused == []
    assert [(row.email, row.name) for row in found.rows] == [(email, name) for email, name, _notes in rows]
    assert found.layout.columns.unknown == ("notes",)


PIECES = [b'"', b",", b"a@b.org", b"\n", b"\r", b"\xff", b"\0", b'""', b"email", b"\xe4\xb8"]
HOSTILE = st.one_of(
    st.binary(max_size=400),
    st.text('ab@.,;\t"\n\r\0 =é林\ufeff\u2028\u0085', max_size=200).map(
        lambda text: f"email,name\n{text}".encode()
    ),
    st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join),
)


@given(HOSTILE, st.sampled_from(["", "utf-8", "utf-16", "utf-32", "gb18030", "shift_jis", "utf-7", "hz"]))
@settings(max_examples=600)
@example(b'"\n"\n"\n', "utf-8")
@example(b'email\n"\n\n"', "utf-8")
@example(b"sep=", "")
@example(b"sep=;\n", "")
@example(b"\xff\xfe", "")
def test_any_bytes_are_read_or_refused_in_words(data: bytes, encoding: str) -> None:
    try:
        found = read(data, encoding=encoding)
    except UserError:
        return
    assert found.outcome.read == len(found.rows) + len(found.refused)
    lines = [line for line, _code, _cells in found.refused] + [row.line for row in found.rows]
    assert len(lines) == len(set(lines))
    for row in found.rows:
        assert "\0" not in "".join(map(str, row))
        assert "".join(map(str, row)).encode()


BROKEN_AND_WHOLE = [
    "a{}@example.org,A",
    '"b{}@example.org,B',
    'c{}@example.org,"C',
    "d{}@example.org",
    'e{}@example.org,"E"x',
    "f{}@example.org,F,G",
    '"g{}@example.org","G"',
]


@given(st.lists(st.sampled_from(BROKEN_AND_WHOLE), max_size=40))
def test_a_broken_row_costs_itself_only(kinds: list[str]) -> None:
    lines = [kind.format(n) for n, kind in enumerate(kinds)]
    found = read("\n".join(["email,name", *lines]))
    assert found.emails == [
        line.split(",")[0].strip('"') for line in lines if line[0] == "a" or line[:2] == '"g'
    ]
    assert found.outcome.read == len(lines)


def test_a_quote_that_is_never_closed_costs_its_line_and_not_the_file() -> None:
    many = "".join(f"r{n}@example.org,R\n" for n in range(5_000))
    found = read(f'email,name\nlin@example.org,"Lin\n{many}')
    assert found.codes == [(2, "quotes")]
    assert len(found.rows) == 5_000
    assert found.refused[0][2] == ["lin@example.org", '"Lin']


def test_a_note_of_several_lines_is_one_row_and_lines_are_counted_on() -> None:
    found = read('email,notes\na@example.org,"one\ntwo, ""three"""\nb@example.org,x\nnobody,x\n')
    assert [row.line for row in found.rows] == [2, 4]
    assert found.codes == [(5, "address")]


LINES_OF_A_NAME = st.lists(
    st.text(
        st.characters(exclude_categories=("C", "Z"), exclude_characters="\ufffd"), min_size=1, max_size=9
    ),
    min_size=1,
    max_size=4,
).filter(lambda parts: not any("@" in part for part in parts))


@given(
    st.lists(
        st.tuples(ADDRESSES, LINES_OF_A_NAME, st.sampled_from(["", "\n", "\n\n"])), min_size=1, max_size=12
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_cells_with_line_breaks_are_read_with_the_line_on_which_their_row_begins(
    rows: list[tuple[str, list[str], str]], delimiter: str, end: str
) -> None:
    """Before and after the address; and what follows an address in its cell is no part of it."""
    text, line, wanted = f"first name{delimiter}email{delimiter}last name{end}", 2, []
    for address, parts, after in rows:
        cells = ("\n".join(parts), address + after, "x")
        row = a_csv(cells, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
        if address.partition("@")[0] not in MACHINES:
            wanted.append((line, address))
        text += row
        line += len(io.StringIO(row, newline=None).readlines())
    found = read(text)
    assert [(row.line, row.email) for row in found.rows] == wanted
    assert all(code == "machine" for _line, code in found.codes)


def test_the_lines_of_a_name_become_one() -> None:
    found = read('email,name,topics\na@example.org,"Lin\r\nWei","water\r\nfood"\n')
    assert [(row.name, row.given) for row in found.rows] == [("Lin Wei", "[[1,3],null,null,null]")]


def test_a_row_of_several_lines_with_a_fault_is_refused_for_that_fault_and_as_one_row() -> None:
    found = read(
        'email,name,zone\na@example.org,"Lin\nWei"\nb@example.org,"Bo\nB",Mars\n"c@example.org\nd@example.org",C,\n'
    )
    assert found.codes == [(2, "columns"), (4, "zone"), (6, "several")]
    assert found.refused[0][2] == ["a@example.org", "Lin\nWei"]


def test_a_quote_that_is_closed_by_the_next_stray_one_does_not_hide_the_rows_between() -> None:
    between = "".join(f"r{n}@example.org,R\n" for n in range(500))
    found = read(f'email,name\nlin@example.org,"Lin\n{between}bo@example.org,TV 5"\nc@example.org,C\n')
    assert found.codes == [(2, "quotes")]
    assert len(found.rows) == 502


def test_nobody_is_subscribed_from_a_note_whose_lines_look_like_rows() -> None:
    found = read(
        'email,notes\na@example.org,"asked by\nboss@example.org, her boss\nof course"\nb@example.org,\n'
    )
    assert found.codes == [(2, "doubtful")]
    assert found.emails == ["b@example.org"]


@pytest.mark.parametrize(
    "line", ['x","y', 'a@b.org,"x', '"', '""', 'a,"""', 'a@b.org,"",",', '","', "x", 'a,"x', '"a@b.org\n,"",']
)
@pytest.mark.parametrize("last", ["", '"', '"x'])
def test_no_line_is_read_more_than_a_few_times(line: str, last: str) -> None:
    """So that a file full of broken quotes takes as long as another."""

    class Counted(Lines):
        count = 0

        def __next__(self) -> str:
            Counted.count += 1
            return super().__next__()

    text = 'a@b.org,"Lin\n' + f"{line}\n" * 5_000 + last
    lines = len(text.splitlines())
    read_lines = Counted(io.StringIO(text))
    for _record in records(read_lines, Shape(",", 2, 0, frozenset({0, 1}))):
        pass
    assert Counted.count <= 4 * lines + 10


def test_a_field_of_ten_megabytes_costs_its_row() -> None:
    found = read(
        f'email,name\na@example.org,{"x" * 10_000_000}\nb@example.org,B\nc@example.org,"{"y" * 200_000}"\nd@example.org,D\n'
    )
    assert found.codes == [(2, "too_long"), (4, "too_long")]
    assert found.emails == ["b@example.org", "d@example.org"]
    assert all(len(cell) < 600 for _line, _code, cells in found.refused for cell in cells)


def test_a_line_as_long_as_may_be_is_read() -> None:
    notes = ",".join(["x" * 100_000] * 9)
    found = read(f"email{',n' * 9}\na@example.org,{notes}\nb@example.org{',' * 9}\n")
    assert len(notes) < LONGEST_LINE
    assert found.emails == ["a@example.org", "b@example.org"]


def test_two_hundred_columns_are_read() -> None:
    names = [f"c{n}" for n in range(199)]
    found = read(a_csv([*names, "email"], [*names, "lin@example.org"]))
    assert found.emails == ["lin@example.org"]
    assert len(found.layout.columns.unknown) == 199


def test_rows_with_too_few_or_too_many_columns_are_refused_with_both_numbers() -> None:
    found = read("email,name,language\na@example.org,A\nb@example.org,B,en,x\nc@example.org,C,en,,\n")
    assert found.codes == [(2, "columns"), (3, "columns")]
    assert found.emails == ["c@example.org"]


def test_blank_rows_do_not_count() -> None:
    found = read("\n\nemail,name\n\n,\n  , \na@example.org,A\n\n")
    assert (found.outcome.read, found.emails) == (1, ["a@example.org"])


def test_a_zero_byte_costs_its_row() -> None:
    found = read(b"email,name\na@example.org,A\nb\0@example.org,B\nc@example.org,C\0\nd@example.org,D\n")
    assert found.codes == [(3, "controls"), (4, "controls")]


def test_utf16_with_an_odd_byte_at_its_end_is_read() -> None:
    assert read("email\na@example.org\n".encode("utf-16") + b"x").emails == ["a@example.org"]


def test_a_file_of_many_lines_is_read_as_it_comes() -> None:
    """Not a line more is taken than the rows that are asked for need."""
    text = io.StringIO("a,b\n" * 10_000)
    rows = records(Lines(text), Shape(",", 2, 0))
    next(rows)
    assert text.tell() <= 8


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_blanks_behind_delimiters_are_no_part_of_fields(delimiter: str) -> None:
    row = f"{delimiter} ".join(["a@example.org", '"Lin, Wei; 林"'])
    assert read(f"email{delimiter} name\n{row}\n").rows[0].name == "Lin, Wei; 林"
