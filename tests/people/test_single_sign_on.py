"""Who may come in through the provider: linked, known by a verified address, invited; others only where the rules say so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.models import AuditEntry
from publisher.people import roles
from publisher.people.permissions import ADMIN, AUTHOR, EDITOR, VIEWER
from publisher.people.single_sign_on import Claims, Refused, Rules, claims_of, come_in, role_from
from tests.people.builders import an_invitation, somebody

pytestmark = pytest.mark.django_db

GROUPS = Rules(roles={"comms-admins": "admin", "comms": "editor"})


def said(email: str = "mira@example.org", verified: Any = True, **more: Any) -> Claims:
    return claims_of({"sub": "s-1", "email": email, "email_verified": verified, **more})


def enter(claims: Claims, now: datetime, rules: Rules | None = None, linked: User | None = None) -> User:
    return come_in(claims, linked=linked, rules=rules or Rules(), now=now)


def test_somebody_with_the_verified_address_comes_in_as_themselves(now: datetime) -> None:
    mira = somebody("mira", EDITOR, "Mira@Example.org")
    assert enter(said(), now) == mira


@pytest.mark.parametrize("verified", [False, None, "false", "yes", 1.5, []])
def test_an_address_that_is_not_verified_opens_nothing(now: datetime, verified: Any) -> None:
    somebody("mira", EDITOR, "mira@example.org")
    with pytest.raises(Refused, match="verified"):
        enter(said(verified=verified), now)


def test_verified_may_be_written_as_text(now: datetime) -> None:
    mira = somebody("mira", EDITOR, "mira@example.org")
    assert enter(said(verified="true"), now) == mira


def test_two_accounts_with_the_address_are_never_guessed_between(now: datetime) -> None:
    somebody("mira", EDITOR, "mira@example.org")
    somebody("mira2", VIEWER, "mira@example.org")
    with pytest.raises(Refused, match="Several"):
        enter(said(), now)


def test_an_account_without_an_address_is_nobodys(now: datetime) -> None:
    somebody("mira", EDITOR, "")
    with pytest.raises(Refused):
        enter(said(email=""), now)


def test_unknown_people_are_refused_unless_the_rules_make_them_viewers(now: datetime) -> None:
    with pytest.raises(Refused, match="Nobody has invited"):
        enter(said(), now)
    user = enter(said(), now, Rules(unknown_are_viewers=True))
    assert (user.username, roles.role_of(user), user.has_usable_password()) == (
        "mira@example.org",
        VIEWER,
        False,
    )
    assert AuditEntry.objects.get(action="person.came_by_single_sign_on").actor_name == "system"


def test_an_invited_person_comes_in_with_the_role_of_the_invitation(now: datetime) -> None:
    an_invitation("mira@example.org", AUTHOR, now=now)
    assert roles.role_of(enter(said(), now)) == AUTHOR


def test_other_domains_stay_out_even_where_unknown_people_are_viewers(now: datetime) -> None:
    rules = Rules(domains=("office.example.org",), unknown_are_viewers=True)
    with pytest.raises(Refused, match=r"example\.org"):
        enter(said(), now, rules)
    assert enter(said("mira@OFFICE.example.org"), now, rules).email == "mira@OFFICE.example.org"


def test_a_closed_account_stays_closed(now: datetime) -> None:
    mira = somebody("mira", EDITOR, "mira@example.org")
    User.objects.filter(pk=mira.pk).update(is_active=False)
    with pytest.raises(Refused, match="closed"):
        enter(said(), now)
    mira.refresh_from_db()
    with pytest.raises(Refused, match="closed"):
        enter(said(), now, linked=mira)


def test_a_linked_person_needs_no_address(now: datetime) -> None:
    mira = somebody("mira", EDITOR)
    assert enter(said(email="", verified=False), now, linked=mira) == mira


def test_the_groups_give_the_role_at_each_sign_in(now: datetime) -> None:
    somebody("ada", ADMIN)
    mira = somebody("mira", VIEWER, "mira@example.org")
    enter(said(groups=["comms", "other"]), now, GROUPS)
    assert roles.role_of(User.objects.get(pk=mira.pk)) == EDITOR
    enter(said(groups=["other"]), now, GROUPS)
    assert roles.role_of(User.objects.get(pk=mira.pk)) == EDITOR, "no value fits: it stays"


def test_the_provider_does_not_take_the_last_admin_away(now: datetime) -> None:
    ada = somebody("ada", ADMIN, "ada@example.org")
    assert enter(said("ada@example.org", groups=["comms"]), now, GROUPS) == ada
    assert roles.role_of(User.objects.get(pk=ada.pk)) == ADMIN


@given(
    groups=st.one_of(
        st.none(), st.text(), st.integers(), st.lists(st.text()), st.dictionaries(st.text(), st.text())
    )
)
def test_strange_groups_give_no_role_by_accident(groups: Any) -> None:
    role = role_from(said(groups=groups), GROUPS)
    named = set(groups) if isinstance(groups, list) else {groups if isinstance(groups, str) else ""}
    assert (role is not None) == bool(named & {"comms-admins", "comms"})


def test_the_strongest_group_counts() -> None:
    assert role_from(said(groups=["comms", "comms-admins"]), GROUPS) == ADMIN
    assert role_from(said(groups="comms"), GROUPS) == EDITOR
