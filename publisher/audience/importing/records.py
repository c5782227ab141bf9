"""From text to records (RFC 4180), whatever is broken in it. Which cells mean what is decided in `columns.py` and `rows.py`.

A quotation mark that is never closed would swallow all that follows. So a record of several lines that is not well-formed costs
its first line only, and reading goes on with the next one.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple, TextIO

LONGEST_LINE: Final = 1_000_000
"""Characters. Of a longer line the beginning is kept, for the report."""
_KEPT: Final = 500
_LONGEST_FIELD: Final = csv.field_size_limit()

QUOTES = "quotes"
TOO_LONG = "too_long"


class Record(NamedTuple):
    """A row with the number of its first line. `problem` is a code of `refusals.py` when it could not be read."""

    line: int
    cells: list[str]
    problem: str = ""


class Lines:
    """The lines of a text, counted from 1; those taken since `begin` can be given back but for the first."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._back: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.too_long: set[int] = set()

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST_LINE and line[-1] != "\n":
            line = self._shortened(line)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        self.taken.clear()

    @property
    def first(self) -> int:
        """The number of the first line taken."""
        return self.number - len(self.taken) + 1

    def retreat(self, keep: int = 1) -> list[str]:
        """Give back all that was taken but the first `keep` lines, which are returned."""
        others = self.taken[keep:]
        self._back.extendleft(reversed(others))
        self.number -= len(others)
        del self.taken[keep:]
        return self.taken

    def _shortened(self, line: str) -> str:
        self.too_long.add(self.number)
        while (rest := self._text.readline(LONGEST_LINE)) and rest[-1] != "\n":
            continue
        return line[:_KEPT] + "…\n"


def records(lines: Lines, delimiter: str, *, width: int, single: frozenset[int]) -> Iterator[Record]:
    """Every record that is not blank. `width` is the number of columns, `single` those whose cells hold one line each."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        lines.begin()
        try:
            for cells in reader:
                if len(lines.taken) > 1 and _is_torn(cells, width, single):
                    yield _broken(lines, delimiter, QUOTES)
                elif lines.first in lines.too_long:
                    yield _broken(lines, delimiter, TOO_LONG)
                elif any(cells) and not _is_blank(cells):
                    yield Record(lines.first, cells)
                lines.begin()
            return
        except csv.Error:
            yield _broken(lines, delimiter, _problem(lines))


def _is_torn(cells: list[str], width: int, single: frozenset[int]) -> bool:
    return len(cells) != width or any("\n" in cells[column] for column in single)


def _is_blank(cells: list[str]) -> bool:
    return not cells[0].strip() and not any(cell.strip() for cell in cells)


def _problem(lines: Lines) -> str:
    too_long = lines.first in lines.too_long or len(lines.taken[0]) > _LONGEST_FIELD
    return TOO_LONG if too_long else QUOTES


def _broken(lines: Lines, delimiter: str, problem: str) -> Record:
    """The first line alone, cut at its delimiters, so that a person finds the columns again."""
    (line,) = lines.retreat()
    shown = line[:_KEPT] if problem == TOO_LONG else line
    return Record(lines.first, shown.rstrip("\n").split(delimiter), problem)
