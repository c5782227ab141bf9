"""From bytes to text: the encoding is certain, or a person is asked."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from publisher.audience.importing import opening
from publisher.core.errors import UserError
from tests.audience.importing.files import read

CHINESE = (
    "邮箱,姓名,语言\nlin@example.org,林小新,zh\nzhang@example.org,张伟,zh\n"
    "zhao@example.org,赵雪,zh\nzhou@example.org,周杨,zh\n"
)
FRENCH = "email,name\nhelene@example.org,Hélène Müller\njose@example.org,José Ñandú\n"


def found(data: bytes, given: str = "") -> str:
    return opening.encoding_of(io.BytesIO(data), "readers.csv", given=given)


def refusal(data: bytes, given: str = "") -> UserError:
    with pytest.raises(UserError) as refused:
        found(data, given)
    return refused.value


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk", "gb2312"],
)
def test_what_is_certain_is_read_without_asking(encoding: str) -> None:
    assert [row.name for row in read(CHINESE.encode(encoding)).rows] == ["林小新", "张伟", "赵雪", "周杨"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "windows-1252"),
        (FRENCH, "mac_roman"),
        ("email,name\ni@example.org,Иванов Пётр\ns@example.org,Смирнова Анна\n", "windows-1251"),
        ("email,name\ni@example.org,Иванов Пётр\ns@example.org,Смирнова Анна\n", "koi8_r"),
        ("email,name\nk@example.org,김철수\np@example.org,박영희\nl@example.org,이민호\nc@example.org,최지우\n", "euc_kr"),
        ("email,name\nt@example.org,田中太郎\ns@example.org,鈴木花子\ny@example.org,山本美咲\n", "euc_jp"),
        ("email,name\nt@example.org,田中太郎\ns@example.org,鈴木花子\ny@example.org,山本美咲\n", "shift_jis"),
        ("email,name\nc@example.org,陳大文\nh@example.org,黃小明\nz@example.org,張雪楊\n", "big5"),
        ("email,name\nlin@example.org,林\n", "gb18030"),
    ],
)  # fmt: skip
def test_where_nobody_can_tell_a_person_is_asked_with_examples(text: str, encoding: str) -> None:
    refused = refusal(text.encode(encoding))
    assert "cannot be told for certain" in refused.message
    assert "--encoding" in refused.hint
    assert (
        read(text.encode(encoding), encoding=encoding).rows[0].name == text.split(",")[2].partition("\n")[0]
    )


def test_the_examples_show_the_text_as_it_was_meant() -> None:
    assert "Hélène Müller" in refusal(FRENCH.encode("windows-1252")).hint


def test_a_few_damaged_rows_of_a_utf8_file_are_refused_and_the_others_read() -> None:
    good = "".join(f"r{n}@example.org,Müller {n}\n" for n in range(30)).encode()
    found = read(
        b"email,name\n" + good + "x@example.org,Müller\n".encode("windows-1252") + b"a@example.org,A\n"
    )
    assert len(found.rows) == 31
    assert found.codes == [(32, "damaged")]


def test_a_damaged_address_is_refused_as_such() -> None:
    found = read(b"email\nlin@example.org\nl\xfcn@example.org\n", encoding="utf-8")
    assert found.codes == [(3, "damaged")]


@pytest.mark.parametrize(
    ("begins", "named"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a picture (PNG)"),
        (b"PK\x03\x04\x14\x00\x06\x00", "a workbook (XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (XLS)"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"<!DOCTYPE html><html>", "a page"),
        (bytes(range(32)) * 40, "control characters"),
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
    ],
)
def test_what_is_no_csv_is_named(begins: bytes, named: str) -> None:
    assert named in refusal(begins).message


def test_a_workbook_says_to_save_as_csv_even_with_an_encoding() -> None:
    assert "CSV" in refusal(b"PK\x03\x04", "utf-8").hint


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "idna", "undefined", "\0"])
def test_what_is_no_encoding_is_refused(name: str) -> None:
    assert "no encoding of text" in refusal(b"email\n", name).message


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[b"email\nlin@example.org\n"])
    writer.start()
    with opening.opened(pipe) as file:
        assert opening.encoding_of(file, "pipe") == "utf-8"
        assert opening.as_text(file, "utf-8").read() == "email\nlin@example.org\n"
    writer.join()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        opening.opened(tmp_path / "missing.csv")
