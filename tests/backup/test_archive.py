"""The file of a backup: whole or not there, and never taken for one when it is not."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.backup import archive
from publisher.backup.archive import Writer, opened, read_part, verify, writing
from publisher.backup.facts import Facts
from publisher.backup.manifest import FORMAT, Manifest
from publisher.core.errors import UserError

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
DUMP = bytes(range(256)) * 7


def a_manifest(file: Writer, **given: Any) -> Manifest:
    fields: dict[str, Any] = {
        "format": FORMAT,
        "version": "0.1.0",
        "made_at": AT,
        "host": "office",
        "server": "18.4",
        "dumped_by": 18,
        "migrations": ("core.0001_initial",),
        "facts": Facts(counts={"items": 2}, newest_item=AT, last_try=None),
        "stream_from": "1-2",
        "key": "k",
        "with_key": False,
        "parts": tuple(file.parts),
    }
    return Manifest(**fields | given)


def a_backup(path: Path, dump: bytes = DUMP, **given: Any) -> Path:
    with writing(path, at=AT) as file:
        file.add(archive.DATABASE, [dump[:100], dump[100:]])
        file.finish(a_manifest(file, **given))
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return a_backup(tmp_path_factory.mktemp("backup") / "whole.tar").read_bytes()


@given(dump=st.binary(max_size=3000))
def test_what_was_put_in_comes_out(tmp_path_factory: pytest.TempPathFactory, dump: bytes) -> None:
    found = opened(a_backup(tmp_path_factory.mktemp("backup") / "b.tar", dump))
    verify(found)
    assert b"".join(read_part(found, archive.DATABASE)) == dump
    assert (found.manifest.made_at, found.manifest.facts.counts) == (AT, {"items": 2})


def test_any_tar_program_lists_and_unpacks_it_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = a_backup(tmp_path / "b.tar")
    listed = subprocess.run(["tar", "-tf", path], capture_output=True, text=True, check=True)
    assert (listed.stdout.split(), listed.stderr) == ([archive.DATABASE, archive.MANIFEST], "")
    unpacked = subprocess.run(["tar", "-xOf", path, archive.DATABASE], capture_output=True, check=True)
    assert unpacked.stdout == DUMP
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_part_of_more_than_eight_gigabytes_has_room_in_its_header(tmp_path: Path) -> None:
    with (tmp_path / "b").open("w+b", buffering=0) as file:
        block = Writer(file, tmp_path / "b", AT)._header("database.dump", 2**40)
    assert len(block) == 512
    assert tarfile.TarInfo.frombuf(block, "utf-8", "strict").size == 2**40


def broken_off() -> Iterator[bytes]:
    yield b"first"
    raise UserError("The database could not be dumped.")


def test_a_backup_that_fails_leaves_no_file_and_the_next_one_works(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="dumped"), writing(tmp_path / "b.tar", at=AT) as file:
        file.add(archive.DATABASE, broken_off())
    assert list(tmp_path.iterdir()) == []
    verify(opened(a_backup(tmp_path / "b.tar")))


def test_what_a_killed_backup_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "b.tar.part").write_bytes(b"x" * 100_000)
    verify(opened(a_backup(tmp_path / "b.tar")))
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar"]


def test_no_file_is_replaced_not_even_one_that_came_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    path.write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        a_backup(path)
    path.unlink()

    def comes_meanwhile() -> Iterator[bytes]:
        yield DUMP
        path.write_text("mine")

    with pytest.raises(UserError, match="exists already"), writing(path, at=AT) as file:
        file.add(archive.DATABASE, comes_meanwhile())
    assert path.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["b.tar"]


def test_two_at_once_do_not_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "b.tar"
    with writing(path, at=AT) as file:
        file.add(archive.DATABASE, [DUMP])
        with pytest.raises(UserError, match="Another backup"):
            a_backup(path)
        file.finish(a_manifest(file))
    verify(opened(path))


def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "b.tar.part").symlink_to(tmp_path / "victim")
    with pytest.raises(UserError, match="could not be written"):
        a_backup(tmp_path / "b.tar")
    assert (tmp_path / "victim").read_text() == "mine"


@pytest.mark.parametrize("place", ["nowhere/b.tar", "/proc/b.tar"])
def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, place: str) -> None:
    with pytest.raises(UserError, match="could not be written"):
        a_backup(tmp_path / place)


def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("wb", buffering=0) as file, pytest.raises(UserError, match="No space left"):
        Writer(file, Path("b.tar"), AT).add(archive.DATABASE, [DUMP])


@given(data=st.data())
def test_a_file_cut_off_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    end_of_manifest = len(whole.rstrip(b"\0"))
    size = data.draw(st.integers(0, end_of_manifest - 1))
    path = tmp_path_factory.mktemp("backup") / "b.tar"
    path.write_bytes(whole[:size])
    with pytest.raises(UserError) as refused:
        verify(opened(path))
    assert size < 13 or "breaks off" in refused.value.message or "damaged" in refused.value.message


@given(data=st.data())
def test_a_changed_byte_is_noticed_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("backup") / "b.tar"
    path.write_bytes(changed)
    try:
        found = opened(path)
        verify(found)
    except UserError:
        return
    assert b"".join(read_part(found, archive.DATABASE)) == DUMP


def another_tar(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("readme"), io.BytesIO())


@pytest.mark.parametrize(
    "fill",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("Dear diary"),
        lambda path: path.write_bytes(b"\x1f\x8b" + b"z" * 3000),
        another_tar,
    ],
    ids=["empty", "text", "gzip", "another tar"],
)
def test_a_foreign_file_is_no_backup(tmp_path: Path, fill: Any) -> None:
    fill(tmp_path / "b.tar")
    with pytest.raises(UserError, match="is not a backup of Publisher"):
        opened(tmp_path / "b.tar")


@pytest.mark.parametrize("name", ["missing.tar", "."])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        opened(tmp_path / name)


def test_a_newer_form_is_refused_with_the_version_that_made_it(tmp_path: Path) -> None:
    path = a_backup(tmp_path / "b.tar", format=FORMAT + 1, version="9.9")
    with pytest.raises(UserError, match=r"Publisher 9\.9") as refused:
        opened(path)
    assert "Install that version" in refused.value.hint
