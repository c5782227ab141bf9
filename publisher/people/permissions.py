"""What a person, or a key of the API, may do. One table: the desk, the API and the four roles are made from it.

Each is a Django permission of the app `people`, so `user.has_perm(PUBLISH)` answers; a superuser has all. The scopes of an API
key are these names without `people.`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

APP: Final = "people"

SEE_DESK: Final = "people.see_desk"
WRITE: Final = "people.write"
PUBLISH: Final = "people.publish"
STOP: Final = "people.stop"
SEE_ADDRESSES: Final = "people.see_addresses"
MANAGE_AUDIENCE: Final = "people.manage_audience"
SIGN_UP: Final = "people.sign_up"
DESIGN: Final = "people.design"
SET_UP: Final = "people.set_up"
MANAGE_PEOPLE: Final = "people.manage_people"
INTEGRATE: Final = "people.integrate"
SEE_AUDIT: Final = "people.see_audit"
SEE_SYSTEM: Final = "people.see_system"

PERMISSIONS: Final[dict[str, Promise]] = {
    SEE_DESK: _("Open the desk and read what is planned and what was sent"),
    WRITE: _("Write and change drafts, describe pictures, decide about topics, send tests"),
    PUBLISH: _("Approve, schedule, release, send again, correct and cancel"),
    STOP: _("Pause a part of the sending, or stop all of it"),
    SEE_ADDRESSES: _("Read the addresses of subscribers in the delivery log"),
    MANAGE_AUDIENCE: _("Add, change, unsubscribe, suppress and erase subscribers"),
    SIGN_UP: _("Hand in sign-ups from a form of another site, which readers confirm by mail"),
    DESIGN: _("Change digests, schedules and templates"),
    SET_UP: _("Connect channels, mail servers and sources"),
    MANAGE_PEOPLE: _("Invite people, give roles, end their sessions"),
    INTEGRATE: _("Make API keys and webhooks"),
    SEE_AUDIT: _("Read the audit trail"),
    SEE_SYSTEM: _("Read the state of the system"),
}
INCLUDED: Final = {MANAGE_AUDIENCE: (SIGN_UP,)}
"""A narrow part of a permission, for a program that needs no more: whoever holds the whole need not be given it by name."""


@dataclass(frozen=True)
class Role:
    """What most people of one job need. `name` is the name of its Django group."""

    name: str
    label: Promise
    permissions: tuple[str, ...]


_VIEWER = (SEE_DESK,)
_AUTHOR = (*_VIEWER, WRITE, STOP)
_EDITOR = (*_AUTHOR, PUBLISH, SEE_ADDRESSES, MANAGE_AUDIENCE, SIGN_UP, DESIGN)

VIEWER: Final = Role("viewer", _("Viewer"), _VIEWER)
AUTHOR: Final = Role("author", _("Author"), _AUTHOR)
EDITOR: Final = Role("editor", _("Editor"), _EDITOR)
ADMIN: Final = Role("admin", _("Admin"), tuple(PERMISSIONS))
ROLES: Final = (ADMIN, EDITOR, AUTHOR, VIEWER)


def with_included(permissions: Iterable[str]) -> frozenset[str]:
    """These, and what they include."""
    held = frozenset(permissions)
    return held.union(*(parts for whole, parts in INCLUDED.items() if whole in held))


def codename(permission: str) -> str:
    """`publish` of `people.publish`: how Django stores it, and the name of an API key's scope."""
    return permission.removeprefix(f"{APP}.")
