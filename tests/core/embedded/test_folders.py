"""Folders of the embedded servers: private, reachable for the server's account, and never somebody else's."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.core.embedded import addresses, folders
from publisher.core.errors import UserError

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders to other users")
STRANGER = 12345


@pytest.fixture
def socket_dir(tmp_path: Path) -> Iterator[Path]:
    """Where the sockets of the data folder `tmp_path` belong; whatever a test puts there is removed."""
    folder = addresses.socket_dir(tmp_path)
    yield folder
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        folder.rmdir()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def an_account(name: str = "nobody") -> folders.Account:
    entry = pwd.getpwnam(name)
    return folders.Account(name, entry.pw_uid, entry.pw_gid, switch=True)


def test_the_socket_folder_is_closed_to_others(tmp_path: Path, socket_dir: Path) -> None:
    account = folders.server_account(tmp_path / "postgres")
    assert folders.private_socket_dir(tmp_path, account) == socket_dir
    assert mode(socket_dir) == 0o700
    assert socket_dir.stat().st_uid == account.uid


def test_an_opened_socket_folder_is_closed_again(tmp_path: Path, socket_dir: Path) -> None:
    socket_dir.mkdir()
    socket_dir.chmod(0o777)
    folders.private_socket_dir(tmp_path, folders.server_account(tmp_path))
    assert mode(socket_dir) == 0o700


@needs_root
def test_a_socket_folder_of_another_user_is_refused(tmp_path: Path, socket_dir: Path) -> None:
    socket_dir.mkdir()
    os.chown(socket_dir, STRANGER, STRANGER)
    with pytest.raises(UserError, match=f"belongs to user {STRANGER}"):
        folders.private_socket_dir(tmp_path, folders.server_account(tmp_path))


def test_a_link_in_the_place_of_the_socket_folder_is_refused(tmp_path: Path, socket_dir: Path) -> None:
    (tmp_path / "trap").mkdir()
    socket_dir.symlink_to(tmp_path / "trap")
    with pytest.raises(UserError, match="not ours"):
        folders.private_socket_dir(tmp_path, folders.server_account(tmp_path))


@needs_root
def test_root_gives_a_data_folder_to_an_account_that_is_not_root(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "postgres"
    account = folders.server_account(folder)
    folders.private_folder(folder, account)
    assert account.uid != 0
    assert (folder.stat().st_uid, mode(folder)) == (account.uid, 0o700)
    assert folder.parent.stat().st_uid == 0  # only the server's own folder changes hands


@needs_root
def test_a_folder_keeps_its_account_when_another_would_be_chosen_today(tmp_path: Path) -> None:
    os.chown(tmp_path, pwd.getpwnam("daemon").pw_uid, -1)
    assert folders.server_account(tmp_path).name == "daemon"


@needs_root
def test_closed_parents_are_opened_only_to_pass_through(tmp_path: Path) -> None:
    closed, open_ = tmp_path / "closed", tmp_path / "closed" / "open"
    open_.mkdir(parents=True)
    closed.chmod(0o700)
    open_.chmod(0o755)
    tmp_path.chmod(0o755)
    folders.make_reachable(open_ / "postgres", an_account())
    assert (mode(closed), mode(open_)) == (0o701, 0o755)


@needs_root
def test_a_parent_that_belongs_to_the_account_stays_as_it_is(tmp_path: Path) -> None:
    account = an_account()
    own = tmp_path / "own"
    own.mkdir(mode=0o700)
    os.chown(own, account.uid, account.gid)
    folders.make_reachable(own / "postgres", account)
    assert mode(own) == 0o700
