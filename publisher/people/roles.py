"""The four roles as groups of Django. Their permissions are those of `permissions.py`, put right after each migration."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.people.permissions import ADMIN, APP, ROLES, Role, codename


def keep_roles(**_signal: Any) -> None:
    """Make the groups, and give each just its permissions. Runs after `migrate`; what it finds right it leaves."""
    stored = {
        permission.codename: permission
        for permission in Permission.objects.filter(content_type__app_label=APP)
    }
    for role in ROLES:
        wanted = {stored[codename(name)].pk for name in role.permissions if codename(name) in stored}
        group, _made = Group.objects.get_or_create(name=role.name)
        if set(group.permissions.values_list("pk", flat=True)) != wanted:
            group.permissions.set(wanted)


def give(user: User, role: Role) -> None:
    """Make this the one role of a person; other groups of theirs stay."""
    user.groups.remove(*Group.objects.filter(name__in=[each.name for each in ROLES]))
    user.groups.add(Group.objects.get(name=role.name))


def role_of(user: User) -> Role | None:
    """The role of a person, the strongest when somebody gave more than one; None without any. A superuser is an admin."""
    if user.is_superuser:
        return ADMIN
    names = {group.name for group in user.groups.all()}
    return next((role for role in ROLES if role.name in names), None)


def by_name(name: str) -> Role | None:
    """The role of this name, if there is one."""
    return next((role for role in ROLES if role.name == name), None)


def active_admins() -> QuerySet[User]:
    """Everybody who could let others in again."""
    return User.objects.filter(Q(is_superuser=True) | Q(groups__name=ADMIN.name), is_active=True).distinct()


def may_give(role: Role, user: User) -> bool:
    """Whether this person holds all that the role gives."""
    return all(user.has_perm(name) for name in role.permissions)


def check_may_give(role: Role, actor: Actor) -> None:
    """Nobody gives what they do not hold. Raises UserError."""
    if isinstance(actor, User) and not may_give(role, actor):
        raise UserError(
            _("You may not give the role %(role)s: it may do more than you.") % {"role": role.label},
            _("Ask an admin."),
        )
