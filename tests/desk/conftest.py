"""Who comes to the desk in its tests: nobody, staff, an admin, and an account without access."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

PASSWORD = "a long enough password"


@pytest.fixture
def editor(db: None) -> User:
    return User.objects.create_user("mira", password=PASSWORD, is_staff=True)


@pytest.fixture
def desk(editor: User) -> Client:
    """A browser in which the editor is logged in."""
    client = Client()
    client.force_login(editor)
    return client


@pytest.fixture
def admin_desk(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ada", password=PASSWORD, is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def outsider(db: None) -> Client:
    """A browser in which an account without access to the desk is logged in."""
    client = Client()
    client.force_login(User.objects.create_user("otto", password=PASSWORD))
    return client
