"""What admins decide about people: role, closed or open, second step taken away, sessions ended.

The desk, the API and the command line use the same deeds. Two rules hold everywhere: somebody who can let others in remains, and
nobody decides about their own role.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import ChangedSince, UserError
from publisher.people import roles, second_step, sessions
from publisher.people.models import Profile
from publisher.people.permissions import ADMIN, Role


class ChangedMeanwhile(ChangedSince):
    """Somebody else decided about the person after the page was opened."""


def profile_of(user: User) -> Profile:
    """The person's profile, made when there is none yet."""
    return Profile.objects.get_or_create(user=user)[0]


@transaction.atomic
def set_role(user_id: int, role: Role, *, actor: Actor, version: int | None) -> User:
    """Give a person another role. `version` is that of the profile which the page showed (None: whatever it is now).

    Raises ChangedMeanwhile, UserError, User.DoesNotExist.
    """
    user = _held(user_id, version)
    before = roles.role_of(user)
    if before == role:
        return user
    _not_oneself(user, actor, _("Nobody changes their own role."))
    roles.check_may_give(role, actor)
    if before == ADMIN and user.is_active:
        _another_admin(user)
    roles.give(user, role)
    if user.is_superuser and role != ADMIN:
        user.is_superuser = user.is_staff = False
        user.save(update_fields=["is_superuser", "is_staff"])
    _next_version(user)
    audit.record(
        actor, "person.role_changed", user, {"role": before.name if before else ""}, {"role": role.name}
    )
    return user


@transaction.atomic
def deactivate(user_id: int, *, actor: Actor, now: datetime, version: int | None) -> User:
    """Close a person's account: sessions end, API keys are dead, nothing is deleted. Raises as `set_role`."""
    user = _held(user_id, version)
    if not user.is_active:
        return user
    _not_oneself(user, actor, _("Nobody closes their own account."))
    if roles.role_of(user) == ADMIN:
        _another_admin(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _next_version(user)
    audit.record(actor, "person.deactivated", user, {"active": True}, {"active": False})
    sessions.end_all(user, actor=actor, now=now)
    return user


@transaction.atomic
def reactivate(user_id: int, *, actor: Actor, version: int | None) -> User:
    """Open a closed account again; the API keys that were not revoked live again. Raises as `set_role`."""
    user = _held(user_id, version)
    if user.is_active:
        return user
    role = roles.role_of(user)
    if role is not None:
        roles.check_may_give(role, actor)
    user.is_active = True
    user.save(update_fields=["is_active"])
    _next_version(user)
    audit.record(actor, "person.reactivated", user, {"active": False}, {"active": True})
    return user


@transaction.atomic
def reset_second_step(user_id: int, *, actor: Actor, now: datetime, version: int | None) -> User:
    """Take a person's second steps away, so that the password alone opens the account again. Raises as `set_role`."""
    user = _held(user_id, version)
    _not_oneself(user, actor, _("Your own second step is removed in “My account”."))
    second_step.take_away(user, actor=actor, now=now)
    _next_version(user)
    return user


@transaction.atomic
def end_sessions(user_id: int, *, actor: Actor, now: datetime, version: int | None) -> int:
    """Sign a person out in all browsers; how many sessions there were. Raises as `set_role`."""
    user = _held(user_id, version)
    return sessions.end_all(user, actor=actor, now=now)


def _held(user_id: int, version: int | None) -> User:
    """The person, locked; everybody who changes an admin waits for the same row, so that two cannot remove each other."""
    Group.objects.select_for_update().get(name=ADMIN.name)
    user = User.objects.select_for_update().get(pk=user_id)
    if version is not None and profile_of(user).version != version:
        raise ChangedMeanwhile(
            _("Somebody changed %(name)s since you opened the page.") % {"name": user.get_username()}
        )
    return user


def _next_version(user: User) -> None:
    profile_of(user)
    Profile.objects.filter(user=user).update(version=F("version") + 1)


def _not_oneself(user: User, actor: Actor, why: str) -> None:
    if isinstance(actor, User) and actor.pk == user.pk:
        raise UserError(why, _("Ask another admin."))


def _another_admin(user: User) -> None:
    if not roles.active_admins().exclude(pk=user.pk).exists():
        raise UserError(
            _("%(name)s is the last admin: nobody could let people in any more.")
            % {"name": user.get_username()},
            _("Make somebody else an admin first."),
        )
