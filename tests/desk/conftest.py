"""Who comes to the desk in its tests: nobody, staff, an admin, and an account without access."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from publisher.people import roles
from publisher.people.permissions import ADMIN, EDITOR, Role

PASSWORD = "a long enough password"


def a_person(name: str, role: Role) -> User:
    """A login with one role."""
    user = User.objects.create_user(name, password=PASSWORD)
    roles.give(user, role)
    return user


@pytest.fixture
def editor(db: None) -> User:
    return a_person("mira", EDITOR)


@pytest.fixture
def desk(editor: User) -> Client:
    """A browser in which the editor is logged in."""
    client = Client()
    client.force_login(editor)
    return client


@pytest.fixture
def admin_desk(db: None) -> Client:
    client = Client()
    client.force_login(a_person("ada", ADMIN))
    return client


@pytest.fixture
def outsider(db: None) -> Client:
    """A browser in which an account without access to the desk is logged in."""
    client = Client()
    client.force_login(User.objects.create_user("otto", password=PASSWORD))
    return client
