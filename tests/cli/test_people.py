"""`publisher people` and `create-admin`: the way in that stays when no login works."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner, Result
from django.contrib.auth.models import User
from django.test import Client

from publisher.cli.people import create_admin, people
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.people import roles
from publisher.people.models import Letter
from publisher.people.permissions import ADMIN, EDITOR, VIEWER
from tests.people.builders import PASSWORD, somebody

pytestmark = pytest.mark.django_db


def run(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def report(command: click.Command, *arguments: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(run(command, *arguments, "--json").stdout)
    return data


def refused(*arguments: str) -> str:
    error = run(people, *arguments).exception
    assert isinstance(error, UserError)
    return error.message


def test_an_admin_made_here_has_the_role(db: None) -> None:
    run(create_admin, "ada", "--generate")
    user = User.objects.get(username="ada")
    assert [group.name for group in user.groups.all()] == ["admin"]


def test_the_list_has_people_and_the_invited(db: None) -> None:
    somebody("mira", EDITOR, "mira@example.org")
    report(people, "invite", "ilse@example.org", "--role", "author")
    found = report(people, "list")
    assert (found["people"][0]["name"], found["people"][0]["role"]) == ("mira", "editor")
    assert found["invited"][0]["role"] == "author"
    assert "mira" in run(people, "list").stdout


def test_without_mail_the_link_is_printed_and_works(db: None) -> None:
    link = report(people, "invite", "ilse@example.org")["link"]
    browser = Client()
    path = link.partition("8000")[2]
    assert browser.get(path).status_code == 200
    answer = browser.post(path, {"username": "ilse", "password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 302
    assert browser.get("/desk/").status_code == 200
    assert roles.role_of(User.objects.get(username="ilse")) == VIEWER


def test_with_mail_a_letter_is_written_unless_the_link_is_wanted(settings: Any) -> None:
    settings.MAIL, settings.NOTICES_FROM = "smtp://127.0.0.1:9", "desk@example.org"
    assert "link" not in report(people, "invite", "ilse@example.org")
    assert "link" in report(people, "invite", "otto@example.org", "--link")
    assert Letter.objects.count() == 1


def test_role_closing_opening_and_the_second_step(db: None) -> None:
    somebody("ada", ADMIN)
    mira = somebody("mira", EDITOR)
    Authenticator.objects.create(user=mira, type="totp", data={})
    run(people, "role", "mira", "viewer")
    run(people, "deactivate", "mira")
    run(people, "reset-mfa", "mira")
    mira = User.objects.get(pk=mira.pk)
    assert (roles.role_of(mira), mira.is_active, Authenticator.objects.exists()) == (VIEWER, False, False)
    run(people, "reactivate", "mira")
    assert User.objects.get(pk=mira.pk).is_active
    assert "@" in AuditEntry.objects.get(action="person.role_changed").actor_name


def test_the_last_admin_is_not_closed_here_either(db: None) -> None:
    somebody("ada", ADMIN)
    assert "last admin" in refused("deactivate", "ada")
    assert "last admin" in refused("role", "ada", "viewer")


def test_who_is_unknown_or_closed_is_said(db: None) -> None:
    assert "no login nobody" in refused("role", "nobody", "admin")
    somebody("ada", ADMIN)
    User.objects.create_user("gone", is_active=False)
    assert "closed" in refused("link", "gone")


def test_a_printed_link_sets_a_new_password(db: None) -> None:
    mira = somebody("mira", EDITOR)
    path = report(people, "link", "mira")["link"].partition("8000")[2]
    browser = Client()
    new = "three words and rain"
    assert browser.post(path, {"password": new, "again": new})["Location"] == "/desk/reset/done"
    mira.refresh_from_db()
    assert mira.check_password(new)
    assert browser.get(path).status_code == 410
