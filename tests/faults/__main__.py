"""`make faults`: every network through every fault of the wire, a table of what stands on it, and with `--json FILE` the same
for machines: `{network: {fault: {posted, outcome, way}}}`, with `seen` where it is held, `broken` where a promise was.
`--markdown FILE` writes the table of a page (`page.py`); with `--read FILE` from what earlier runs wrote, without running.

The exit code is 1 when a message was posted twice, was lost, or was held although the network can tell.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import django


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--json", metavar="FILE", help="write the results here, too")
    parser.add_argument("--only", metavar="NETWORK", action="append", help="this one only; may be repeated")
    parser.add_argument("--step", metavar="STEP", help="this step only, such as publish")
    parser.add_argument(
        "--markdown", metavar="FILE", help="write the table into this page, of all networks and steps"
    )
    parser.add_argument(
        "--read", metavar="FILE", action="append", help="run nothing: take what --json wrote; may be repeated"
    )
    given = parser.parse_args()
    if given.markdown and (given.only or given.step):
        parser.error("--markdown is for all networks and steps")
    with tempfile.TemporaryDirectory(prefix="publisher-faults-") as folder:
        os.environ["PUBLISHER_DATA_DIR"] = folder
        os.environ.setdefault("PUBLISHER_LOG_LEVEL", "error")
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        found = _read(given.read) if given.read else _run(Path(folder), given.only, given.step)
        if found is None:
            return 2
        if given.markdown:
            labels = {name: subject.network.label for name, subject in _cases().subjects().items()}
            importlib.import_module("tests.faults.page").write(Path(given.markdown), found, labels)
    if given.json:
        Path(given.json).write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    broken = [f"{name}, {cell}" for name, rows in found.items() for cell in rows if "broken" in rows[cell]]
    cells = sum(map(len, found.values()))
    print(f"{cells} cells, {len(broken)} broken{':' if broken else '.'}", *broken, sep="\n  ")  # noqa: T201 - the result
    return 1 if broken else 0


def _cases() -> ModuleType:
    return importlib.import_module("tests.faults.cases")  # needs Django, which is set up by now


def _read(files: list[str]) -> dict[str, dict[str, dict[str, object]]]:
    return {
        name: rows
        for file in files
        for name, rows in json.loads(Path(file).read_text(encoding="utf-8")).items()
    }


def _run(
    folder: Path, only: list[str] | None, step: str | None
) -> dict[str, dict[str, dict[str, object]]] | None:
    """All cells of the networks asked for; None when one of those takes no part."""
    cases = _cases()
    table = importlib.import_module("tests.faults.table")
    subjects = cases.subjects()
    if unknown := set(only or ()) - set(subjects):
        print(f"No such network: {', '.join(unknown)}. There are {', '.join(subjects)}.", file=sys.stderr)  # noqa: T201
        return None
    found: dict[str, dict[str, dict[str, object]]] = {}
    for name in only or subjects:
        print(name)  # noqa: T201 - the result
        rows = found[name] = {}
        for number, cell in enumerate(cases.cells(subjects[name])):
            if step and cell.step.name != step:
                continue
            result = table.run(subjects[name], cell, folder / name / str(number))
            rows[cell.name] = dict(result.as_json())
            end = f"BROKEN: {result.broken}" if result.broken else result.outcome
            way = " → ".join(line.partition(" (")[0] for line in result.way)
            print(f"  {cell.name:45} {result.posted} posted  {end:10} {way}", flush=True)  # noqa: T201
    return found


if __name__ == "__main__":
    sys.exit(main())
