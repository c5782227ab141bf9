"""Mailboxes that are logged in to by OAuth 2.0: a refresh token that its authority changes is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from publisher.core.crypto import opened
from publisher.delivery.email.smtp import oauth
from publisher.feedback import mailboxes
from publisher.feedback.mailboxes import Wishes, account_of
from publisher.feedback.models import Mailbox
from publisher.feedback.ways.base import Trouble
from tests.fakes.token_server import TokenServer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def authority() -> Iterator[TokenServer]:
    oauth._tokens.clear()
    with TokenServer(rotates=True) as server:
        yield server
    oauth._tokens.clear()


@pytest.fixture
def ada() -> User:
    return User.objects.create(username="ada")


@pytest.fixture
def wishes(authority: TokenServer) -> Wishes:
    return Wishes(
        name="bounces",
        way="imap",
        host="imap.example.org",
        username="bounces@office.example.org",
        login="oauth",
        password=authority.refresh,
        client_secret=authority.secret,
        client_id="our-client",
        token_url=authority.url,
    )


def restart() -> None:
    oauth._tokens.clear()


def test_a_refresh_token_that_changes_with_each_use_outlives_a_restart(
    authority: TokenServer, wishes: Wishes, ada: User
) -> None:
    box = mailboxes.create(wishes, user=ada, now=NOW)
    assert account_of(box).token() == "token-1-"
    box.refresh_from_db()
    assert opened(box.secret) == {"password": "refresh-1", "client_secret": authority.secret}
    assert box.version == 1  # its reader reads on
    assert account_of(box).token() == "token-1-"  # that holds still: nothing is fetched anew
    restart()
    assert account_of(box).token() == "token-2-"
    restart()
    assert account_of(Mailbox.objects.get()).token() == "token-3-"
    assert [form["refresh_token"] for form in authority.asked] == [
        "the-refresh-token",
        "refresh-1",
        "refresh-2",
    ]


def test_who_reads_on_for_long_keeps_each_one(authority: TokenServer, wishes: Wishes, ada: User) -> None:
    account = account_of(mailboxes.create(wishes, user=ada, now=NOW))
    for number in range(1, 6):
        assert account.token(refused=f"token-{number - 1}-") == f"token-{number}-"
        assert opened(Mailbox.objects.get().secret)["password"] == f"refresh-{number}"
    assert len(oauth._tokens) == 2


def test_what_a_person_entered_meanwhile_is_not_overwritten(
    authority: TokenServer, wishes: Wishes, ada: User
) -> None:
    box = mailboxes.create(wishes, user=ada, now=NOW)
    account = account_of(box)
    mailboxes.change(box.pk, replace(wishes, password="entered-anew"), version=1, user=ada)
    account.token()
    assert opened(Mailbox.objects.get().secret)["password"] == "entered-anew"


def test_a_refused_token_is_told_and_nothing_is_stored(
    authority: TokenServer, wishes: Wishes, ada: User
) -> None:
    box = mailboxes.create(replace(wishes, password="not-the-one"), user=ada, now=NOW)
    with pytest.raises(Trouble, match="invalid_grant") as trouble:
        account_of(box).token()
    assert "not-the-one" not in str(trouble.value)
    assert opened(Mailbox.objects.get().secret)["password"] == "not-the-one"
