"""Which column means what, with and without a header."""

from __future__ import annotations

import pytest

from publisher.audience.importing.columns import Unsaid
from publisher.core.errors import UserError
from tests.audience.importing.files import a_csv, read


def places(text: str, said: dict[str, str] | None = None) -> dict[str, int]:
    return dict(read(text, said=said).layout.columns.places)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("E-Mail,Full Name,LANGUAGE", {"email": 0, "name": 1, "language": 2}),
        ("Last Name;first_name;e-mail address", {"last": 0, "first": 1, "email": 2}),
        ("topics\tkinds\tregion\tTime zone\tmail", {"topics": 0, "kinds": 1, "region": 2, "zone": 3, "email": 4}),
        ("how,since,email", {"consent": 0, "since": 1, "email": 2}),
        ("邮箱,姓名,语言,主题,时区", {"email": 0, "name": 1, "language": 2, "topics": 3, "zone": 4}),
        ('" Email "," ""Name"": "', {"email": 0}),
        ("address,name", {"email": 0, "name": 1}),
        ("Address,Email", {"email": 1}),
        ("name,first name,last name,email", {"name": 0, "email": 3}),
        ('"email","notes\nof two lines",name', {"email": 0, "name": 2}),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_usual_names(header: str, expected: dict[str, int]) -> None:
    assert places(header + "\n") == expected


def test_what_is_not_read_is_named() -> None:
    columns = read("email,Phone,,Shoe size,line,reason\n").layout.columns
    assert columns.unknown == ("Phone", "Shoe size")


def test_a_person_may_say_what_a_column_means() -> None:
    said = {"Contact": "email", "email": "ignore", "3": "name"}
    assert places("email,contact,Who\n", said) == {"email": 1, "name": 2}


def test_a_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(Unsaid) as refused:
        read("email,who\n", said={"whom": "name"})
    assert "email, who" in refused.value.hint


def test_two_columns_of_one_meaning_are_asked_about() -> None:
    with pytest.raises(Unsaid, match="both look like email"):
        read("e-mail,mail\na@example.org,b@example.org\n")


def test_without_a_column_of_addresses_a_person_is_asked() -> None:
    with pytest.raises(Unsaid, match="No column") as refused:
        read("who,where\nLin,here\n")
    assert "--map COLUMN=email" in refused.value.hint


def test_a_list_of_addresses_needs_no_header() -> None:
    found = read("lin@example.org\nbo@example.org\n")
    assert (found.emails, found.rows[0].line, found.layout.names) == (
        ["lin@example.org", "bo@example.org"],
        1,
        (),
    )


def test_columns_without_a_header_are_said_by_number() -> None:
    found = read("Lin,lin@example.org\nBo,bo@example.org\n", said={"2": "email", "1": "name"})
    assert [(row.name, row.email) for row in found.rows] == [
        ("Lin", "lin@example.org"),
        ("Bo", "bo@example.org"),
    ]


def test_the_delimiter_is_the_one_that_makes_sense_of_the_header() -> None:
    text = a_csv(("email", "name, given", "language"), ("a@example.org", "A, B, C", "zh"), delimiter=";")
    found = read(text)
    assert (found.layout.delimiter, found.layout.width) == (";", 3)


def test_excel_may_name_the_delimiter_in_a_line_of_its_own() -> None:
    found = read("\ufeffsep=;\r\nemail;name\r\na@example.org;A\r\n".encode("utf-16"), encoding="utf-16")
    assert (found.emails, found.rows[0].line) == (["a@example.org"], 3)


def test_a_header_with_broken_quotes_is_refused() -> None:
    with pytest.raises(UserError, match="broken quotes"):
        read('"email"x,"name\na@example.org,A\n')


def test_a_file_of_blank_lines_is_refused() -> None:
    with pytest.raises(UserError, match="is empty"):
        read(b"\xef\xbb\xbf\n\n")


def test_names_of_columns_cannot_write_on_the_terminal() -> None:
    hostile = "\x1b[2J" + "x" * 500
    with pytest.raises(Unsaid) as refused:
        read(a_csv((hostile, *(f"c{n}" for n in range(199)))))
    assert refused.value.hint.isprintable()
    assert "and 180 more" in refused.value.hint
    with pytest.raises(Unsaid) as refused:
        read(a_csv(("email\x1b[2J" * 3, "email", "mail")))
    assert refused.value.message.isprintable()
