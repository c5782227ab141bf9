"""Who may call what: every operation × every scope × nobody, walked from the table that the API is declared by."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from publisher.api.v1 import api
from publisher.api.v1.frame import OPERATIONS, Operation
from publisher.people import roles
from publisher.people.models import ApiKey
from publisher.people.permissions import (
    ADMIN,
    AUTHOR,
    EDITOR,
    PERMISSIONS,
    VIEWER,
    Role,
    codename,
    with_included,
)
from tests.api.steps import ALL_SCOPES, Caller, a_secret, an_owner, caller, data, problem
from tests.api.world import World, a_world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]

REFUSED = (401, 403)


@pytest.fixture
def world() -> World:
    return a_world()


def ask(program: Caller, operation: Operation, world: World) -> HttpResponse:
    """Ask with an empty body, which some refuse: but not for want of a permission."""
    path = world.path(operation.path)
    return program.post(path) if operation.is_deed else program.get(path)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_an_operation_is_open_to_its_one_scope_and_to_nobody_else(operation: Operation, world: World) -> None:
    assert operation.permission in {*PERMISSIONS, ""}
    if operation.also:
        ask_with_both(operation, world)
    problem(ask(Caller(), operation, world), 401, "no_key")
    problem(ask(Caller("pub_00000000_no"), operation, world), 401, "no_key")
    for scope in ALL_SCOPES:
        answer = ask(caller(scope), operation, world)
        if not operation.also and operation.permission in {"", *with_included([f"people.{scope}"])}:
            assert answer.status_code not in REFUSED, (scope, answer.content)
            assert answer.status_code < 500, answer.content
        else:
            problem(answer, 403, "not_allowed")


def ask_with_both(operation: Operation, world: World) -> None:
    """What takes more than one scope is open to a key that has all of them, and to no key that lacks one."""
    scopes = [codename(each) for each in (operation.permission, *operation.also)]
    assert ask(caller(*scopes), operation, world).status_code < 300
    for lacking in scopes:
        rest = [each for each in ALL_SCOPES if each != lacking]
        problem(ask(caller(*rest), operation, world), 403, "not_allowed")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_a_session_of_the_desk_opens_nothing(operation: Operation, world: World) -> None:
    browser = Caller()
    browser.browser = Client(enforce_csrf_checks=True)
    browser.browser.force_login(an_owner())
    problem(ask(browser, operation, world), 401, "no_key")


def test_a_key_can_do_no_more_than_its_owner(world: World) -> None:
    owner = an_owner("vera", VIEWER)
    secret = a_secret("see_desk", owner=owner)
    ApiKey.objects.filter(created_by=owner).update(scopes=list(ALL_SCOPES))
    assert data(Caller(secret).get("/me"))["may"] == ["see_desk"]
    problem(
        Caller(secret).post(world.path("/posts/{int:post_id}/approve"), {"version": 1}), 403, "not_allowed"
    )


def test_a_sites_key_may_hand_in_sign_ups_and_nothing_else(world: World) -> None:
    program = caller("sign_up")
    may = {each.name for each in OPERATIONS if ask(program, each, world).status_code not in REFUSED}
    assert may == {"read_me", "subscribe", "sign_up"}


@pytest.mark.parametrize(("role", "may"), [(ADMIN, True), (EDITOR, True), (AUTHOR, False), (VIEWER, False)])
def test_whose_keys_may_hand_in_sign_ups(world: World, role: Role, may: bool) -> None:
    owner = an_owner("vera", role)
    secret = a_secret("see_desk", owner=owner)
    ApiKey.objects.filter(created_by=owner).update(scopes=["sign_up"])
    assert Caller(secret).post("/sign-ups").status_code == (422 if may else 403)


def test_a_key_whose_owner_loses_a_permission_loses_it_at_once(world: World) -> None:
    owner = an_owner()
    program = caller("publish", owner=owner)
    roles.give(User.objects.get(pk=owner.pk), VIEWER)
    problem(program.post(world.path("/posts/{int:post_id}/approve"), {"version": 1}), 403, "not_allowed")


def test_a_key_of_a_source_is_no_key_of_a_person() -> None:
    from publisher.items import sources
    from tests.builders import a_source

    problem(Caller(sources.give_key(a_source())).get("/posts"), 401, "no_key")


def test_every_operation_of_the_schema_is_in_the_table_or_for_producers() -> None:
    declared = {each.name for each in OPERATIONS}
    schema = api.get_openapi_schema(path_prefix="/api/v1/")
    found = {each["operationId"]: each for path in schema["paths"].values() for each in path.values()}
    strays = {name for name, each in found.items() if name not in declared and each["tags"] != ["producers"]}
    assert not strays
    assert len(declared) == len(OPERATIONS), "two operations of one name"
    for operation in OPERATIONS:
        if operation.permission:
            assert found[operation.name]["x-scope"] == codename(operation.permission)


def test_reading_changes_nothing(world: World) -> None:
    """A GET is a GET: nothing is written but when the key was used."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    program = caller()
    data(program.get("/me"))
    for operation in OPERATIONS:
        if operation.is_deed:
            continue
        with CaptureQueriesContext(connection) as queries:
            data(ask(program, operation, world))
        written: list[Any] = [
            each["sql"]
            for each in queries
            if each["sql"].startswith(("INSERT", "UPDATE", "DELETE")) and "people_apikey" not in each["sql"]
        ]
        assert written == [], operation.name


def test_redis_away_holds_nobody_back(world: World, inbox: redis.Redis) -> None:
    from tests.items.stream_steps import redis_away

    program = caller()
    with redis_away():
        data(program.get("/posts"))
