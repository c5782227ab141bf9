"""Keys of the API: shown once, found by the whole secret only, never stronger than their owner."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.people import api_keys, roles
from publisher.people.models import ApiKey
from publisher.people.permissions import ADMIN, EDITOR, PUBLISH, SEE_DESK, VIEWER, WRITE

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    user = User.objects.create_user("ada")
    roles.give(user, ADMIN)
    return user


def a_key(user: User, now: datetime, *scopes: str, expires_at: datetime | None = None) -> tuple[ApiKey, str]:
    wanted = scopes or ("see_desk", "write")
    return api_keys.make(
        "Newsroom", wanted, user=user, held=api_keys.held_by(user), expires_at=expires_at, now=now
    )


def test_a_key_is_found_by_its_secret_and_says_what_it_may(ada: User, now: datetime) -> None:
    key, secret = a_key(ada, now)
    found = api_keys.find(secret, now)
    assert found == key
    assert secret.startswith(f"pub_{key.prefix}_")
    assert api_keys.permissions_of(found) == {SEE_DESK, WRITE}


def test_the_secret_is_nowhere_in_the_database(ada: User, now: datetime) -> None:
    key, secret = a_key(ada, now)
    stored = ApiKey.objects.filter(pk=key.pk).values().get()
    random = secret.split("_", 2)[2]
    assert not any(random in str(value) for value in stored.values())
    entry = AuditEntry.objects.get(action="apikey.created")
    assert random not in str(entry.after)


def test_another_end_of_the_secret_finds_nothing(ada: User, now: datetime) -> None:
    _key, secret = a_key(ada, now)
    assert api_keys.find(secret[:-1], now) is None
    assert api_keys.find(secret[:-1] + ("A" if secret[-1] != "A" else "B"), now) is None
    assert api_keys.find(secret + "A", now) is None


@given(text=st.text())
def test_any_text_is_no_key_and_no_error(text: str) -> None:
    assert api_keys.find(text, datetime.now().astimezone()) is None
    assert api_keys.find("pub_" + text, datetime.now().astimezone()) is None


def test_a_key_ends_when_it_said(ada: User, now: datetime) -> None:
    _key, secret = a_key(ada, now, expires_at=now + timedelta(days=1))
    assert api_keys.find(secret, now + timedelta(hours=23)) is not None
    assert api_keys.find(secret, now + timedelta(days=1)) is None


def test_a_revoked_key_is_dead_at_once(ada: User, now: datetime) -> None:
    key, secret = a_key(ada, now)
    api_keys.revoke(key.pk, user=ada, now=now)
    api_keys.revoke(key.pk, user=ada, now=now)
    assert api_keys.find(secret, now) is None
    assert AuditEntry.objects.filter(action="apikey.revoked").count() == 1


def test_the_keys_of_a_closed_account_are_dead_and_live_again_with_it(ada: User, now: datetime) -> None:
    _key, secret = a_key(ada, now)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert api_keys.find(secret, now) is None
    User.objects.filter(pk=ada.pk).update(is_active=True)
    assert api_keys.find(secret, now) is not None


def test_a_key_loses_what_its_owner_loses(ada: User, now: datetime) -> None:
    _key, secret = a_key(ada, now, "see_desk", "publish")
    roles.give(ada, VIEWER)
    found = api_keys.find(secret, now)
    assert found is not None
    assert api_keys.permissions_of(found) == {SEE_DESK}


def test_no_key_may_do_more_than_who_makes_it(now: datetime) -> None:
    mira = User.objects.create_user("mira")
    roles.give(mira, EDITOR)
    with pytest.raises(UserError, match="manage_people"):
        a_key(mira, now, "publish", "manage_people")
    with pytest.raises(UserError, match="everything"):
        a_key(mira, now, "everything")
    assert not ApiKey.objects.exists()


def test_a_key_makes_no_stronger_key(ada: User, now: datetime) -> None:
    key, _secret = a_key(ada, now, "integrate", "see_desk")
    held = api_keys.permissions_of(key)
    with pytest.raises(UserError, match="publish"):
        api_keys.make("Next", ["publish"], user=ada, held=held, expires_at=None, now=now)


@pytest.mark.parametrize(
    ("name", "scopes", "ends"),
    [("  ", ["write"], None), ("x" * 101, ["write"], None), ("x", [], None), ("x", ["write"], 0)],
)
def test_a_key_that_would_be_useless_is_refused(
    ada: User, now: datetime, name: str, scopes: list[str], ends: int | None
) -> None:
    expires_at = None if ends is None else now + timedelta(seconds=ends)
    with pytest.raises(UserError):
        api_keys.make(name, scopes, user=ada, held={WRITE, PUBLISH}, expires_at=expires_at, now=now)


def test_the_last_use_is_written_every_five_minutes_only(ada: User, now: datetime) -> None:
    key, secret = a_key(ada, now)
    api_keys.find(secret, now)
    api_keys.find(secret, now + timedelta(minutes=4))
    assert ApiKey.objects.get(pk=key.pk).last_used_at == now
    api_keys.find(secret, now + timedelta(minutes=6))
    assert ApiKey.objects.get(pk=key.pk).last_used_at == now + timedelta(minutes=6)


def test_a_key_that_ends_makes_none_that_lives_longer(ada: User, now: datetime) -> None:
    """Or it would never end for who has it."""
    held, day = api_keys.held_by(ada), timedelta(days=1)
    first, _secret = api_keys.make(
        "First", ["integrate", "see_desk"], user=ada, held=held, expires_at=now + day, now=now
    )
    for ends in (None, now + 2 * day):
        with pytest.raises(UserError, match="lives longer"):
            api_keys.make("Next", ["see_desk"], user=ada, held=held, expires_at=ends, now=now, by_key=first)
    next_one, _secret = api_keys.make(
        "Next", ["see_desk"], user=ada, held=held, expires_at=now + day, now=now, by_key=first
    )
    told = AuditEntry.objects.get(action="apikey.created", object_id=str(next_one.pk))
    assert told.after["by_key"] == api_keys.shown_prefix(first)
