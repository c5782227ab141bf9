"""The organisation's clearance tags, with the words that suggest them, and the roles whose members clear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import NO_NUL, Flag, Given, Id, Page, Shape, Version
from publisher.api.v1.versions import seen
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import clearing
from publisher.people.permissions import SEE_DESK, SET_UP
from publisher.review import tags
from publisher.review.models import ClearanceTag
from publisher.review.suggesting import LONGEST_WORD, MOST_WORDS

TagName = Annotated[str, StringConstraints(min_length=1, max_length=tags.LONGEST_NAME, pattern=NO_NUL)]
Meaning = Annotated[str, StringConstraints(max_length=tags.LONGEST_MEANING, pattern=NO_NUL)]
TagWord = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_WORD, pattern=r"^[^\x00\r\n]+$")]
Login = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=NO_NUL)]


class ClearanceTagOut(Shape):
    """Something in an item that needs a clearance."""

    id: int
    version: int
    name: str
    meaning: str
    role: str = Field(description="The role whose members clear it.")
    words: list[str] = Field(description="Found in an item, they suggest it.")
    active: bool = Field(description="Switched off, it is suggested no more and holds nothing.")


class ClearanceTagIn(Given):
    """A new one. It is suggested for what comes in from then on."""

    name: TagName
    role: TagName
    meaning: Meaning = ""
    words: list[TagWord] = Field(default_factory=list, max_length=MOST_WORDS, description="One may end in *.")
    active: Flag = True


class ClearanceTagChangeIn(Given):
    """What shall be another; what is left out stays as it is."""

    version: Version | None = None
    name: TagName | None = None
    role: TagName | None = None
    meaning: Meaning | None = None
    words: list[TagWord] | None = Field(None, max_length=MOST_WORDS)
    active: Flag | None = None


class ClearingRoleOut(Shape):
    id: int
    name: str
    members: list[str] = Field(description="Logins.")


class ClearingRoleIn(Given):
    name: TagName
    members: list[Login] = Field(max_length=500, description="Logins: these, and nobody else.")


@reads("/clearance/tags", SEE_DESK, tag="clearance")
def list_clearance_tags(request: HttpRequest) -> Page[ClearanceTagOut]:  # noqa: ARG001 - ninja's signature
    """Every tag, by name."""
    return paging.whole(list(ClearanceTag.objects.select_related("group")), _tag)


@reads("/clearance/tags/{int:tag_id}", SEE_DESK, tag="clearance")
def read_clearance_tag(request: HttpRequest, tag_id: Id) -> ClearanceTagOut:  # noqa: ARG001 - as above
    """One tag."""
    return _tag(_tag_called(tag_id))


@does("/clearance/tags", SET_UP, tag="clearance", status=201)
def make_clearance_tag(request: HttpRequest, given: ClearanceTagIn) -> ClearanceTagOut:
    """Make one."""
    row = clearing.save_tag(
        None,
        user=user_of(request),
        name=given.name,
        meaning=given.meaning,
        group_id=_role_called(given.role),
        words=given.words,
        active=given.active,
        now=clock.now(),
    )
    return _tag(row)


@does("/clearance/tags/{int:tag_id}/change", SET_UP, tag="clearance", versioned=True)
def change_clearance_tag(request: HttpRequest, tag_id: Id, given: ClearanceTagChangeIn) -> ClearanceTagOut:
    """Change what is given of it. Switched on again, it holds at once what has it."""
    row = _tag_called(tag_id)
    saved = clearing.save_tag(
        tag_id,
        user=user_of(request),
        version=seen(request, given.version),
        name=row.name if given.name is None else given.name,
        meaning=row.meaning if given.meaning is None else given.meaning,
        group_id=row.group_id if given.role is None else _role_called(given.role),
        words=row.words if given.words is None else given.words,
        active=row.active if given.active is None else given.active,
        now=clock.now(),
    )
    return _tag(saved)


@reads("/clearance/roles", SEE_DESK, tag="clearance")
def list_clearing_roles(request: HttpRequest) -> Page[ClearingRoleOut]:  # noqa: ARG001 - as above
    """The roles that clear, by name, with their members."""
    return paging.whole(list(tags.roles().prefetch_related("user_set")), _role)


@does("/clearance/roles", SET_UP, tag="clearance", status=201)
def make_clearing_role(request: HttpRequest, given: ClearingRoleIn) -> ClearingRoleOut:
    """Make one."""
    return _role(
        tags.save_role(None, user=user_of(request), name=given.name, member_ids=_people(given.members))
    )


@does("/clearance/roles/{int:role_id}/change", SET_UP, tag="clearance")
def change_clearing_role(request: HttpRequest, role_id: Id, given: ClearingRoleIn) -> ClearingRoleOut:
    """Give it this name and just these members."""
    get_object_or_404(tags.roles(), pk=role_id)
    return _role(
        tags.save_role(role_id, user=user_of(request), name=given.name, member_ids=_people(given.members))
    )


def _tag_called(tag_id: int) -> ClearanceTag:
    return get_object_or_404(ClearanceTag.objects.select_related("group"), pk=tag_id)


def _role_called(name: str) -> int:
    found = Group.objects.filter(name__iexact=name).values_list("pk", flat=True).first()
    if found is None:
        raise UserError(f"There is no role {name!r}.", "GET /api/v1/clearance/roles lists them.")
    return found


def _people(logins: Sequence[str]) -> list[int]:
    """Raises `UserError` for a login that nobody has, or whose account is closed."""
    known = dict(User.objects.filter(username__in=logins, is_active=True).values_list("username", "pk"))
    if strange := [login for login in logins if login not in known]:
        raise UserError(
            f"Nobody has the login {strange[0]!r}, or their account is closed.", "Nothing was changed."
        )
    return list(known.values())


def _tag(row: ClearanceTag) -> ClearanceTagOut:
    return ClearanceTagOut(
        id=row.pk,
        version=row.version,
        name=row.name,
        meaning=row.meaning,
        role=row.group.name,
        words=row.words,
        active=row.active,
    )


def _role(row: Group) -> ClearingRoleOut:
    return ClearingRoleOut(
        id=row.pk, name=row.name, members=sorted(each.get_username() for each in row.user_set.all())
    )
