"""Where embedded servers answer: short for any data folder, and the same for everybody."""

from __future__ import annotations

from pathlib import Path

import dj_database_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.embedded import addresses

FOLDERS = st.lists(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60),
    max_size=20,
)
SOCKET_LIMIT = 100  # bytes; Linux has 107, macOS 103


@given(FOLDERS)
def test_socket_paths_are_short_however_long_the_folder(parts: list[str]) -> None:
    folder = Path("/", *(part for part in parts if part not in {".", ".."}))
    longest = addresses.socket_dir(folder) / f".s.PGSQL.{addresses.POSTGRES_PORT}.lock"
    assert len(str(longest).encode()) < SOCKET_LIMIT


def test_two_data_folders_never_share_a_socket(tmp_path: Path) -> None:
    assert addresses.socket_dir(tmp_path / "a") != addresses.socket_dir(tmp_path / "b")


def test_one_folder_has_one_address_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "var")
    monkeypatch.chdir(tmp_path)
    expected = addresses.postgres_url(tmp_path / "var")
    assert addresses.postgres_url(Path("var")) == expected
    assert addresses.postgres_url(tmp_path / "link") == expected


def test_the_address_does_not_depend_on_tmpdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = addresses.socket_dir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert addresses.socket_dir(tmp_path) == before


def test_django_reads_the_socket_folder_out_of_the_url(tmp_path: Path) -> None:
    parsed = dj_database_url.parse(addresses.postgres_url(tmp_path))
    assert parsed["HOST"] == str(addresses.socket_dir(tmp_path))
    assert (parsed["NAME"], parsed["USER"]) == (addresses.DATABASE, addresses.ROLE)


def test_celery_uses_the_same_socket_and_database_as_everybody(tmp_path: Path) -> None:
    url = addresses.broker_url(addresses.valkey_url(tmp_path))
    assert url.startswith("redis+socket://")
    assert str(addresses.valkey_socket(tmp_path)) in url


def test_an_outside_redis_keeps_its_address() -> None:
    assert addresses.broker_url("redis://redis:6379/0") == "redis://redis:6379/0"
