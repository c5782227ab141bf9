"""Who calls (`/me`), the people of the desk, and the keys of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import held_by, key_of, user_of
from publisher.api.v1.shapes import NO_NUL, Given, Id, Moment, OneOf, Page, Paged, Shape
from publisher.core import clock
from publisher.people import api_keys, roles
from publisher.people.models import ApiKey
from publisher.people.permissions import INTEGRATE, MANAGE_PEOPLE, PERMISSIONS, codename

ScopeName = Annotated[str, OneOf.of(codename(name) for name in PERMISSIONS)]


class MeOut(Shape):
    """The key that called, and what it may do now."""

    key: str
    key_id: int
    owner: str
    scopes: list[str] = Field(description="What the key was made for.")
    may: list[str] = Field(description="Of these, what its owner still may.")
    expires_at: datetime | None


class PersonOut(Shape):
    """`version` counts what admins decided about the person."""

    id: int
    version: int
    login: str
    name: str
    email: str
    role: str | None
    active: bool
    last_login: datetime | None


class KeyOut(Shape):
    id: int
    name: str
    begins: str = Field(description="How the secret begins.")
    owner: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    secret: str = Field(description="Shown this once.")


class KeyIn(Given):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL)]
    scopes: list[ScopeName] = Field(min_length=1, max_length=50)
    expires_at: Moment | None = None


@reads("/me", "", tag="people")
def read_me(request: HttpRequest) -> MeOut:
    """The key of this request. Any living key may ask."""
    key = key_of(request)
    return MeOut(
        key=key.name,
        key_id=key.pk,
        owner=key.created_by.get_username(),
        scopes=sorted(key.scopes),
        may=sorted(map(codename, held_by(request))),
        expires_at=key.expires_at,
    )


@reads("/people", MANAGE_PEOPLE, tag="people")
def list_people(request: HttpRequest, wanted: Query[Paged]) -> Page[PersonOut]:
    """The people of the desk, newest first."""
    return paging.newest(
        request, User.objects.select_related("profile").prefetch_related("groups"), wanted, person_of
    )


@reads("/keys", INTEGRATE, tag="people")
def list_keys(request: HttpRequest, wanted: Query[Paged]) -> Page[KeyOut]:
    """Keys of the API, newest first, those that are revoked too."""
    rows = ApiKey.objects.select_related("created_by")
    return paging.newest(request, rows, wanted, lambda row: KeyOut(**_key(row)))


@does("/keys", INTEGRATE, tag="people", status=201)
def make_key(request: HttpRequest, given: KeyIn) -> NewKeyOut:
    """Make another key of your owner, which may not do more than this one, nor live longer."""
    row, secret = api_keys.make(
        given.name,
        given.scopes,
        user=user_of(request),
        held=held_by(request),
        expires_at=given.expires_at,
        now=clock.now(),
        by_key=key_of(request),
    )
    return NewKeyOut(**_key(row), secret=secret)


@does("/keys/{int:key_id}/revoke", INTEGRATE, tag="people")
def revoke_key(request: HttpRequest, key_id: Id) -> KeyOut:
    """End a key at once."""
    get_object_or_404(ApiKey, pk=key_id)
    api_keys.revoke(key_id, user=user_of(request), now=clock.now())
    return KeyOut(**_key(ApiKey.objects.select_related("created_by").get(pk=key_id)))


def person_of(row: User) -> PersonOut:
    """A person as they are answered. One whom nobody has decided about may have no profile yet: it is made at version 1."""
    role, profile = roles.role_of(row), getattr(row, "profile", None)
    return PersonOut(
        id=row.pk,
        version=profile.version if profile else 1,
        login=row.get_username(),
        name=row.get_full_name(),
        email=row.email,
        role=role.name if role else None,
        active=row.is_active,
        last_login=row.last_login,
    )


def _key(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "begins": api_keys.shown_prefix(row),
        "owner": row.created_by.get_username(),
        "scopes": sorted(row.scopes),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }
