"""What admins decide about people: the last admin stays, nobody lifts themselves, and each deed is told."""

from __future__ import annotations

from datetime import datetime

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.people import persons, roles
from publisher.people.models import Profile
from publisher.people.permissions import ADMIN, AUTHOR, EDITOR, MANAGE_PEOPLE, VIEWER
from tests.people.builders import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return somebody("ada", ADMIN)


@pytest.fixture
def mira(db: None) -> User:
    return somebody("mira", EDITOR)


def fresh(user: User) -> User:
    """Without the permissions that Django remembers."""
    return User.objects.get(pk=user.pk)


def test_a_role_is_given_and_told(ada: User, mira: User) -> None:
    persons.set_role(mira.pk, AUTHOR, actor=ada, version=1)
    assert roles.role_of(fresh(mira)) == AUTHOR
    entry = AuditEntry.objects.get(action="person.role_changed")
    assert (entry.before, entry.after, entry.actor_name) == ({"role": "editor"}, {"role": "author"}, "ada")


def test_the_same_role_again_changes_nothing(ada: User, mira: User) -> None:
    persons.set_role(mira.pk, EDITOR, actor=ada, version=1)
    assert not AuditEntry.objects.exists()
    assert persons.profile_of(mira).version == 1


def test_who_saw_an_older_version_is_told(ada: User, mira: User) -> None:
    persons.set_role(mira.pk, AUTHOR, actor=ada, version=1)
    with pytest.raises(persons.ChangedMeanwhile):
        persons.deactivate(mira.pk, actor=ada, now=datetime.now().astimezone(), version=1)
    assert fresh(mira).is_active


def test_nobody_decides_about_their_own_role(ada: User, now: datetime) -> None:
    somebody("eve", ADMIN)
    for deed in (
        lambda: persons.set_role(ada.pk, VIEWER, actor=ada, version=None),
        lambda: persons.deactivate(ada.pk, actor=ada, now=now, version=None),
        lambda: persons.reset_second_step(ada.pk, actor=ada, now=now, version=None),
    ):
        with pytest.raises(UserError):
            deed()
    assert roles.role_of(fresh(ada)) == ADMIN


def test_nobody_gives_a_role_that_may_more_than_they(ada: User, mira: User) -> None:
    from django.contrib.auth.models import Permission

    mira.user_permissions.add(Permission.objects.get(codename=MANAGE_PEOPLE.partition(".")[2]))
    otto = somebody("otto", VIEWER)
    persons.set_role(otto.pk, EDITOR, actor=fresh(mira), version=None)
    with pytest.raises(UserError, match="more than you"):
        persons.set_role(otto.pk, ADMIN, actor=fresh(mira), version=None)


@pytest.mark.parametrize("superuser", [False, True])
def test_the_last_admin_stays(mira: User, now: datetime, superuser: bool) -> None:
    last = User.objects.create_superuser("root", "", "x") if superuser else somebody("root", ADMIN)
    somebody("gone", ADMIN)
    User.objects.filter(username="gone").update(is_active=False)
    for deed in (
        lambda: persons.set_role(last.pk, EDITOR, actor="ops@host", version=None),
        lambda: persons.deactivate(last.pk, actor="ops@host", now=now, version=None),
    ):
        with pytest.raises(UserError, match="last admin"):
            deed()
    assert fresh(last).is_active


def test_a_superuser_who_gets_a_smaller_role_is_one_no_more(ada: User) -> None:
    root = User.objects.create_superuser("root", "", "x")
    assert roles.role_of(root) == ADMIN
    persons.set_role(root.pk, VIEWER, actor=ada, version=None)
    assert not fresh(root).has_perm("people.publish")


def test_a_closed_account_is_out_at_once_and_comes_back_whole(ada: User, mira: User, now: datetime) -> None:
    browser = Client()
    browser.force_login(mira)
    assert browser.get("/desk/").status_code == 200
    persons.deactivate(mira.pk, actor=ada, now=now, version=None)
    assert browser.get("/desk/").status_code == 302
    persons.reactivate(mira.pk, actor=ada, version=None)
    assert browser.get("/desk/").status_code == 302, "its session is over for good"
    assert roles.role_of(fresh(mira)) == EDITOR


def test_taking_the_second_step_away_ends_the_sessions(ada: User, mira: User, now: datetime) -> None:
    Authenticator.objects.create(user=mira, type="totp", data={})
    browser = Client()
    browser.force_login(mira)
    persons.reset_second_step(mira.pk, actor=ada, now=now, version=1)
    assert not Authenticator.objects.exists()
    assert browser.get("/desk/").status_code == 302
    assert AuditEntry.objects.filter(action="person.mfa_reset", actor_name="ada").exists()
    assert Profile.objects.get(user=mira).version == 2
