"""From text to records (RFC 4180), whatever is broken in it. Which cells mean what is decided in `columns.py` and `rows.py`.

A cell in quotation marks may run over several lines. A quotation mark that is never closed would swallow all that follows; so a
record of several lines that is not well-formed costs its first line only, and reading goes on with the next one. What is
well-formed is believed, unless rows were swallowed for certain (`_is_torn`) or as it seems (`_is_doubtful`).

Between two line ends nothing but “inside a quoted cell or not” is carried over. So of the lines over which one record broke no
other record can get further: they are read one by one, and no line is read more than twice, whatever a file holds.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple, TextIO

LONGEST_LINE: Final = 1_000_000
"""Characters. Of a longer line the beginning is kept, for the report."""
_KEPT: Final = 500
_LONGEST_FIELD: Final = csv.field_size_limit()
_ADDRESS: Final = re.compile(r"\s*[^\s@\"]+@[^\s@\".]+\.[^\s@\"]+\s*")
_MOST_LINES: Final = 50
"""Of a cell that is read: no name, address or list of topics has more."""

QUOTES = "quotes"
TOO_LONG = "too_long"
DOUBTFUL = "doubtful"


class Shape(NamedTuple):
    """How rows look: cells between `delimiter`s, `width` of them, the address at position `address`.

    `short` are the positions of cells that hold no free text: no row of the file can be inside.
    """

    delimiter: str
    width: int
    address: int
    short: frozenset[int] = frozenset()


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
        self._alone = 0
        self._size = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if self.taken:
            self._go_on()
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

    def give_up(self) -> str:
        """Give back all that was taken but the first line, which is returned; the others are no part of any longer record."""
        self._alone = max(self._alone, self.number)
        return self.retreat()[0]

    def retreat(self, keep: int = 1) -> list[str]:
        """Give back all that was taken but the first `keep` lines, which are returned."""
        others = self.taken[keep:]
        self._back.extendleft(reversed(others))
        self.number -= len(others)
        del self.taken[keep:]
        return self.taken

    def _go_on(self) -> None:
        """A record takes one more line. Raises csv.Error when it cannot be meant."""
        self._size = len(self.taken[-1]) + (self._size if len(self.taken) > 1 else 0)
        if self.number < self._alone or self._size > LONGEST_LINE:
            raise csv.Error("a quotation mark is not closed")

    def _shortened(self, line: str) -> str:
        self.too_long.add(self.number)
        while (rest := self._text.readline(LONGEST_LINE)) and rest[-1] != "\n":
            continue
        return line[:_KEPT] + "…\n"


def records(lines: Lines, shape: Shape) -> Iterator[Record]:
    """Every record that is not blank, with the line on which it begins."""
    reader = csv.reader(lines, delimiter=shape.delimiter, strict=True, skipinitialspace=True)
    while True:
        lines.begin()
        try:
            for cells in reader:
                if len(lines.taken) > 1 and _is_torn(cells, shape):
                    yield _broken(lines, shape.delimiter, QUOTES)
                elif lines.first in lines.too_long:
                    yield _broken(lines, shape.delimiter, TOO_LONG)
                elif len(lines.taken) > 1 and _is_doubtful(lines.taken, shape):
                    yield Record(lines.first, cells, DOUBTFUL)
                elif any(cells) and not _is_blank(cells):
                    yield Record(lines.first, cells)
                lines.begin()
            return
        except csv.Error:
            yield _broken(lines, shape.delimiter, _problem(lines))


def _is_torn(cells: list[str], shape: Shape) -> bool:
    """Whether rows stand in a cell that can hold none: its quotation mark was to be closed earlier."""
    wrong = len(cells) != shape.width
    return any(
        "\n" in cell and (_holds_a_row(cell, shape.delimiter) or cell.count("\n") > _MOST_LINES)
        for position, cell in enumerate(cells)
        if wrong or position in shape.short
    )


def _holds_a_row(cell: str, delimiter: str) -> bool:
    return any(
        delimiter in line and any(map(_is_address, line.split(delimiter))) for line in cell.split("\n")
    )


def _is_doubtful(taken: list[str], shape: Shape) -> bool:
    """Whether all whole lines inside look like rows. A note may hold such ones: nobody is subscribed from it by a guess."""
    inside = [line.split(shape.delimiter) for line in taken[1:-1] if line.strip()]
    return bool(inside) and all(
        len(cells) == shape.width and _is_address(cells[shape.address]) for cells in inside
    )


def _is_address(cell: str) -> bool:
    return _ADDRESS.fullmatch(cell) is not None


def _is_blank(cells: list[str]) -> bool:
    return not cells[0].strip() and not any(cell.strip() for cell in cells)


def _problem(lines: Lines) -> str:
    too_long = lines.first in lines.too_long or len(lines.taken[0]) > _LONGEST_FIELD
    return TOO_LONG if too_long else QUOTES


def _broken(lines: Lines, delimiter: str, problem: str) -> Record:
    """The first line alone, cut at its delimiters, so that a person finds the columns again."""
    line = lines.give_up()
    shown = line[:_KEPT] if problem == TOO_LONG else line
    return Record(lines.first, shown.rstrip("\n").split(delimiter), problem)
