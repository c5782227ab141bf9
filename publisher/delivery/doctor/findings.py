"""What a check found, and how a person reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from textwrap import wrap

import click

from publisher.delivery.email.dkim import txt_strings
from publisher.delivery.email.headers import clean

WIDTH = 100
INDENT = " " * 9
MOST = 1_000
"""Characters of one text on a terminal."""


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}


@dataclass(frozen=True)
class TxtRecord:
    """A TXT record to publish; `value` in one piece, however long."""

    name: str
    value: str

    @property
    def zone_line(self) -> str:
        """As a zone file has it: strings of 255 bytes at most."""
        strings = " ".join(f'"{_escaped(part)}"' for part in txt_strings(self.value))
        return f"{self.name}. TXT {strings}"


@dataclass(frozen=True)
class Finding:
    """`check` is a word for machines, `about` what was looked at, `found` what was seen, `meaning` what follows from it,
    `todo` what to do, with the records to publish.
    """

    check: str
    about: str
    level: Level
    found: str
    meaning: str = ""
    todo: str = ""
    records: tuple[TxtRecord, ...] = ()

    def as_json(self) -> dict[str, object]:
        records = [{"name": each.name, "type": "TXT", "value": each.value} for each in self.records]
        return {**vars(self), "level": self.level.value, "records": records}

    def as_text(self) -> str:
        """One finding in a few lines; records stand whole on a line, to be copied. What DNS and servers say is cleaned of
        what would move a terminal's cursor, and cut.
        """
        level = click.style(self.level.value.ljust(len(INDENT)), fg=COLOURS[self.level])
        texts = (f"{self.about}: {self.found}", self.meaning, self.todo)
        first, *more = [line for text in texts for line in wrap(clean(text)[:MOST], WIDTH)]
        more += [f"  {clean(record.zone_line)}" for record in self.records]
        return "\n".join([level + first, *(INDENT + line for line in more)])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among them; ok when there is none."""
    levels = {finding.level for finding in findings}
    return next((level for level in (Level.PROBLEM, Level.WARNING) if level in levels), Level.OK)
