"""The table of faults as docs/reliability.md shows it, written between two marks of that page. Pure but for `write`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

Found = Mapping[str, Mapping[str, Mapping[str, Any]]]

BEGIN = '<!-- What follows is written by `make faults ARGS="--markdown docs/reliability.md"` -->\n'
END = "<!-- Until here. -->\n"


def write(file: Path, found: Found, labels: Mapping[str, str]) -> None:
    """Raises ValueError for a page without the marks."""
    before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{file} lacks the marks between which the table stands.")
    file.write_text(before + begin + table(found, labels) + end + after, encoding="utf-8")


def table(found: Found, labels: Mapping[str, str]) -> str:
    """Rows are the faults of the request that publishes, columns the networks by their `labels`; below, what a person sees and
    the sum of all cells of all steps."""
    seen: list[str] = []
    names = sorted(found, key=lambda name: labels[name].lower())
    faults = list(dict.fromkeys(cell for name in names for cell in found[name] if ": " not in cell))
    lines = [f"| fault | {' | '.join(labels[name] for name in names)} |", f"|---|{'---|' * len(names)}"]
    for fault in faults:
        cells = [_cell(found[name].get(fault), seen) for name in names]
        lines.append(f"| `{fault}` | {' | '.join(cells)} |")
    everything = [cell for rows in found.values() for cell in rows.values()]
    elsewhere = [
        (labels[name], cell["seen"])
        for name in names
        for fault, cell in found[name].items()
        if ": " in fault and cell["outcome"] == "held" and cell["seen"] not in seen
    ]
    return "\n".join(
        [
            "",
            *lines,
            "",
            "What a person sees of a post that is held:",
            "",
            *(f"- ({number}) “{text}”" for number, text in enumerate(seen, 1)),
            *(f"- {label}, at other steps: “{text}”" for label, text in dict.fromkeys(elsewhere)),
            "",
            _sum(everything),
            "",
        ]
    )


def _cell(cell: Mapping[str, Any] | None, seen: list[str]) -> str:
    if cell is None:
        return ""
    if "broken" in cell:
        return f"**broken**: {cell['broken']}"
    if cell["outcome"] != "held":
        return "once"
    if cell["seen"] not in seen:
        seen.append(cell["seen"])
    return f"held ({seen.index(cell['seen']) + 1}), {'there' if cell['posted'] else 'not there'}"


def _sum(cells: list[Mapping[str, Any]]) -> str:
    held = sum(cell["outcome"] == "held" for cell in cells)
    twice = sum(cell["posted"] > 1 for cell in cells)
    broken = sum("broken" in cell for cell in cells)
    return (
        f"Over all steps {len(cells)} cells: {len(cells) - held - broken} stand there once, {held} are held for a person, "
        f"{twice} stand there twice, {broken} broken."
    )
