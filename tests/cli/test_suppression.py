"""`publisher suppression`: the list on the command line, and files in and out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from publisher.audience.models import Erased, Suppression
from publisher.cli.suppression import suppression
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> Result:
    return CliRunner().invoke(suppression, list(arguments), standalone_mode=True)


def as_json(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_an_address_is_added_shown_and_lifted_with_reasons() -> None:
    assert "for good" in run("add", "Ilse@example.net", "--because", "asked by phone").output
    assert "on the list already" in run("add", "ilse@example.net", "--because", "again").output
    Erased.objects.create(hash=b"x" * 32, at=clock.now())
    listed = as_json("list", "ILSE@example.net")
    assert [row["evidence"] for row in listed["suppressions"]] == ["asked by phone"]
    assert listed["erased"] == 1
    assert "1 people more were erased" in run("list").output
    assert as_json("list", "--reason", "complained")["suppressions"] == []
    assert "may be written to again" in run("lift", "ilse@example.net", "--because", "wrote again").output
    assert isinstance(run("lift", "ilse@example.net", "--because", "x").exception, UserError)
    told = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(told) == ["suppression.added", "suppression.lifted"]


def test_what_a_broken_provider_bounced_is_lifted_together_and_nothing_else() -> None:
    at = datetime(2026, 6, 1, 9, tzinfo=UTC)

    def entry(email: str, reason: str = "bounced", evidence: str = "Report 7: 550", hours: int = 0) -> None:
        Suppression.objects.create(
            email_key=email, reason=reason, evidence=evidence, at=at + timedelta(hours=hours)
        )

    entry("a@gmail.example")
    entry("b@gmail.example")
    entry("before@gmail.example", hours=-3)
    entry("elsewhere@example.net")
    entry("not@other-gmail.example")
    entry("complained@gmail.example", reason="complained")
    entry("listed@gmail.example", evidence="Import 3: hard bounce")
    span = ("--since", "2026-06-01T08:00", "--until", "2026-06-01 10:00", "--domain", "Gmail.example")
    assert as_json("lift-bounced", *span) == {"entries": 2, "lifted": False}
    assert Suppression.objects.count() == 7
    assert "2 addresses may be written to again" in run("lift-bounced", *span, "--because", "outage").output
    assert not Suppression.objects.filter(email_key__in=["a@gmail.example", "b@gmail.example"]).exists()
    assert Suppression.objects.count() == 5
    entry_of_trail = AuditEntry.objects.get()
    assert (entry_of_trail.action, entry_of_trail.after["read"]) == ("suppressions.lifted", 2)


def test_it_may_end_by_itself() -> None:
    run("add", "ilse@example.net", "--because", "away", "--until", "2999-12-31")
    until = Suppression.objects.get().until
    assert until
    assert until.year == 2999
    assert isinstance(run("add", "b@example.net", "--because", "x", "--until", "soon").exception, UserError)


def test_what_is_exported_can_be_brought_in_and_bad_rows_are_kept(tmp_path: Path) -> None:
    run("add", "ilse@example.net", "--because", "=asked")
    out = tmp_path / "list.csv"
    assert as_json("export", str(out))["entries"] == 1
    assert "'=asked" in out.read_text()
    Suppression.objects.all().delete()
    out.write_text(out.read_text() + "nobody,spam,,,\n")
    data = as_json("import", str(out))
    assert (data["added"], data["refused"]) == (1, 1)
    assert Suppression.objects.get().evidence.endswith(": =asked")
    assert "nobody" in Path(data["refused_file"]).read_text()
    assert run("export", "-").output.splitlines()[0] == "email,reason,at,until,evidence"
    assert isinstance(run("import", str(_written(tmp_path, "name\nx\n"))).exception, UserError)


def _written(folder: Path, text: str) -> Path:
    path = folder / "other.csv"
    path.write_text(text)
    return path
