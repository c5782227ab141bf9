"""Invitations: a link that works once, for seven days, and is known here by its hash only."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.people import invitations, persons, roles
from publisher.people.models import Invitation, Letter
from publisher.people.permissions import ADMIN, AUTHOR, EDITOR, VIEWER
from tests.people.builders import PASSWORD, an_invitation, somebody

pytestmark = pytest.mark.django_db


def accept(token: str, now: datetime, name: str = "ilse", password: str = PASSWORD) -> User:
    return invitations.accept(token, name=name, password=password, now=now)


def test_whoever_has_the_link_gets_the_account_with_the_role(now: datetime) -> None:
    _invitation, token = an_invitation(role=EDITOR, now=now)
    user = accept(token, now)
    assert (user.email, roles.role_of(user), user.check_password(PASSWORD)) == (
        "ilse@example.org",
        EDITOR,
        True,
    )


def test_it_works_once(now: datetime) -> None:
    _invitation, token = an_invitation(now=now)
    accept(token, now)
    with pytest.raises(invitations.LinkDead):
        accept(token, now, name="another")
    assert User.objects.count() == 1


def test_it_works_for_seven_days(now: datetime) -> None:
    _invitation, token = an_invitation(now=now)
    invitations.of_token(token, now=now + timedelta(days=7) - timedelta(seconds=1))
    with pytest.raises(invitations.LinkDead):
        accept(token, now + timedelta(days=7))


def test_the_token_is_nowhere_in_the_database(now: datetime) -> None:
    invitation, token = an_invitation(now=now)
    assert token not in str(Invitation.objects.filter(pk=invitation.pk).values())
    assert token not in str(list(AuditEntry.objects.values()))


def test_a_withdrawn_link_is_dead(now: datetime) -> None:
    invitation, token = an_invitation(now=now)
    invitations.withdraw(invitation.pk, actor=None, now=now, version=1)
    with pytest.raises(invitations.LinkDead):
        accept(token, now)
    with pytest.raises(UserError, match="meanwhile"):
        invitations.send_again(invitation.pk, actor=None, by_mail=False, now=now, version=None)


def test_a_new_link_kills_the_old_one_and_lives_seven_days_from_then(now: datetime) -> None:
    invitation, old = an_invitation(now=now)
    later = now + timedelta(days=9)
    _same, link = invitations.send_again(invitation.pk, actor=None, by_mail=False, now=later, version=1)
    with pytest.raises(invitations.LinkDead):
        accept(old, now)
    assert accept(link.rpartition("/")[2], later + timedelta(days=6)).email == "ilse@example.org"


def test_who_saw_an_older_version_changes_nothing(now: datetime) -> None:
    invitation, token = an_invitation(now=now)
    with pytest.raises(UserError, match="meanwhile"):
        invitations.withdraw(invitation.pk, actor=None, now=now, version=7)
    invitations.of_token(token, now=now)


@pytest.mark.parametrize("email", ["", "nobody", "a@b\n@c.org", "x" * 300 + "@example.org", "a@\0b.org,"])
def test_what_is_no_address_is_refused(now: datetime, email: str) -> None:
    with pytest.raises(UserError, match="not a mail address"):
        an_invitation(email, now=now)


def test_nobody_is_invited_twice_in_whatever_case(now: datetime) -> None:
    an_invitation("ilse@example.org", now=now)
    with pytest.raises(UserError, match="invited already"):
        an_invitation("Ilse@Example.org", now=now)


def test_nobody_is_invited_who_has_an_account(now: datetime) -> None:
    somebody("ilse", VIEWER, "ilse@example.org")
    with pytest.raises(UserError, match="has an account"):
        an_invitation("ILSE@example.org", now=now)


def test_nobody_invites_into_a_role_that_may_more_than_they(now: datetime) -> None:
    with pytest.raises(UserError, match="more than you"):
        an_invitation(role=ADMIN, actor=somebody("mira", EDITOR), now=now)


@pytest.mark.parametrize(
    "name", ["system", "Publisher", "", "two words", "mira", "MIRA", "x" * 151, "a\0", "<b>"]
)
def test_a_name_that_is_taken_or_strange_is_refused_and_the_link_still_works(
    now: datetime, name: str
) -> None:
    somebody("mira", EDITOR)
    _invitation, token = an_invitation(now=now)
    if name == "a\0":
        name = "\0"
    with pytest.raises(UserError):
        accept(token, now, name=name)
    assert accept(token, now).username == "ilse"


@pytest.mark.parametrize("password", ["short", "1234567890", "ilse@example"])
def test_a_weak_password_is_refused(now: datetime, password: str) -> None:
    _invitation, token = an_invitation(now=now)
    with pytest.raises(UserError):
        accept(token, now, password=password)
    assert not User.objects.exists()


def test_with_mail_there_is_a_letter_and_no_link_yet(now: datetime) -> None:
    invitation, link = invitations.invite("ilse@example.org", VIEWER, actor=None, by_mail=True, now=now)
    assert link == ""
    assert Letter.objects.get().invitation == invitation
    invitations.send_again(invitation.pk, actor=None, by_mail=True, now=now, version=1)
    assert sorted(Letter.objects.values_list("state", flat=True)) == ["cancelled", "queued"]


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "a smaller role"])
def test_nobody_leaves_a_door_open_behind_them(now: datetime, closed: bool) -> None:
    ada, ben = somebody("ada", ADMIN), somebody("ben", ADMIN)
    invitation, token = an_invitation(role=ADMIN, now=now, actor=ada)
    invitations.of_token(token, now=now)
    if closed:
        persons.deactivate(ada.pk, actor=ben, now=now, version=None)
    else:
        persons.set_role(ada.pk, AUTHOR, actor=ben, version=None)
    with pytest.raises(invitations.LinkDead):
        accept(token, now)
    assert invitations.accept_by_address("ilse@example.org", now=now) is None
    _invitation, link = invitations.send_again(invitation.pk, actor=ben, by_mail=False, now=now, version=None)
    assert roles.role_of(accept(link.rpartition("/")[2], now)) == ADMIN


def test_who_may_not_invite_any_more_may_not_vouch_for_a_smaller_role_either(now: datetime) -> None:
    ada, ben = somebody("ada", ADMIN), somebody("ben", ADMIN)
    _invitation, token = an_invitation(role=VIEWER, now=now, actor=ada)
    persons.set_role(ada.pk, EDITOR, actor=ben, version=None)
    with pytest.raises(invitations.LinkDead):
        invitations.of_token(token, now=now)


def test_a_letter_of_somebody_who_left_stays_here(now: datetime) -> None:
    ada, ben = somebody("ada", ADMIN), somebody("ben", ADMIN)
    invitation, _link = invitations.invite("ilse@example.org", ADMIN, actor=ada, by_mail=True, now=now)
    persons.deactivate(ada.pk, actor=ben, now=now, version=None)
    assert not invitations.is_open(Invitation.objects.get(pk=invitation.pk), now)
