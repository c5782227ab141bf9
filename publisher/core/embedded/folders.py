"""The account that the embedded servers run as, and the folders they need: made, owned, closed to others.

PostgreSQL refuses to run as root. When Publisher runs as root (a container, a small server), both servers
run as an existing unprivileged account, and only their own data folders are given to it.
"""

from __future__ import annotations

import logging
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from publisher.core.embedded import addresses
from publisher.core.errors import UserError

log = logging.getLogger(__name__)

UNPRIVILEGED = ("publisher", "postgres", "nobody")  # the first of these accounts that exists


@dataclass(frozen=True)
class Account:
    """A user and group of this machine. `switch` is whether a child has to change to it (we are root)."""

    name: str
    uid: int
    gid: int
    switch: bool

    @property
    def groups(self) -> frozenset[int]:
        return frozenset(os.getgrouplist(self.name, self.gid))


def server_account(folder: Path) -> Account:
    """Who runs the server whose data lies in `folder`: ourselves, or for root the folder's owner, else an
    existing account.
    """
    if os.geteuid() != 0:
        mine = pwd.getpwuid(os.geteuid())
        return Account(mine.pw_name, mine.pw_uid, mine.pw_gid, switch=False)
    entry = _owner(folder) or _first_unprivileged()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)


def _owner(folder: Path) -> pwd.struct_passwd | None:
    try:
        uid = folder.stat().st_uid
        return pwd.getpwuid(uid) if uid != 0 else None
    except (FileNotFoundError, KeyError):
        return None


def _first_unprivileged() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise UserError(
        "The embedded database cannot run as root, and this machine has no unprivileged account for it.",
        f"Create one (`useradd --system {UNPRIVILEGED[0]}`), or run publisher as an ordinary user.",
    )


def private_folder(folder: Path, account: Account) -> None:
    """Make `folder` the account's own, mode 0700, and see that the account can reach it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if account.switch:
            os.chown(folder, account.uid, account.gid)
            make_reachable(folder, account)
        folder.chmod(0o700)
    except PermissionError as error:
        raise UserError(
            f"{folder} cannot be used: {error.strerror}.",
            "Run publisher as the user it belongs to, or choose another PUBLISHER_DATA_DIR.",
        ) from error


def private_socket_dir(data_dir: Path, account: Account) -> Path:
    """The socket folder, made if need be.

    Its name can be guessed, so somebody else may have made it first to catch our connections: raises
    `UserError` unless it is a real folder of the account (or of ours) that no one else can enter.
    """
    folder = addresses.socket_dir(data_dir)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if account.switch:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
        raise UserError(
            f"{folder} exists and is not ours: it belongs to user {found.st_uid}.",
            "Another user may be trying to catch the database's connections. Have it removed.",
        )
    if account.switch and found.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    folder.chmod(0o700)
    return folder


def make_reachable(path: Path, account: Account) -> None:
    """Let the account pass through the folders above `path`: adds o+x (pass through, not list) where it is
    missing.
    """
    for parent in path.resolve().parents:
        found = parent.stat()
        if not found.st_mode & _pass_bit(found, account):
            log.warning(
                "embedded.folder_opened",
                extra={"folder": str(parent), "account": account.name, "added": "o+x"},
            )
            parent.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def _pass_bit(found: os.stat_result, account: Account) -> int:
    """Which execute bit of a folder counts for the account."""
    if found.st_uid == account.uid:
        return stat.S_IXUSR
    return stat.S_IXGRP if found.st_gid in account.groups else stat.S_IXOTH
