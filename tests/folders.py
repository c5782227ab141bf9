"""A folder that no other test run touches. pytest's own are closed anew, all of them, whenever some pytest starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from publisher.core.embedded import addresses
from tests.conftest import DATA_DIR


@contextmanager
def an_open_folder() -> Iterator[Path]:
    """For a program that gives up root's rights: an empty folder that every account may enter. Its path is short, since the path
    of a socket below it holds at most 107 bytes (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="publisher-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def a_data_folder() -> Iterator[Path]:
    """An empty data folder for embedded servers; it and its sockets are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="publisher-data-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(addresses.socket_dir(folder), ignore_errors=True)


@contextmanager
def a_migrated_folder() -> Iterator[Path]:
    """The same with an empty database that has all migrations, and a secret key. Making one takes seconds: this is a copy."""
    with a_data_folder() as folder:
        # With the owners: run by root, the servers work as another account.
        subprocess.run(["cp", "-a", f"{_model()}/.", folder], check=True)
        folder.chmod(0o755)
        yield folder


@cache
def _model() -> Path:
    """Made once a test process, and stopped; it goes away with the folder of the tests' own servers."""
    folder = DATA_DIR / "model"
    folder.mkdir(mode=0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PUBLISHER_")}
    command = [sys.executable, "-m", "publisher.cli", "migrate"]
    subprocess.run(command, env=kept | {"PUBLISHER_DATA_DIR": str(folder)}, check=True, capture_output=True)
    shutil.rmtree(addresses.socket_dir(folder), ignore_errors=True)
    return folder
