"""What django-allauth calls internal is used in one file, so that its next version is met in one place."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
INTERNAL = re.compile(r"^\s*(?:from|import) allauth[\w.]*\.internal", re.MULTILINE)


def test_internal_modules_of_the_sign_in_are_imported_in_one_file_only() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("publisher", "tasks", "config")
        for path in (ROOT / folder).rglob("*.py")
        if INTERNAL.search(path.read_text())
    }
    assert found == {"publisher/desk/signin/machinery.py"}
