"""`publisher subscribers import`: its options, its report for people and for machines, its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from publisher.audience.models import Consent, Subscriber, Subscription
from publisher.cli import subscribers as command
from publisher.cli.subscribers import subscribers
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.digests.models import Digest
from tests.builders import a_digest

pytestmark = pytest.mark.django_db

CONSENT = ("--consent", "signed up at the open day")


@pytest.fixture
def digest() -> Digest:
    return a_digest(slug="weekly")


def run(path: Path, text: str, *options: str) -> Result:
    file = path / "readers.csv"
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(subscribers, ["import", str(file), *options])


def as_json(path: Path, text: str, *options: str) -> dict[str, Any]:
    result = run(path, text, "--json", *options)
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert isinstance(data, dict)
    return data


def test_people_are_subscribed_and_it_is_said(tmp_path: Path, digest: Digest) -> None:
    result = run(tmp_path, "email,name,shoe size\nlin@example.org,Lin,42\nnobody,X,1\n", *CONSENT)
    assert result.exit_code == 0
    for said in (
        "email from “email”",
        "Columns not read: shoe size.",
        "2 rows read",
        "line 3: 'nobody' is not a mail address.",
        str(tmp_path / "readers.refused.csv"),
    ):
        assert said in result.output
    assert Subscription.objects.get().digest_id == digest.pk
    assert Consent.objects.get().how == "signed up at the open day"


def test_nothing_in_a_file_can_write_on_the_terminal(tmp_path: Path, digest: Digest) -> None:
    result = run(tmp_path, "email,\x1b[2Jzone,\x1b[31mtopics\nli\x1bn@example.org,x,\x1b[31m\nbo@example.org,,\n", *CONSENT,
                 "--map", "3=topics")  # fmt: skip
    assert result.exit_code == 0
    assert "\x1b" not in result.output


def test_machines_get_one_object(tmp_path: Path, digest: Digest) -> None:
    data = as_json(
        tmp_path, "email,zone\nlin@example.org,\nbo@example.org,Mars\nlin@example.org,\n", *CONSENT
    )
    wanted = {"read": 3, "added": 1, "subscribed": 1, "unchanged": 0, "updated": 0, "refused": 1, "left": 0}
    wanted |= {"suppressed": 0, "duplicates": 1}
    assert {name: data[name] for name in wanted} == wanted
    assert data["seconds"] >= 0
    assert data["refused_rows"] == [
        {"line": 3, "code": "zone", "reason": "“Mars” is no time zone such as Asia/Shanghai."}
    ]
    assert data["refused_by_reason"] == {"zone": 1}
    assert data["passed_over"] == [{"line": 4, "why": "duplicate", "first_line": 2}]
    assert (data["digest"], data["encoding"], data["columns"]["email"]) == ("weekly", "utf-8", "email")


def test_the_trail_has_the_counts_and_no_address(tmp_path: Path, digest: Digest) -> None:
    run(tmp_path, "lin@example.org\n", *CONSENT)
    entry = AuditEntry.objects.get(action="subscribers.imported")
    assert (entry.object_id, entry.after["added"], entry.after["file"]) == (str(digest.pk), 1, "readers.csv")
    assert "lin@" not in json.dumps(entry.after)


def test_a_dry_run_says_so_and_leaves_no_trace(tmp_path: Path, digest: Digest) -> None:
    result = run(tmp_path, "lin@example.org\n", "--dry-run", *CONSENT)
    assert "nothing is changed" in result.output
    assert not Subscriber.objects.exists()
    assert not AuditEntry.objects.filter(action="subscribers.imported").exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ((), "no word on how these people agreed"),
        (("--consent", "x" * 201), "at most 200 characters"),
        ((*CONSENT, "--digest", "daily"), "There is no digest daily. Digests: weekly"),
        ((*CONSENT, "--language", "fr"), "does not come in fr"),
        ((*CONSENT, "--map", "email"), "write COLUMN=FIELD"),
        ((*CONSENT, "--map", "email=mail"), "fields: email, name"),
        ((*CONSENT, "--map", "whom=name"), "There is no column whom"),
        ((*CONSENT, "--existing", "forget"), "'forget' is not one of"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_of_usage(
    tmp_path: Path, digest: Digest, options: tuple[str, ...], named: str
) -> None:
    result = run(tmp_path, "email\nlin@example.org\n", *options)
    assert result.exit_code == 2
    assert named in " ".join(result.output.split())
    assert not Subscriber.objects.exists()


def test_of_several_digests_one_must_be_named(tmp_path: Path, digest: Digest) -> None:
    a_digest(slug="daily")
    result = run(tmp_path, "lin@example.org\n", *CONSENT)
    assert (result.exit_code, "--digest SLUG" in result.output) == (2, True)
    assert as_json(tmp_path, "lin@example.org\n", "--digest", "daily", *CONSENT)["digest"] == "daily"


def test_a_missing_file_is_a_mistake_of_usage() -> None:
    result = CliRunner().invoke(subscribers, ["import", "missing.csv"])
    assert (result.exit_code, "does not exist" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("text", "code"), [("email\nnobody\n", 1), ("email\n", 0), ("nobody@x\nlin@example.org\n", 0)]
)
def test_the_exit_code_says_whether_anything_could_be_imported(
    tmp_path: Path, digest: Digest, text: str, code: int
) -> None:
    file = tmp_path / "readers.csv"
    file.write_text(text, encoding="utf-8")
    for _ in range(2):  # and what is there already is no failure
        result = CliRunner().invoke(subscribers, ["import", str(file), *CONSENT], standalone_mode=False)
        assert result.return_value == code


def test_an_empty_file_is_told_in_words(digest: Digest) -> None:
    with pytest.raises(UserError, match="is empty"):
        CliRunner().invoke(subscribers, ["import", "/dev/null", *CONSENT], catch_exceptions=False)


def test_a_column_of_consent_is_enough(tmp_path: Path, digest: Digest) -> None:
    assert as_json(tmp_path, "email,how\nlin@example.org,fair\n")["added"] == 1
    assert Consent.objects.get().how == "fair"


def test_options_reach_the_import(tmp_path: Path, digest: Digest) -> None:
    as_json(tmp_path, "who,mail\nLin,lin@example.org\n", *CONSENT, "--map", "who=name", "--language", "zh")
    subscription = Subscription.objects.select_related("subscriber", "selection").get()
    assert (subscription.subscriber.name, subscription.selection.language) == ("Lin", "zh")
    changed = as_json(tmp_path, "lin@example.org\ninfo@example.org\n", *CONSENT, "--role", "refuse")
    assert (changed["unchanged"], changed["refused_by_reason"]) == (1, {"role": 1})
    updated = as_json(tmp_path, "email,language\nlin@example.org,en\n", *CONSENT, "--existing", "update")
    assert updated["updated"] == 1


def test_of_many_refused_rows_some_are_shown_and_all_are_counted(tmp_path: Path, digest: Digest) -> None:
    rows = "".join(f"nobody{n}\n" for n in range(command.LINES_SHOWN + 30))
    result = run(tmp_path, f"email\nlin@example.org\n{rows}", *CONSENT)
    assert result.output.count(" is not a mail address") == command.LINES_SHOWN
    assert "and 30 more. By reason: address 50." in result.output


def test_who_stops_it_is_told_that_it_may_be_run_again(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_given: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "import_file", stopped)
    result = run(tmp_path, "lin@example.org\n", *CONSENT)
    assert "Run the same command again" in result.output


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(
        command,
        "Console",
        lambda **_: Console(file=shown, force_terminal=terminal, _environ={"TERM": "xterm"}),
    )
    with command._bar() as told:
        told("reading", 1, 2)
        told("reading", 2, 2)
    assert ("Reading" in shown.getvalue()) == terminal


@pytest.mark.parametrize("text", ["email,name\n", "email,name", "\ufeffemail;name\r\n\r\n ; \r\n"])
def test_a_header_without_rows_is_no_mistake_and_it_is_said(
    tmp_path: Path, digest: Digest, text: str
) -> None:
    result = run(tmp_path, text, *CONSENT)
    assert result.exit_code == 0
    assert (
        result.output
        == "readers.csv has a header and no row below it: nobody to subscribe, and nothing is changed.\n"
    )
    assert as_json(tmp_path, text, *CONSENT)["read"] == 0


def test_rows_that_are_all_refused_are_a_failure(tmp_path: Path, digest: Digest) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("email,consent\nlin@example.org,\n", encoding="utf-8")
    result = CliRunner().invoke(subscribers, ["import", str(file)], standalone_mode=False)
    assert result.return_value == 1
    assert "(on the command line --consent)" in result.output


def test_a_dry_run_leaves_no_file_unless_it_is_asked_for(tmp_path: Path, digest: Digest) -> None:
    result = run(tmp_path, "email\nnobody\nlin@example.org\n", *CONSENT, "--dry-run")
    assert "would write the refused rows to readers.refused.csv" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["readers.csv"]
    wanted = tmp_path / "mine.csv"
    result = run(tmp_path, "email\nnobody\n", *CONSENT, "--dry-run", "--refused", str(wanted))
    assert f"All refused rows are in {wanted}" in result.output
    assert "nobody" in wanted.read_text(encoding="utf-8")
