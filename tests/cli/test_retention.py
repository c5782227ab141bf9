"""`publisher retention`: what is past its time, and erasing it, for people and for scripts."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from publisher.audience.models import ReaderLetter
from publisher.cli.retention import retention as command
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.retention import working
from tests.retention.steps import DAY, a_letter

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)


def test_a_dry_run_says_how_many_and_erases_nothing() -> None:
    a_letter(settled=91 * DAY)
    result = run("run", "--dry-run", "--json")
    due = {row["kind"]: row["rows"] for row in json.loads(result.output)["due"]}
    assert due["letters"] == 1
    assert ReaderLetter.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_a_run_erases_and_says_what_and_is_shown_afterwards() -> None:
    a_letter(settled=91 * DAY)
    assert "letters 1" in run("run").output
    assert not ReaderLetter.objects.exists()
    text = run("show").output
    assert "kept for 90 days (PUBLISHER_KEEP_LETTERS_DAYS)" in text
    assert "letters 1" in text
    assert AuditEntry.objects.get(action="retention.done").actor_name != "system"


def test_while_another_run_works_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "at_once", lambda **_given: None)
    with pytest.raises(UserError, match="Another run"):
        run("run")
