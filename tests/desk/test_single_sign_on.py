"""Signing in through an OpenID Connect provider, over real HTTP on the loopback: what is good comes in, all else stays out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from config.single_sign_on import openid_connect
from publisher.core.models import AuditEntry
from publisher.people.permissions import EDITOR, VIEWER
from tests.desk.second_steps import an_app, code_of
from tests.fakes.openid_provider import CLIENT, SECRET, OpenIdProvider, a_key
from tests.people.builders import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any) -> Iterator[OpenIdProvider]:
    with OpenIdProvider() as provider:
        settings.OIDC = provider.url
        settings.OIDC_LABEL = "the office account"
        settings.SOCIALACCOUNT_PROVIDERS = openid_connect(provider.url, CLIENT, SECRET)
        yield provider


@pytest.fixture
def mira(provider: OpenIdProvider) -> User:
    """Whom the provider knows. Name, address and subject are of this test alone: others may run beside it."""
    return somebody(provider.person["sub"], EDITOR, provider.person["email"])


def asked(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def come_back(provider: OpenIdProvider, client: Client, **begin: str) -> HttpResponse:
    """There and back, as a browser goes."""
    there = client.get("/desk/sso", begin)
    assert there.status_code == 302, there.content
    back = urlsplit(provider.authorize(asked(there["Location"])))
    return client.get(f"{back.path}?{back.query}")


def test_the_sign_in_page_offers_it_by_its_name(provider: OpenIdProvider) -> None:
    assert "Log in with the office account" in Client().get("/desk/login").content.decode()


def test_without_a_provider_there_is_no_such_way(db: None) -> None:
    assert Client().get("/desk/sso").status_code == 404
    assert Client().get("/desk/sso/callback").status_code == 404


def test_somebody_known_by_their_verified_address_comes_in_and_is_linked(
    provider: OpenIdProvider, mira: User
) -> None:
    client = Client()
    answer = come_back(provider, client, next="/desk/items")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/items")
    assert client.get("/desk/items").status_code == 200
    assert SocialAccount.objects.get(uid=provider.person["sub"]).user == mira
    signed_in = AuditEntry.objects.get(action="person.signed_in", actor_id=mira.pk)
    assert signed_in.after == {"by_means_of": "single sign-on"}
    provider.person |= {"email": "new@example.org", "email_verified": False}
    again = Client()
    come_back(provider, again)
    assert again.get("/desk/").status_code == 200, "the link is by subject"


def test_the_request_carries_state_nonce_and_a_challenge(provider: OpenIdProvider) -> None:
    query = asked(Client().get("/desk/sso")["Location"])
    assert query["code_challenge_method"] == "S256"
    assert len(query["nonce"]) > 30
    assert query["state"]
    assert query["redirect_uri"] == "http://127.0.0.1:8000/desk/sso/callback"
    assert set(query["scope"].split()) == {"openid", "profile", "email"}


def test_the_session_is_new_after_it(provider: OpenIdProvider, mira: User) -> None:
    client = Client()
    client.get("/desk/sso")
    assert client.session.get_expiry_age() == 15 * 60
    before = client.cookies["sessionid"].value
    come_back(provider, client)
    assert client.cookies["sessionid"].value != before
    assert client.session.get_expiry_age() == 14 * 24 * 3600


def test_a_second_step_is_asked_for_here_too(provider: OpenIdProvider, mira: User) -> None:
    secret = an_app(mira)
    client = Client()
    assert come_back(provider, client)["Location"] == "/desk/login/second-step"
    assert client.get("/desk/").status_code == 302
    client.post("/desk/login/second-step", {"code": code_of(secret)})
    assert client.get("/desk/").status_code == 200


def nobody_in(provider: OpenIdProvider, status: int = 401) -> str:
    client = Client()
    answer = come_back(provider, client)
    assert answer.status_code == status
    assert client.get("/desk/").status_code == 302
    assert not SocialAccount.objects.filter(uid=provider.person["sub"]).exists()
    return answer.content.decode()


def test_a_signature_of_another_key_opens_nothing(provider: OpenIdProvider, mira: User) -> None:
    provider.sign_with = a_key()
    assert "did not work" in nobody_in(provider)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_signature_and_one_by_a_shared_secret_open_nothing(
    provider: OpenIdProvider, mira: User, algorithm: str
) -> None:
    provider.algorithm, provider.sign_with = algorithm, None if algorithm == "none" else SECRET * 2
    nobody_in(provider)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": -600},
        {"exp": None},
        {"iat": 6000},
        {"sub": None},
    ],
    ids=[
        "for another",
        "for two",
        "of another",
        "of another sign-in",
        "no nonce",
        "ended",
        "endless",
        "ahead",
        "of nobody",
    ],
)
def test_a_token_that_was_not_made_for_this_sign_in_opens_nothing(
    provider: OpenIdProvider, mira: User, claims: dict[str, Any]
) -> None:
    """A number is so many seconds from when the test runs: a suite may run for longer than from when it was read."""
    now = int(time.time())
    provider.token = {
        name: now + value if isinstance(value, int) else value for name, value in claims.items()
    }
    nobody_in(provider)


def test_an_address_that_is_not_verified_is_refused(provider: OpenIdProvider, mira: User) -> None:
    provider.person["email_verified"] = False
    assert "verified" in nobody_in(provider, status=403)


def test_unknown_people_are_refused_or_made_viewers(provider: OpenIdProvider, settings: Any) -> None:
    address = provider.person["email"]
    assert f"Nobody has invited {address}" in nobody_in(provider, status=403)
    settings.OIDC_UNKNOWN = "viewer"
    client = Client()
    come_back(provider, client)
    assert client.get("/desk/").status_code == 200
    assert [group.name for group in User.objects.get(email=address).groups.all()] == [VIEWER.name]


def test_a_state_that_this_browser_was_not_given_opens_nothing(provider: OpenIdProvider, mira: User) -> None:
    """Somebody sends their own finished sign-in to another person's browser."""
    there = Client().get("/desk/sso")
    back = urlsplit(provider.authorize(asked(there["Location"])))
    victim = Client()
    assert victim.get(f"{back.path}?{back.query}").status_code == 401
    victim.force_login(mira)
    assert victim.get(f"{back.path}?{back.query}").status_code == 401
    assert victim.get("/desk/").status_code == 200, "nobody is logged out by a link"


def test_a_code_works_once(provider: OpenIdProvider, mira: User) -> None:
    client = Client()
    there = client.get("/desk/sso")
    back = urlsplit(provider.authorize(asked(there["Location"])))
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    assert client.get(f"{back.path}?{back.query}").status_code == 401


@pytest.mark.parametrize("back", ["?error=access_denied", "?code=x", "", "?code=x&state=y"])
def test_coming_back_with_nothing_says_so(provider: OpenIdProvider, back: str) -> None:
    assert Client().get(f"/desk/sso/callback{back}").status_code == 401


def test_an_address_that_only_the_user_info_tells_counts_for_the_same_subject(
    provider: OpenIdProvider, mira: User
) -> None:
    subject = provider.person["sub"]
    provider.person = {"sub": subject}
    provider.user_info = {"sub": "another", "email": mira.email, "email_verified": True}
    nobody_in(provider)
    provider.user_info |= {"sub": subject, "email_verified": False}
    provider.token = {"email_verified": True}
    nobody_in(provider, status=403)
    provider.user_info["email_verified"] = True
    client = Client()
    come_back(provider, client)
    assert client.get("/desk/").status_code == 200


@pytest.mark.parametrize(
    "description", [{"issuer": "https://evil.example"}, {"jwks_uri": None}, {"token_endpoint": 7}]
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    provider: OpenIdProvider, description: dict[str, Any]
) -> None:
    provider.description = description
    answer = Client().get("/desk/sso")
    assert (answer.status_code, "did not work" in answer.content.decode()) == (502, True)


def test_a_provider_that_is_away_leaves_the_password(settings: Any, db: None) -> None:
    settings.OIDC = "http://127.0.0.1:9"
    settings.SOCIALACCOUNT_PROVIDERS = openid_connect(settings.OIDC, CLIENT, SECRET)
    answer = Client().get("/desk/sso")
    assert (answer.status_code, "use your password" in answer.content.decode()) == (502, True)


def test_links_of_one_issuer_are_no_links_of_another() -> None:
    assert openid_connect("https://a.example", "c", "s") != openid_connect("https://b.example", "c", "s")


def a_while_passes(client: Client) -> None:
    """The proof of who is in gets older than ten minutes."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "socialaccount", "at": time.time() - 700}]
    session.save()


def only_by_the_provider(mira: User) -> None:
    mira.set_unusable_password()
    mira.save()


def test_who_has_no_other_way_in_proves_at_the_provider_who_they_are(
    provider: OpenIdProvider, mira: User
) -> None:
    """An open browser gives away neither a key nor a password to come in by later."""
    only_by_the_provider(mira)
    client = Client()
    come_back(provider, client)
    assert client.get("/desk/account/passkeys/add").status_code == 200
    a_while_passes(client)
    led = client.get("/desk/account/passkeys/add")["Location"]
    assert led.startswith("/desk/account/prove?")
    new = {"new": "three words and rain", "again": "three words and rain"}
    assert client.post("/desk/account/password", new)["Location"].startswith("/desk/account/prove?")
    mira.refresh_from_db()
    assert not mira.has_usable_password()
    assert "Log in with the office account again" in client.get(led).content.decode()
    answer = come_back(provider, client, again="yes", next="/desk/account/passkeys/add")
    assert answer["Location"] == "/desk/account/passkeys/add"
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "600")
    assert client.get("/desk/account/passkeys/add").status_code == 200
    assert client.post("/desk/account/password", new)["Location"] == "/desk/account"


@pytest.mark.parametrize(("ago", "status"), [(30, 302), (3600, 401)])
def test_a_provider_that_asked_nobody_anew_proves_nothing(
    provider: OpenIdProvider, mira: User, ago: int, status: int
) -> None:
    only_by_the_provider(mira)
    client = Client()
    provider.token = {"auth_time": int(time.time()) - ago}
    come_back(provider, client)
    a_while_passes(client)
    assert come_back(provider, client, again="yes").status_code == status


def test_nobody_who_is_not_in_is_asked_anew(provider: OpenIdProvider, mira: User) -> None:
    come_back(provider, Client(), again="yes")
    assert "prompt" not in provider.asked[-1]


def test_who_came_by_a_provider_that_is_gone_is_told_what_to_do(
    provider: OpenIdProvider, mira: User, settings: Any
) -> None:
    only_by_the_provider(mira)
    client = Client()
    come_back(provider, client)
    a_while_passes(client)
    settings.OIDC = ""
    assert "Log out and log in again" in client.get("/desk/account/prove").content.decode()
