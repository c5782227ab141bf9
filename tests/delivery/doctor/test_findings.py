"""How a finding is read: by people on a terminal, and by scripts."""

from __future__ import annotations

import json

import pytest

from publisher.delivery.doctor.findings import Finding, Level, TxtRecord, worst

RECORD = TxtRecord("a.example.org", 'v=x; p="q"' + "y" * 400)


def a_finding(level: Level = Level.PROBLEM, found: str = "there is none.") -> Finding:
    return Finding("spf", "SPF of a.example.org", level, found, "It matters. " * 20, "Publish:", (RECORD,))


def test_a_finding_has_its_level_first_and_its_record_whole_on_a_line() -> None:
    first, *more = a_finding().as_text().splitlines()
    assert "SPF of a.example.org: there is none." in first
    assert more[-1].strip() == RECORD.zone_line
    assert more[-2].strip() == "Publish:"
    assert all(len(line) <= 110 for line in more[:-1])


def test_what_dns_says_moves_no_cursor_and_fills_no_screen() -> None:
    text = a_finding(found="\x1b[2J\x1b]0;x\x07\u202e" + "z" * 100_000).as_text()
    assert not any(sign in text for sign in ("\x1b[2J", "\x1b]", "\x07", "\u202e"))
    assert len(text) < 4_000


def test_a_finding_is_plain_json() -> None:
    data = json.loads(json.dumps(a_finding().as_json()))
    assert data["level"] == "problem"
    assert data["records"] == [{"name": RECORD.name, "type": "TXT", "value": RECORD.value}]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], Level.OK),
        ([Level.OK], Level.OK),
        ([Level.OK, Level.WARNING], Level.WARNING),
        ([Level.PROBLEM, Level.WARNING], Level.PROBLEM),
    ],
)
def test_the_worst_level_counts(levels: list[Level], expected: Level) -> None:
    assert worst(a_finding(level) for level in levels) is expected
