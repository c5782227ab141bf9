"""The table of faults in docs/reliability.md: what each cell says, and that it is of the networks and faults that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import page
from tests.faults.cases import PUBLISH, cells, subjects

RELIABILITY = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
LABELS = {"a": "Alpha", "b": "Beta"}
ONCE = {"posted": 1, "outcome": "published", "way": []}
HELD = {"posted": 1, "outcome": "held", "way": [], "seen": "Look there."}
FOUND = {
    "b": {"reset": HELD | {"posted": 0}, "slow": HELD, "reply: slow": HELD | {"seen": "Look below."}},
    "a": {
        "reset": ONCE,
        "slow": {"posted": 2, "outcome": "published", "way": [], "broken": "posted 2 times"},
    },
}


def test_a_row_is_a_fault_and_a_column_a_network_and_what_a_person_sees_is_told() -> None:
    table = page.table(FOUND, LABELS)
    assert "| fault | Alpha | Beta |" in table
    assert "| `reset` | once | held (1), not there |" in table
    assert "| `slow` | **broken**: posted 2 times | held (1), there |" in table
    assert "- (1) “Look there.”" in table
    assert "- Beta, at other steps: “Look below.”" in table
    assert (
        "Over all steps 5 cells: 1 stand there once, 3 are held for a person, 1 stand there twice, 1 broken."
        in table
    )


def test_only_what_stands_between_the_marks_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"# Before\n{page.BEGIN}old\n{page.END}After\n", encoding="utf-8")
    page.write(file, FOUND, LABELS)
    page.write(file, FOUND, LABELS)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# Before\n")
    assert text.endswith("After\n")
    assert (text.count("| fault |"), "old" in text) == (1, False)


def test_a_page_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("# A page\n", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the marks"):
        page.write(file, FOUND, LABELS)
    assert file.read_text(encoding="utf-8") == "# A page\n"


def test_the_page_shows_every_network_that_takes_part_every_fault_and_every_cell() -> None:
    written = RELIABILITY.read_text(encoding="utf-8").partition(page.BEGIN)[2].partition(page.END)[0]
    there = subjects().values()
    labels = sorted((subject.network.label for subject in there), key=str.lower)
    assert f"| fault | {' | '.join(labels)} |" in written
    for cell in cells(next(iter(there))):
        assert cell.step.name != PUBLISH or f"| `{cell.name}` |" in written
    assert f"Over all steps {sum(len(list(cells(subject))) for subject in there)} cells" in written
    assert "0 stand there twice, 0 broken." in written
