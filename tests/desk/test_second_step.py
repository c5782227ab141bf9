"""The second step at sign-in: nothing opens without it, codes work once, and guessing is held up."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from publisher.core.models import AuditEntry
from publisher.core.visitor import Visitor
from publisher.desk.signin import throttle
from publisher.people.permissions import ADMIN, VIEWER
from tests.builders import NOON
from tests.desk.conftest import a_person
from tests.desk.second_steps import (
    an_app,
    code_of,
    first_step,
    forget_used_codes,
    recovery_codes,
    signed_in,
    wrong_code,
)

pytestmark = pytest.mark.django_db
STEP = "/desk/login/second-step"


def actions(*wanted: str) -> list[str]:
    found = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    return [action for action in found if not wanted or action in wanted]


def test_the_password_alone_opens_nothing_and_the_code_does(editor: User) -> None:
    secret = an_app(editor)
    client, answer = first_step(next="/desk/items?kind=story")
    assert answer["Location"] == STEP
    assert client.get("/desk/items").status_code == 302
    answer = client.post(STEP, {"code": code_of(secret)[:3] + " " + code_of(secret)[3:]})
    assert answer["Location"] == "/desk/items?kind=story"
    assert client.get("/desk/items").status_code == 200
    assert AuditEntry.objects.get(action="person.signed_in").after == {"by_means_of": "password, totp"}


def test_the_session_is_new_after_the_second_step(editor: User) -> None:
    secret = an_app(editor)
    client, _answer = first_step()
    before = client.cookies["sessionid"].value
    client.post(STEP, {"code": code_of(secret)})
    assert client.cookies["sessionid"].value != before


def test_a_wrong_code_is_told_to_the_trail_and_opens_nothing(editor: User) -> None:
    secret = an_app(editor)
    client, _answer = first_step()
    answer = client.post(STEP, {"code": wrong_code(secret)})
    assert answer.status_code == 422
    assert "That was not right" in answer.content.decode()
    assert client.get("/desk/").status_code == 302
    assert actions("person.signed_in", "person.second_step_failed") == ["person.second_step_failed"]


@pytest.mark.parametrize("code", ["", "１２３４５６", "x" * 200, "\x00", "12345"])
def test_strange_codes_are_wrong_codes(editor: User, code: str) -> None:
    an_app(editor)
    client, _answer = first_step()
    assert client.post(STEP, {"code": code}).status_code == 422


@pytest.mark.parametrize(
    "credential", ["{", "{}", "[]", '{"id": 1}', '{"response": {"userHandle": "zz"}}', "null"]
)
def test_strange_passkeys_are_no_passkeys(editor: User, credential: str) -> None:
    an_app(editor)
    client, _answer = first_step()
    assert client.post(STEP, {"credential": credential}).status_code == 422
    assert Client().post("/desk/login/passkey", {"credential": credential}).status_code == 422


def test_a_code_works_once(editor: User) -> None:
    secret = an_app(editor)
    code = code_of(secret)
    first, _answer = first_step()
    assert first.post(STEP, {"code": code}).status_code == 302
    second, _answer = first_step()
    assert second.post(STEP, {"code": code}).status_code == 422
    forget_used_codes()


def test_a_code_of_the_half_minute_before_works_once_too(editor: User) -> None:
    """It is taken for longer than django-allauth remembers that it was used."""
    secret = an_app(editor)
    code = code_of(secret, steps=-1)
    first, _answer = first_step()
    first.post(STEP, {"code": code})
    cache.delete(f"allauth.mfa.totp.used?user={editor.pk}&code={code}")
    second, _answer = first_step()
    assert second.post(STEP, {"code": code}).status_code == 422
    forget_used_codes()


def test_a_recovery_code_stands_in_once(editor: User) -> None:
    an_app(editor)
    code = recovery_codes(editor)[0]
    client, _answer = first_step()
    assert client.post(STEP, {"code": code}).status_code == 302
    again, _answer = first_step()
    assert again.post(STEP, {"code": code}).status_code == 422
    assert len(recovery_codes(editor)) == 9


def test_nobody_comes_to_the_second_step_without_the_first(editor: User) -> None:
    secret = an_app(editor)
    client = Client()
    assert client.get(STEP)["Location"] == reverse("desk:login")
    assert client.post(STEP, {"code": code_of(secret)})["Location"] == reverse("desk:login")


def test_a_step_of_another_person_does_not_count(editor: User) -> None:
    """Somebody with an own account and somebody else's password: their own second step opens nothing of the other's."""
    an_app(editor)
    own = an_app(a_person("otto", VIEWER))
    client, _answer = first_step("otto")
    first_step("mira", client)
    assert client.post(STEP, {"code": code_of(own)}).status_code == 422


def test_an_account_that_was_closed_between_the_steps_stays_closed(editor: User) -> None:
    secret = an_app(editor)
    client, _answer = first_step()
    User.objects.filter(pk=editor.pk).update(is_active=False)
    client.post(STEP, {"code": code_of(secret)})
    assert client.get("/desk/").status_code == 302


def test_after_ten_wrong_codes_even_the_right_one_must_wait(editor: User) -> None:
    secret = an_app(editor)
    client, _answer = first_step()
    for _ in range(throttle.MOST_FAILURES):
        assert client.post(STEP, {"code": wrong_code(secret)}).status_code == 422
    assert client.post(STEP, {"code": code_of(secret)}).status_code == 429


def test_guessing_from_many_places_is_held_up_and_ends_after_a_quarter_of_an_hour(db: None) -> None:
    for n in range(throttle.MOST_SECOND_STEPS):
        assert throttle.begin_second_step(7, Visitor(f"192.0.2.{n}", known=True), now=NOON)
    fresh = Visitor("198.51.100.1", known=True)
    assert not throttle.begin_second_step(7, fresh, now=NOON)
    assert throttle.begin_second_step(8, fresh, now=NOON)
    assert throttle.begin_second_step(7, fresh, now=NOON + timedelta(minutes=16))


def test_the_key_of_an_app_is_encrypted_in_the_database(editor: User) -> None:
    secret = an_app(editor)
    rows = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in rows
    assert not any(code in rows for code in recovery_codes(editor))


def test_connecting_an_app_gives_recovery_codes_once(editor: User) -> None:
    client = signed_in()
    page = client.get("/desk/account/app").content.decode()
    found = re.search(r'<code class="command" translate="no">([A-Z2-7 ]+)</code>', page)
    assert found
    secret = found[1].replace(" ", "")
    assert "data:image/svg+xml;base64," in page
    assert client.post("/desk/account/app", {"code": wrong_code(secret)}).status_code == 422
    assert not Authenticator.objects.exists()
    answer = client.post("/desk/account/app", {"code": code_of(secret)})
    assert answer["Location"] == reverse("desk:account-codes")
    shown = client.get(answer["Location"]).content.decode()
    assert all(code in shown for code in recovery_codes(editor))
    assert client.get(reverse("desk:account-codes"))["Location"] == reverse("desk:account")
    assert actions("person.mfa_added") == ["person.mfa_added"]
    assert secret not in str(list(AuditEntry.objects.values_list("after", flat=True)))


def test_disconnecting_the_app_takes_the_recovery_codes_too(editor: User) -> None:
    client = signed_in()
    an_app(editor)
    assert client.post("/desk/account/app/remove").status_code == 302
    assert not Authenticator.objects.exists()
    assert actions("person.mfa_removed") == ["person.mfa_removed"]


def test_new_recovery_codes_make_the_old_ones_dead(editor: User) -> None:
    client = signed_in()
    an_app(editor)
    old = recovery_codes(editor)
    assert client.post("/desk/account/recovery-codes/make").status_code == 302
    assert not set(old) & set(recovery_codes(editor))


def test_no_recovery_codes_without_a_second_step(editor: User) -> None:
    assert signed_in().post("/desk/account/recovery-codes/make").status_code == 400


SENSITIVE = ("account-app", "account-passkey-add", "account-codes")


@pytest.mark.parametrize("page", SENSITIVE)
def test_a_session_that_has_not_proved_itself_lately_must_do_so_first(page: str, desk: Client) -> None:
    """`desk` has a session whose beginning nobody saw, as one of long ago."""
    answer = desk.get(reverse(f"desk:{page}"))
    assert answer["Location"].startswith(reverse("desk:account-prove"))


def test_proving_it_by_password_leads_back(desk: Client) -> None:
    asked = desk.get("/desk/account/app")["Location"]
    assert desk.get(asked).status_code == 200
    wrong = desk.post(asked, {"password": "wrong", "next": "/desk/account/app"})
    assert wrong.status_code == 422
    assert actions("person.proof_failed") == ["person.proof_failed"]
    right = desk.post(asked, {"password": "a long enough password", "next": "/desk/account/app"})
    assert right["Location"] == "/desk/account/app"
    assert desk.get("/desk/account/app").status_code == 200


def test_proving_it_leads_to_no_other_site_and_is_held_up(desk: Client, editor: User) -> None:
    secret = an_app(editor)
    answer = desk.post("/desk/account/prove", {"code": code_of(secret), "next": "https://evil.example/"})
    assert answer["Location"] == reverse("desk:home")
    for _ in range(throttle.MOST_FAILURES):
        desk.post("/desk/account/prove", {"password": "wrong"})
    assert desk.post("/desk/account/prove", {"password": "a long enough password"}).status_code == 429


@pytest.fixture
def required(settings: Any) -> None:
    """PUBLISHER_REQUIRE_MFA."""
    settings.REQUIRE_MFA = ("admin", "editor")


def test_who_lacks_it_is_led_to_their_account_and_reaches_nothing_else(editor: User, required: None) -> None:
    client = signed_in()
    for page in ("/desk/", "/desk/items", "/desk/deliveries"):
        assert client.get(page)["Location"] == reverse("desk:account")
    assert "Set up a second step first" in client.get("/desk/account").content.decode()
    assert client.get("/desk/account/app").status_code == 200
    fragment = client.get("/desk/items", headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == reverse("desk:account")


def test_it_opens_once_it_is_set_up(editor: User, required: None) -> None:
    client = signed_in()
    an_app(editor)
    assert client.get("/desk/").status_code == 200


def test_roles_that_are_not_named_are_free(required: None) -> None:
    a_person("otto", VIEWER)
    assert signed_in("otto").get("/desk/").status_code == 200


def test_a_superuser_is_an_admin(required: None) -> None:
    User.objects.create_superuser("root", "", "a long enough password")
    assert signed_in("root").get("/desk/")["Location"] == reverse("desk:account")


def test_the_last_one_is_not_removed(editor: User, required: None) -> None:
    client = signed_in()
    an_app(editor)
    answer = client.post("/desk/account/app/remove")
    assert answer.status_code == 400
    assert "Your role needs a second step" in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").exists()


def test_an_admin_who_lost_theirs_must_set_it_up_anew(required: None) -> None:
    a_person("ada", ADMIN)
    assert signed_in("ada").get("/desk/people")["Location"] == reverse("desk:account")


@pytest.mark.parametrize("what", ["closed", "another password"])
def test_a_sign_in_that_is_half_done_ends_with_the_account_and_with_the_password(
    editor: User, what: str
) -> None:
    """Who learnt the old password stands before the second step while its owner sets a new one."""
    secret = an_app(editor)
    client, _answer = first_step()
    if what == "closed":
        User.objects.filter(pk=editor.pk).update(is_active=False)
    else:
        editor.set_password("three words and rain")
        editor.save()
    assert client.post(STEP, {"code": code_of(secret)})["Location"] == "/desk/login"
    assert actions("person.signed_in") == []
    editor.refresh_from_db()
    assert editor.last_login is None


def test_a_session_lives_for_a_quarter_of_an_hour_until_somebody_is_in_and_then_for_two_weeks(
    editor: User,
) -> None:
    secret = an_app(editor)
    stranger = Client()
    stranger.get("/desk/login/passkey")
    assert stranger.session.get_expiry_age() == 15 * 60
    client, _answer = first_step()
    assert client.session.get_expiry_age() == 15 * 60
    client.post(STEP, {"code": code_of(secret)})
    assert client.get("/desk/").status_code == 200
    assert client.session.get_expiry_age() == 14 * 24 * 3600
    client.get("/desk/login/passkey")
    assert client.session.get_expiry_age() == 14 * 24 * 3600
