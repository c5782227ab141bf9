"""What admins decide about people: inviting, roles, closing and opening accounts, ending sessions.

The desk asks who it is before somebody is let in; a key cannot be asked. So a key lets nobody in who may do more than the key
itself, and an invitation leaves by mail only: no answer holds a link. Taking a second step away stays with people.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.problems import ProblemError
from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import held_by, key_of, user_of
from publisher.api.v1.people import PersonOut, person_of
from publisher.api.v1.shapes import NO_NUL, Given, Id, OneOf, Page, Paged, Shape, VersionIn
from publisher.api.v1.versions import seen
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import plain_mail
from publisher.people import invitations, persons, roles
from publisher.people.models import Invitation
from publisher.people.permissions import INTEGRATE, MANAGE_PEOPLE, ROLES, SET_UP, Role, codename

RoleName = Annotated[str, OneOf.of(each.name for each in ROLES)]


class InvitationOut(Shape):
    id: int
    version: int
    email: str
    role: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None
    open: bool = Field(description="Whether its link can still be used.")


class InviteIn(Given):
    email: Annotated[
        str, StringConstraints(min_length=3, max_length=invitations.LONGEST_ADDRESS, pattern=NO_NUL)
    ]
    role: RoleName


class RoleIn(VersionIn):
    role: RoleName


class SessionsOut(Shape):
    ended: int


AT_THE_DESK: Final = {MANAGE_PEOPLE, INTEGRATE, SET_UP}
"""Whoever may do one of these gets their role from a person at the desk."""


@reads("/people/{int:person_id}", MANAGE_PEOPLE, tag="people")
def read_person(request: HttpRequest, person_id: Id) -> PersonOut:  # noqa: ARG001 - ninja's signature
    """One person."""
    return _person(person_id)


@reads("/invitations", MANAGE_PEOPLE, tag="people")
def list_invitations(request: HttpRequest, wanted: Query[Paged]) -> Page[InvitationOut]:
    """Who was invited, newest first."""
    rows = Invitation.objects.select_related("invited_by")
    return paging.newest(request, rows, wanted, _invitation)


@does("/invitations", MANAGE_PEOPLE, tag="people", status=201)
def invite_person(request: HttpRequest, given: InviteIn) -> InvitationOut:
    """Invite somebody by mail into a role that may do no more than this key."""
    _check_may_let_in(request, roles.by_name(given.role))
    _check_mail_leaves()
    row, _link = invitations.invite(
        given.email, _role(given.role), actor=user_of(request), by_mail=True, now=clock.now()
    )
    return _invitation(row)


@does("/invitations/{int:invitation_id}/send-again", MANAGE_PEOPLE, tag="people", versioned=True)
def invite_again(request: HttpRequest, invitation_id: Id, given: VersionIn) -> InvitationOut:
    """Send another link, good for seven days; the former one is dead."""
    row = get_object_or_404(Invitation, pk=invitation_id)
    version = seen(request, given.version)
    _check_may_let_in(request, roles.by_name(row.role))
    _check_mail_leaves()
    row, _link = invitations.send_again(
        invitation_id, actor=user_of(request), by_mail=True, now=clock.now(), version=version
    )
    return _invitation(row)


@does("/invitations/{int:invitation_id}/withdraw", MANAGE_PEOPLE, tag="people", versioned=True)
def withdraw_invitation(request: HttpRequest, invitation_id: Id, given: VersionIn) -> InvitationOut:
    """Make its link dead."""
    get_object_or_404(Invitation, pk=invitation_id)
    version = seen(request, given.version)
    return _invitation(
        invitations.withdraw(invitation_id, actor=user_of(request), now=clock.now(), version=version)
    )


@does("/people/{int:person_id}/give-role", MANAGE_PEOPLE, tag="people", versioned=True)
def give_role(request: HttpRequest, person_id: Id, given: RoleIn) -> PersonOut:
    """Give a person another role, one that may do no more than this key."""
    version = _version(request, person_id, given)
    _check_may_let_in(request, roles.by_name(given.role))
    persons.set_role(person_id, _role(given.role), actor=user_of(request), version=version)
    return _person(person_id)


@does("/people/{int:person_id}/close", MANAGE_PEOPLE, tag="people", versioned=True)
def close_account(request: HttpRequest, person_id: Id, given: VersionIn) -> PersonOut:
    """Close a person's account: sessions end, API keys are dead, nothing is deleted."""
    version = _version(request, person_id, given)
    persons.deactivate(person_id, actor=user_of(request), now=clock.now(), version=version)
    return _person(person_id)


@does("/people/{int:person_id}/open", MANAGE_PEOPLE, tag="people", versioned=True)
def open_account(request: HttpRequest, person_id: Id, given: VersionIn) -> PersonOut:
    """Open a closed account again, of somebody who may do no more than this key. Their API keys live again."""
    version = _version(request, person_id, given)
    _check_may_let_in(request, roles.role_of(User.objects.get(pk=person_id)))
    persons.reactivate(person_id, actor=user_of(request), version=version)
    return _person(person_id)


@does("/people/{int:person_id}/end-sessions", MANAGE_PEOPLE, tag="people", versioned=True)
def end_sessions(request: HttpRequest, person_id: Id, given: VersionIn) -> SessionsOut:
    """Sign a person out in all browsers."""
    version = _version(request, person_id, given)
    return SessionsOut(
        ended=persons.end_sessions(person_id, actor=user_of(request), now=clock.now(), version=version)
    )


def _version(request: HttpRequest, person_id: int, given: VersionIn) -> int:
    get_object_or_404(User, pk=person_id)
    return seen(request, given.version)


def _role(name: str) -> Role:
    return next(each for each in ROLES if each.name == name)


def _check_may_let_in(request: HttpRequest, role: Role | None) -> None:
    """Raises `ProblemError`: else a key with few scopes could give itself the others by a second account, and one that ends could
    stay by it. Who may set up or let others in is let in at the desk, where a person proves who they are."""
    lacking = sorted(codename(each) for each in set(role.permissions if role else ()) - held_by(request))
    if lacking:
        raise ProblemError(
            403,
            "not_allowed",
            f"The role {role.name if role else ''} may do more than this key, which lacks: {', '.join(lacking)}.",
            "Use a key with these scopes, or the desk.",
        )
    if key_of(request).expires_at is not None:
        raise ProblemError(
            403,
            "not_allowed",
            "A key that ends lets nobody in who stays.",
            "Use one without an end, or the desk.",
        )
    if role and AT_THE_DESK & set(role.permissions):
        raise ProblemError(
            403,
            "not_allowed",
            f"The role {role.name} is given at the desk only: it may set up or let others in.",
            "Sign in to the desk, under People.",
        )


def _check_mail_leaves() -> None:
    if not plain_mail.can_leave():
        raise UserError(
            "No mail can leave, so nobody would get the link.", "Invite them in the desk: it shows the link."
        )


def _person(person_id: int) -> PersonOut:
    return person_of(get_object_or_404(User.objects.select_related("profile"), pk=person_id))


def _invitation(row: Invitation) -> InvitationOut:
    return InvitationOut(
        id=row.pk,
        version=row.version,
        email=row.email,
        role=row.role,
        invited_by=row.invited_by_name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        accepted_at=row.accepted_at,
        withdrawn_at=row.withdrawn_at,
        open=invitations.is_open(row, clock.now()),
    )
