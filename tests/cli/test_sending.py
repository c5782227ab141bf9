"""`publisher sending`: what stands, what would leave, stopping and going on. And that status and probes say so."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from click.testing import CliRunner, Result
from django.test import Client

from publisher.cli import look
from publisher.cli import sending as module
from publisher.cli.sending import sending
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry, Standstill
from publisher.delivery import outage
from publisher.digests.models import Edition
from tests.builders import a_channel, a_digest, a_sending_edition
from tests.desk.builders import a_post

pytestmark = pytest.mark.django_db


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(sending, list(arguments), input=typed)


def report(*arguments: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(run(*arguments, "--json").stdout)
    return data


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        stdin = type("stdin", (), {"isatty": staticmethod(lambda: True)})

    monkeypatch.setattr(module, "sys", Terminal)


@pytest.fixture(autouse=True)
def a_mail_server(settings: Any) -> None:
    settings.MAIL = "smtp://127.0.0.1:25"


def test_it_says_what_leaves_and_what_waits() -> None:
    edition = a_sending_edition(a_digest(enabled=False), mails=3)
    a_post(state="scheduled", slot_at=edition.due_at, channel=a_channel(name="Mastodon"))
    said = run().output
    assert said.startswith("Sending goes on as planned.\nThis leaves now:\n")
    assert f"{edition}: 3 mails, due 2026-06-01 12:00 UTC" in said
    assert "This waits for a person:\n  Mastodon: 1 post whose slot was missed by too much" in said


def test_without_a_mail_server_nothing_leaves_and_that_is_said(settings: Any) -> None:
    settings.MAIL = ""
    edition = a_sending_edition(a_digest(enabled=False), mails=3)
    said = run().output
    assert "This leaves now: nothing.\nThis is held up:\n" in said
    assert "All mail: No mail leaves while PUBLISHER_MAIL is empty.\n" in said
    assert f"{edition}: 3 mails" in said
    would = report()["would_leave"]
    assert would["mail_held"] == {"why": "No mail leaves while PUBLISHER_MAIL is empty", "until": None}
    assert (would["mails"][0]["queued"], would["mails"][0]["leave"]) == (3, 0)


def test_stopping_says_since_when_by_whom_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.audit, "os_user", lambda: "ada@host")
    run("stop", "--reason", "A wrong picture")
    said = run().output
    assert "All sending stands still since" in said
    assert ", by ada@host: A wrong picture" in said
    assert "this would leave at once: nothing." in said
    stands = report()["stands"]
    assert (stands["kind"], stands["reason"], stands["by"]) == ("stopped", "A wrong picture", "ada@host")


def test_stopping_twice_is_refused() -> None:
    run("stop", "--reason", "first")
    refused = run("stop", "--reason", "second").exception
    assert isinstance(refused, UserError)
    assert "already" in refused.message


def test_going_on_shows_what_leaves_and_asks(at_a_terminal: None) -> None:
    edition = a_sending_edition(a_digest(enabled=False), mails=3)
    run("stop", "--reason", "A wrong picture")
    done = run("go", typed="n\n")
    assert f"{edition}: 3 mails" in done.stderr
    assert Standstill.objects.exists()
    assert "Sending goes on." in run("go", typed="y\n").output
    assert not Standstill.objects.exists()


def test_where_nobody_can_answer_going_on_needs_a_yes() -> None:
    run("stop", "--reason", "A wrong picture")
    assert isinstance(run("go").exception, UserError)
    assert Standstill.objects.exists()
    assert report("go", "--yes")["went_on"] is True
    assert isinstance(run("go", "--yes").exception, UserError), "it does not stand still any more"


def test_an_edition_whose_time_is_long_past_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = a_sending_edition(a_digest(enabled=False))
    run("stop", "--reason", "A wrong picture")
    Standstill.objects.update(since=edition.due_at)
    assert f"{edition} is paused" in run("go", "--yes").output
    assert Edition.objects.get().state == "paused"


@pytest.mark.urls("publisher.api.urls")
def test_probes_and_metrics_say_that_sending_stands_still_and_not_why(inbox: redis.Redis) -> None:
    assert Client().get("/readyz").json()["checks"]["sending"] == {"ok": True, "detail": "", "warning": ""}
    run("stop", "--reason", "A private matter")
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert "All sending stands still since" in answer.json()["checks"]["sending"]["warning"]
    assert "private" not in answer.content.decode()
    assert "publisher_standstill 1.0" in Client().get("/metrics").content.decode()


def test_it_says_that_the_mail_server_failed_and_has_it_tried(
    inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.audit, "os_user", lambda: "ada@host")
    assert isinstance(run("try").exception, UserError)
    outage.begin("At the login: 535 5.7.8 bad", lasting=True, now=clock.now())
    said = run().output
    assert "At the login: 535 5.7.8 bad It is tried again at" in said
    assert "as planned" not in said
    assert "All mail: The mail server could not be used and is left alone, until" in said
    assert look._mail()["mail"]["waits"].startswith("Mail cannot leave since")
    assert report()["outage"]["failures"] == 1
    assert report("try")["outage"]["said"] == "At the login: 535 5.7.8 bad"
    assert not outage.look().rests
    assert AuditEntry.objects.get().actor_name == "ada@host"


def test_a_try_that_has_to_wait_is_not_told_as_made(inbox: redis.Redis, settings: Any) -> None:
    outage.begin("At the login: 535 5.7.8 bad", lasting=True, now=clock.now())
    run("stop", "--reason", "A wrong picture")
    told = report("try")
    assert told["tried"] is False
    assert told["waits"].startswith("All sending stands still, so the mail server is not tried now.")
    assert not outage.look().rests, "it is tried once sending goes on"
    run("go", "--yes")
    assert report("try")["tried"] is True
    settings.MAIL = ""
    assert run("try").output.startswith("PUBLISHER_MAIL is empty here.")
    outage.forget()
    refused = run("try").exception
    assert isinstance(refused, UserError)
    assert refused.message == "There is no mail server to try: PUBLISHER_MAIL is empty."


@pytest.mark.urls("publisher.api.urls")
def test_probes_say_that_mail_cannot_leave_and_name_no_host(inbox: redis.Redis, settings: Any) -> None:
    settings.MAIL = "smtp:/geheim"
    warning = Client().get("/readyz").json()["checks"]["mail"]["warning"]
    assert warning.startswith("PUBLISHER_MAIL cannot be used: it has to begin with smtp://")
    assert "geheim" not in warning
    settings.MAIL = "smtp://mail.example.org"
    assert Client().get("/readyz").json()["checks"]["mail"] == {"ok": True, "detail": "", "warning": ""}
    outage.begin(
        "The mail server smtp://mail.example.org:25 cannot be reached.", lasting=False, now=clock.now()
    )
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["mail"]["warning"].startswith("Mail cannot leave since ")
    assert "example.org" not in answer.content.decode()
    assert "publisher_mail_outage 1.0" in Client().get("/metrics").content.decode()
