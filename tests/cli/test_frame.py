"""The frame of the `publisher` command: its table of contents, its reports, its errors."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import click
import pytest

from publisher.cli import frame
from publisher.cli.commands import COMMANDS, Command, Needs
from publisher.cli.frame import run

HERE = "tests.cli.commands_for_tests"
NOT_REPORTING = {"up", "web", "worker", "beat", "demo", "django"}
NOT_REPORTING_OF_GROUPS = {"feedback watch", "feedback listen", "feedback take"}

Runs = Callable[..., tuple[int, str, str]]


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runs:
    """Run a command line over the table and the commands for tests; (exit code, output, errors)."""
    mine = tuple(
        Command("Tests", name.replace("_", "-"), f"{HERE}:{name}", needs, "For tests.")
        for name, needs in (
            ("good", Needs.NOTHING),
            ("bad", Needs.NOTHING),
            ("fails", Needs.NOTHING),
            ("asks_database", Needs.DATABASE),
        )
    )
    monkeypatch.setattr(frame, "COMMANDS", COMMANDS + mine)

    def runs(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return runs


def loaded(command: Command) -> click.Command:
    module, attribute = command.place.split(":")
    found = getattr(importlib.import_module(module), attribute)
    assert isinstance(found, click.Command)
    return found


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_line_of_the_table_leads_to_a_command_with_help(command: Command) -> None:
    assert loaded(command).help
    assert command.help.endswith(".")


@pytest.mark.parametrize(
    "command",
    [command for command in COMMANDS if command.name not in NOT_REPORTING],
    ids=lambda command: command.name,
)
def test_every_command_that_reports_takes_json(command: Command) -> None:
    found = loaded(command)
    leaves = list(found.commands.values()) if isinstance(found, click.Group) else [found]
    silent = {
        f"{command.name} {leaf.name}"
        for leaf in leaves
        if not any("--json" in parameter.opts for parameter in leaf.params)
    }
    assert silent - NOT_REPORTING_OF_GROUPS == set()


def test_names_are_unique_and_sections_stand_together() -> None:
    names = [command.name for command in COMMANDS]
    sections = [section for section, _ in groupby(COMMANDS, key=lambda command: command.section)]
    assert len(names) == len(set(names))
    assert len(sections) == len(set(sections))


def test_help_reads_like_a_table_of_contents(publisher: Runs) -> None:
    code, out, _ = publisher("--help")
    assert code == 0
    places = [
        out.index(f"\n{section}:") for section in dict.fromkeys(command.section for command in COMMANDS)
    ]
    assert places == sorted(places)
    for command in COMMANDS:
        assert command.name in out


def test_help_of_one_command_is_its_own(publisher: Runs) -> None:
    code, out, _ = publisher("good", "--help")
    assert (code, "Count something." in out, "--json" in out) == (0, True, True)


@pytest.mark.parametrize("arguments", [("edition", "--help"), ("edition", "show", "--help")])
def test_help_of_a_group_starts_no_server(
    publisher: Runs, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("publisher.cli.database.servers", None)
    code, out, _ = publisher(*arguments)
    assert (code, "Usage: publisher edition" in out) == (0, True)


def test_a_report_is_text_for_people_and_json_for_machines(publisher: Runs) -> None:
    assert publisher("good", "--count", "3") == (0, "counted 3\n", "")
    code, out, _ = publisher("good", "--count", "3", "--json")
    assert (code, json.loads(out)) == (0, {"count": 3, "word": "中文"})


def test_a_report_that_is_not_well_fails(publisher: Runs) -> None:
    assert publisher("bad") == (1, "not well\n", "")


def test_an_error_that_a_person_can_put_right_is_one_line_and_a_hint(publisher: Runs) -> None:
    assert publisher("fails", "user") == (1, "", "publisher: The file is empty.\n  Choose another.\n")


def test_an_error_of_the_other_side_is_told_in_its_words(publisher: Runs) -> None:
    code, _, err = publisher("fails", "other")
    assert (code, err.splitlines()[0]) == (1, "publisher: The feed answered 503.")


def test_an_unexpected_error_shows_no_traceback_but_keeps_it(
    publisher: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLISHER_DATA_DIR", str(tmp_path))
    code, _, err = publisher("fails", "bug")
    assert code == 1
    assert "Traceback" not in err
    assert len(err.splitlines()) == 2
    assert str(tmp_path / "log" / "cli.log") in err
    assert "KeyError" in (tmp_path / "log" / "cli.log").read_text()


def test_a_mistyped_command_is_a_usage_error(publisher: Runs) -> None:
    code, _, err = publisher("no-such-command")
    assert code == 2
    assert "no-such-command" in err


def test_a_wrong_setting_is_named(publisher: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISHER_PORT", "many")
    code, _, err = publisher("health", "web")
    assert code == 1
    assert "PUBLISHER_PORT='many' cannot be used" in err
