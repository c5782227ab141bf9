"""How lines of several programs look in one stream: with coloured names for people, JSON for machines."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

COLOURS = ("36", "33", "35", "32", "34", "31")  # cyan, yellow, magenta, green, blue, red
LONGEST_LINE = 64 * 1024  # bytes; a longer line is cut into several


class Output:
    """One stream that takes whole lines. `names` fixes the width and colour of each program's prefix."""

    def __init__(self, stream: TextIO, *, names: tuple[str, ...], people: bool, colour: bool) -> None:
        self._stream = stream
        self._people = people
        width = max((len(name) for name in names), default=0)
        self._prefixes = {
            name: _prefix(name.ljust(width), COLOURS[index % len(COLOURS)] if colour else "")
            for index, name in enumerate(names)
        }

    def line(self, name: str, text: str) -> None:
        """Write one line of a program. For machines an empty line says nothing."""
        if not (self._people or text.strip()):
            return
        line = self._prefixes.get(name, f"{name} | ") + text if self._people else json_line(name, text)
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # nobody reads any more: the programs must go on
            return


class OutputHandler(logging.Handler):
    """Our own log records, as lines of the program `name`."""

    def __init__(self, output: Output, name: str) -> None:
        super().__init__()
        self._output = output
        self._program = name

    def emit(self, record: logging.LogRecord) -> None:
        for line in self.format(record).splitlines():
            self._output.line(self._program, line)


class Lines:
    """Cuts the bytes of one pipe into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole.append(self._rest)
            self._rest = b""
        return [_text(line) for line in whole]

    def end(self) -> list[str]:
        """The last line, when it had no line end."""
        rest, self._rest = self._rest, b""
        return [_text(rest)] if rest else []


def json_line(name: str, text: str) -> str:
    """A line that is a JSON object gets the program's name in front; any other is wrapped."""
    if text.startswith('{"') and text.endswith("}"):
        return f'{{"program": {json.dumps(name)}, {text[1:]}'
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"program": name, "at": at, "level": "info", "event": text}, ensure_ascii=False)


def _prefix(name: str, colour: str) -> str:
    return f"\033[{colour}m{name} |\033[0m " if colour else f"{name} | "


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
