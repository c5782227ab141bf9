"""A folder that no other test run touches. pytest's own are closed anew, all of them, whenever some pytest starts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.core.embedded import addresses


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
