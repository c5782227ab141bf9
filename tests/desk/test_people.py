"""The pages of people and API keys: what admins see and do."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.people import api_keys, persons, roles
from publisher.people.models import ApiKey, Invitation, Letter
from publisher.people.permissions import ADMIN, AUTHOR, EDITOR, VIEWER
from tests.desk.conftest import PASSWORD, a_person
from tests.desk.second_steps import an_app, signed_in
from tests.people.builders import an_invitation

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> Client:
    a_person("ada", ADMIN)
    return signed_in("ada")


def act(client: Client, user: User, action: str, version: int = 1, **more: str) -> Any:
    return client.post(f"/desk/people/{user.pk}/{action}", {"version": version, **more})


def test_the_list_says_role_second_step_and_state(ada: Client, editor: User) -> None:
    an_app(editor)
    User.objects.create_user("gone", is_active=False)
    page = ada.get("/desk/people").content.decode()
    assert all(word in page for word in ("mira", "Editor", "On", "gone", "Closed", "Never"))


def test_alone_the_page_teaches_the_next_step(ada: Client) -> None:
    assert "Invite a colleague above" in ada.get("/desk/people").content.decode()


def test_without_mail_the_link_is_shown_once_and_lets_somebody_in(ada: Client) -> None:
    page = ada.post("/desk/people/invite", {"email": "ilse@example.org", "role": "author"}).content.decode()
    found = re.search(r'value="http://127\.0\.0\.1:8000(/desk/invitation/[\w-]+)"', page)
    assert found
    assert found[1] not in ada.get("/desk/people").content.decode()
    guest = Client()
    assert "ada invites ilse@example.org" in guest.get(found[1]).content.decode()
    taken = guest.post(found[1], {"username": "ADA", "password": PASSWORD, "again": PASSWORD})
    assert (taken.status_code, 'value="ADA"' in taken.content.decode()) == (422, True)
    done = guest.post(found[1], {"username": "ilse", "password": PASSWORD, "again": PASSWORD})
    assert done["Location"] == "/desk/"
    assert guest.get("/desk/").status_code == 200
    assert roles.role_of(User.objects.get(username="ilse")) == AUTHOR


def test_an_invited_person_whose_role_needs_a_second_step_sets_it_up_first(
    ada: Client, settings: Any
) -> None:
    page = ada.post("/desk/people/invite", {"email": "ilse@example.org", "role": "editor"}).content.decode()
    settings.REQUIRE_MFA = ("editor",)
    found = re.search(r"(/desk/invitation/[\w-]+)", page)
    assert found
    guest = Client()
    guest.post(found[1], {"username": "ilse", "password": PASSWORD, "again": PASSWORD})
    assert guest.get("/desk/")["Location"] == "/desk/account"


def test_with_mail_a_letter_goes_and_a_link_is_shown_on_request_only(ada: Client, settings: Any) -> None:
    settings.MAIL, settings.NOTICES_FROM = "smtp://127.0.0.1:9", "desk@example.org"
    answer = ada.post("/desk/people/invite", {"email": "ilse@example.org", "role": "viewer"})
    assert answer.status_code == 302
    assert Letter.objects.filter(state="queued").count() == 1
    invitation = Invitation.objects.get()
    shown = ada.post(f"/desk/people/invitations/{invitation.pk}/again", {"version": 1, "link": "yes"})
    assert "/desk/invitation/" in shown.content.decode()
    assert not Letter.objects.filter(state="queued").exists()


def test_a_mistake_in_the_form_keeps_what_was_typed(ada: Client) -> None:
    answer = ada.post("/desk/people/invite", {"email": "not an address", "role": "editor"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="not an address"' in page
    assert '<option value="editor" selected>' in page
    assert ada.post("/desk/people/invite", {"email": "a@b.org", "role": "king"}).status_code == 422


def test_an_invitation_is_withdrawn_and_a_stale_form_changes_nothing(ada: Client) -> None:
    ada.post("/desk/people/invite", {"email": "ilse@example.org", "role": "viewer"})
    invitation = Invitation.objects.get()
    stale = ada.post(f"/desk/people/invitations/{invitation.pk}/withdraw", {"version": 9})
    assert stale.status_code == 400
    assert ada.post(f"/desk/people/invitations/{invitation.pk}/withdraw", {"version": 1}).status_code == 302
    assert ada.post("/desk/people/invitations/999/again", {"version": 1}).status_code == 404


def test_a_role_is_given_and_the_second_of_two_admins_gets_409(ada: Client, editor: User) -> None:
    assert act(ada, editor, "role", role="author").status_code == 302
    answer = act(ada, editor, "role", role="viewer")
    assert answer.status_code == 409
    assert "Somebody changed this before you" in answer.content.decode()
    assert roles.role_of(User.objects.get(pk=editor.pk)) == AUTHOR


def test_closing_opening_sessions_and_second_step(ada: Client, editor: User) -> None:
    an_app(editor)
    act(ada, editor, "reset-mfa")
    browser = signed_in()
    act(ada, editor, "end-sessions", version=2)
    assert browser.get("/desk/").status_code == 302
    act(ada, editor, "deactivate", version=2)
    assert "Closed" in ada.get(f"/desk/people/{editor.pk}").content.decode()
    act(ada, editor, "reactivate", version=3)
    page = ada.get(f"/desk/people/{editor.pk}").content.decode()
    assert "Active" in page
    assert "closed the account" in page


def test_an_admin_sees_no_deeds_about_themselves_and_is_refused_them(ada: Client) -> None:
    oneself = User.objects.get(username="ada")
    page = ada.get(f"/desk/people/{oneself.pk}").content.decode()
    assert "This is you" in page
    assert "Close the account" not in page
    assert act(ada, oneself, "deactivate").status_code == 400
    assert act(ada, oneself, "role", role="viewer").status_code == 400


@pytest.mark.parametrize("version", ["", "x", "9" * 30])
def test_a_form_without_a_version_changes_nothing(ada: Client, editor: User, version: str) -> None:
    answer = ada.post(f"/desk/people/{editor.pk}/deactivate", {"version": version})
    assert answer.status_code == 409
    assert User.objects.get(pk=editor.pk).is_active


def make_key(client: Client, **given: Any) -> Any:
    return client.post(
        "/desk/api-keys/make", {"name": "Robot", "scope": ["write", "see_desk"], "days": "90", **given}
    )


def test_a_key_is_shown_once_and_works(ada: Client) -> None:
    page = make_key(ada).content.decode()
    found = re.search(r'value="(pub_[0-9a-f]{8}_[\w-]{43})"', page)
    assert found
    key = api_keys.find(found[1], clock.now())
    assert key is not None
    assert key.scopes == ["see_desk", "write"]
    assert key.expires_at is not None
    listed = ada.get("/desk/api-keys").content.decode()
    assert found[1] not in listed
    assert f"pub_{key.prefix}…" in listed


def test_a_revoked_key_stays_in_the_list(ada: Client) -> None:
    make_key(ada)
    key = ApiKey.objects.get()
    assert ada.post(f"/desk/api-keys/{key.pk}/revoke").status_code == 302
    assert "Revoked" in ada.get("/desk/api-keys").content.decode()
    assert ada.post("/desk/api-keys/999/revoke").status_code == 400


@pytest.mark.parametrize(
    "given", [{"name": ""}, {"scope": []}, {"scope": ["fly"]}, {"days": "-5"}, {"days": "9999"}], ids=str
)
def test_a_key_that_cannot_be_made_keeps_what_was_typed(ada: Client, given: dict[str, Any]) -> None:
    answer = make_key(ada, **given)
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()


def test_a_browser_left_alone_makes_no_key(admin_desk: Client) -> None:
    assert make_key(admin_desk)["Location"].startswith("/desk/account/prove")
    assert not ApiKey.objects.exists()


def test_the_navigation_shows_both_to_admins_only(ada: Client, desk: Client) -> None:
    assert "/desk/people" in ada.get("/desk/").content.decode()
    page = desk.get("/desk/").content.decode()
    assert "/desk/people" not in page
    assert "/desk/api-keys" not in page


def test_each_role_is_described_by_the_table_of_permissions(ada: Client) -> None:
    page = ada.get("/desk/people").content.decode()
    for role in (ADMIN, EDITOR, AUTHOR, VIEWER):
        assert str(role.label) in page


@pytest.mark.parametrize("action", ["role", "reactivate", "reset-mfa"])
def test_a_browser_left_alone_lets_nobody_in(admin_desk: Client, editor: User, action: str) -> None:
    """It has a session and nothing that shows who sits before it."""
    sent = {"version": persons.profile_of(editor).version, "role": "admin"}
    answer = admin_desk.post(f"/desk/people/{editor.pk}/{action}", sent)
    assert answer["Location"] == f"/desk/account/prove?next=%2Fdesk%2Fpeople%2F{editor.pk}"
    assert roles.role_of(User.objects.get(pk=editor.pk)) == EDITOR
    assert not AuditEntry.objects.exists()


def test_a_browser_left_alone_invites_nobody_and_keeps_what_was_typed(admin_desk: Client) -> None:
    answer = admin_desk.post("/desk/people/invite", {"email": "x@example.org", "role": "admin"})
    led = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    assert not Invitation.objects.exists()
    page = admin_desk.get(led).content.decode()
    assert 'value="x@example.org"' in page
    assert '<option value="admin" selected>' in page
    invitation, _token = an_invitation(now=clock.now())
    assert (
        "prove"
        in admin_desk.post(f"/desk/people/invitations/{invitation.pk}/again", {"version": 1})["Location"]
    )
