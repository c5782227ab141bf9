"""What admins decide about people by the API: no key lets in who may do more than the key itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.delivery.models import Delivery
from publisher.people import roles
from publisher.people.models import ApiKey, Invitation
from publisher.people.permissions import ADMIN, AUTHOR, VIEWER, codename
from tests.api.steps import Caller, a_secret, an_owner, caller, data, problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inbox"), pytest.mark.urls("publisher.api.urls")]
AUTHORS = tuple(map(codename, AUTHOR.permissions))


@pytest.fixture(autouse=True)
def mail(settings: Any) -> None:
    settings.MAIL, settings.NOTICES_FROM = "smtp://127.0.0.1:9", "desk@office.example.org"


@pytest.fixture
def program(db: None) -> Caller:
    return caller("manage_people", *AUTHORS)


def test_somebody_is_invited_by_mail_sent_again_and_withdrawn(program: Caller) -> None:
    given = {"email": "chen@office.example.org", "role": "author"}
    made = data(program.post("/invitations", given), 201)
    assert (made["email"], made["role"], made["open"], made["invited_by"]) == (*given.values(), True, "mira")
    row = Invitation.objects.get()
    assert [each.to for each in row.letters.all()] == ["chen@office.example.org"]
    assert "link" not in made
    assert not Delivery.objects.exists()
    path = f"/invitations/{row.pk}"
    again = data(program.post(f"{path}/send-again", {"version": made["version"]}))
    problem(program.post(f"{path}/withdraw", {"version": made["version"]}), 422, "refused")
    gone = data(program.post(f"{path}/withdraw", {"version": again["version"]}))
    assert (gone["open"], gone["withdrawn_at"] is not None) == (False, True)
    assert [each["id"] for each in data(program.get("/invitations"))["data"]] == [row.pk]
    problem(program.post("/invitations", given | {"email": "nobody"}), 422, "refused")


def test_without_mail_nobody_is_invited(program: Caller, settings: Any) -> None:
    settings.MAIL = ""
    problem(
        program.post("/invitations", {"email": "chen@office.example.org", "role": "viewer"}), 422, "refused"
    )
    assert not Invitation.objects.exists()


def test_a_key_lets_nobody_in_who_may_do_more_than_the_key(program: Caller) -> None:
    vera = an_owner("vera", VIEWER)
    closed = an_owner("lena", ADMIN)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    wish = {"email": "chen@office.example.org", "role": "admin"}
    assert "publish" in problem(program.post("/invitations", wish), 403, "not_allowed")["detail"]
    problem(
        program.post(f"/people/{vera.pk}/give-role", {"version": 1, "role": "editor"}), 403, "not_allowed"
    )
    problem(program.post(f"/people/{closed.pk}/open", {"version": 1}), 403, "not_allowed")
    assert roles.role_of(User.objects.get(pk=vera.pk)) == VIEWER
    assert not User.objects.get(pk=closed.pk).is_active
    assert not Invitation.objects.exists()


def test_who_may_set_up_is_let_in_at_the_desk_and_a_key_that_ends_lets_nobody_in() -> None:
    wish = {"email": "chen@office.example.org", "role": "admin"}
    assert "desk" in problem(caller().post("/invitations", wish), 403, "not_allowed")["detail"]
    ending = Caller(a_secret(name="another"))
    ApiKey.objects.filter(name="another").update(expires_at=clock.now() + timedelta(hours=1))
    assert (
        "ends"
        in problem(ending.post("/invitations", wish | {"role": "viewer"}), 403, "not_allowed")["detail"]
    )
    assert not Invitation.objects.exists()


def test_a_role_is_given_and_an_account_closed_and_opened(program: Caller) -> None:
    vera = an_owner("vera", VIEWER)
    path = f"/people/{vera.pk}"
    version = data(program.get(path))["version"]
    given = data(program.post(f"{path}/give-role", {"version": version, "role": "author"}))
    assert (given["role"], given["version"]) == ("author", version + 1)
    problem(program.post(f"{path}/close", {"version": version}), 409, "stale")
    closed = data(program.post(f"{path}/close", {"version": version + 1}))
    assert closed["active"] is False
    opened = data(program.post(f"{path}/open", {"version": closed["version"]}))
    assert opened["active"] is True
    assert data(program.post(f"{path}/end-sessions", {"version": opened["version"]})) == {"ended": 0}
    actions = AuditEntry.objects.filter(object_type="user", object_id=str(vera.pk), actor_name="mira")
    assert [each.action for each in actions.order_by("pk")] == [
        "person.role_changed",
        "person.deactivated",
        "person.sessions_ended",
        "person.reactivated",
        "person.sessions_ended",
    ]


def test_nobody_decides_about_themselves_and_an_admin_remains(program: Caller) -> None:
    mira = an_owner()
    version = data(program.get(f"/people/{mira.pk}"))["version"]
    problem(program.post(f"/people/{mira.pk}/close", {"version": version}), 422, "refused")
    wish = {"version": version, "role": "author"}
    problem(program.post(f"/people/{mira.pk}/give-role", wish), 422, "refused")
