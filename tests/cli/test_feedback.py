"""`publisher feedback`: what a mail server pipes in is taken, or kept for another time; what a message means is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from publisher.audience.models import Suppression
from publisher.cli import database
from publisher.cli.feedback import EX_TEMPFAIL
from publisher.cli.feedback import feedback as command
from publisher.core.errors import UserError
from publisher.feedback.models import Report
from tests.feedback.mailing import CORPUS, Signs, a_sent_mail


@pytest.fixture
def no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own servers run already."""
    import contextlib

    monkeypatch.setattr(database, "servers", lambda *_names, **_given: contextlib.nullcontext())


def run(*arguments: str, says: bytes = b"") -> Result:
    return CliRunner().invoke(command, list(arguments), input=says, standalone_mode=False)


def mail(name: str = "postfix-unknown-user") -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes()


@pytest.mark.django_db
@pytest.mark.usefixtures("no_servers")
def test_a_piped_message_is_taken_once() -> None:
    raw = Signs.of_delivery(a_sent_mail()).into(mail())
    first, second = run("take", "--source", "postfix", says=raw), run("take", says=raw)
    assert (first.return_value, second.return_value) == (0, 0)
    assert first.output == second.output
    assert "bounce, suppressed" in first.output
    assert Report.objects.get().source == "postfix"
    assert Suppression.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("no_servers")
def test_the_envelope_may_be_given_with_it() -> None:
    signs = Signs.of_delivery(a_sent_mail())
    raw = signs.into(mail("forged-report-without-a-sign"))
    assert "suppressed" in run("take", "--recipient", signs.return_path, says=raw).output


@pytest.mark.parametrize(
    "trouble",
    [UserError("The database does not answer.", "Look."), RuntimeError("boom"), OSError(28, "No space left")],
)
def test_any_trouble_asks_the_mail_server_to_keep_the_message(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_names: Any, **_given: Any) -> None:
        raise trouble

    monkeypatch.setattr(database, "servers", fails)
    result = run("take", says=mail())
    assert result.return_value == EX_TEMPFAIL


@pytest.mark.django_db
@pytest.mark.usefixtures("no_servers")
def test_a_wrong_option_in_the_mail_servers_file_loses_no_message() -> None:
    assert run("take", "--sorce", "postfix", says=mail()).return_value == 0


def test_nothing_on_standard_input_is_trouble_too() -> None:
    assert run("take", says=b"\n").return_value == EX_TEMPFAIL


@pytest.mark.parametrize("arguments", [("take",), ("classify", __file__)])
def test_where_no_installation_is_none_is_made(
    arguments: tuple[str, ...], settings: Any, tmp_path: Path
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, data_dir=tmp_path)
    result = run(*arguments, says=mail())
    if arguments == ("take",):
        assert result.return_value == EX_TEMPFAIL
        assert "There is no installation in" in result.output
    else:
        assert "There is no installation in" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("postgres")
def test_a_message_is_explained_without_storing_anything(tmp_path: Path) -> None:
    signed, unsigned = tmp_path / "signed.eml", tmp_path / "unsigned.eml"
    signed.write_bytes(Signs.of(4711, 815, 7, 42, "ilse@example.net").into(mail()))
    unsigned.write_bytes(mail())
    result = run("classify", "--json", str(signed), str(unsigned))
    rows = json.loads(result.output)["messages"]
    assert rows[str(signed)]["kind"] == "bounce"
    assert rows[str(signed)]["delivery"] == "4711"
    assert rows[str(signed)]["would follow"].startswith("suppressed")
    assert rows[str(unsigned)]["would follow"].startswith("unmatched")
    assert "5.1.1" in run("classify", str(signed)).output


@pytest.mark.usefixtures("postgres")
def test_a_file_that_is_not_there_is_said() -> None:
    error = run("classify", "/nowhere/at-all.eml").exception
    assert isinstance(error, UserError)
    assert "cannot be read" in error.message
