"""Connecting by the networks' own pages, against servers on loopback that refuse what the real ones refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from publisher.core.errors import OtherSideError
from publisher.social.networks import registry
from publisher.social.networks.base import Account
from publisher.social.networks.fields import Field, Kind, Unfit, cleaned, form_of
from publisher.social.networks.oauth import Begun, NotGiven, OAuth, Offer, oauth_of
from tests.fakes.oauth import APP, X_KEYS, Fake, serving

BACK = "https://desk.example.org/desk/channels/came-back"
APPS: dict[str, dict[str, str]] = {
    "mastodon": {},
    "x": {"consumer_key": X_KEYS["key"], "consumer_secret": X_KEYS["secret"]},
    "linkedin": {"client_id": APP["id"], "client_secret": APP["secret"]},
    "facebook": {"app_id": APP["id"], "app_secret": APP["secret"]},
}


@pytest.fixture
def there() -> Iterator[Fake]:
    with serving() as fake:
        yield fake


def way(network: str) -> OAuth:
    found = oauth_of(registry.get(network))
    assert found is not None
    return found


def account(there: Fake) -> Account:
    names = ("url", "api_url", "api", "oauth", "www")
    return Account(0, "Almaria", {}, dict.fromkeys(names, there.url))


def begun(network: str, there: Fake) -> Begun:
    return way(network).begin(account(there), APPS[network], back=BACK, state="a-state")


def pressed(url: str, button: str, back: str = BACK) -> dict[str, str]:
    """What comes back when a person presses that on the network's page."""
    links = re.findall(r'<a href="([^"]+)">(\w+)</a>', httpx.get(url, trust_env=False).text)
    address = unescape(next(href for href, label in links if label == button))
    assert address.startswith(back)
    return dict(parse_qsl(urlsplit(address).query))


def finish(
    network: str, there: Fake, start: Begun, answer: dict[str, str], **given: Any
) -> tuple[Offer, ...]:
    return way(network).finish(
        account(there),
        given.get("app", APPS[network]),
        back=given.get("back", BACK),
        kept=start.kept,
        answer=answer,
    )


@pytest.mark.parametrize("network", APPS)
def test_the_state_comes_back_with_the_answer(network: str, there: Fake) -> None:
    assert pressed(begun(network, there).url, "Authorize")["state"] == "a-state"


def test_a_mastodon_account_gives_a_token_with_the_rights_that_posting_needs(there: Fake) -> None:
    start = begun("mastodon", there)
    (offer,) = finish("mastodon", there, start, pressed(start.url, "Authorize"))
    assert offer.credentials == {"access_token": there.tokens[-1]}


def test_an_x_account_gives_the_four_keys_that_requests_are_signed_with(there: Fake) -> None:
    start = begun("x", there)
    (offer,) = finish("x", there, start, pressed(start.url, "Authorize"))
    assert offer.credentials == {
        **APPS["x"],
        "access_token": "7-access",
        "access_token_secret": "access-secret",
    }


def test_linkedin_offers_the_pages_that_the_person_administers(there: Fake) -> None:
    there.organizations.append(("88", "Second office", "CONTENT_ADMINISTRATOR"))
    start = begun("linkedin", there)
    offers = finish("linkedin", there, start, pressed(start.url, "Authorize"))
    assert [(each.name, each.settings["organization"]) for each in offers] == [
        ("Almaria Office", "2414183"),
        ("Second office", "88"),
    ]
    assert offers[0].credentials["access_token"] == there.tokens[-1]
    assert offers[0].credentials["expires_in"] == 5184000


def test_facebook_offers_each_page_with_its_own_token(there: Fake) -> None:
    start = begun("facebook", there)
    (offer,) = finish("facebook", there, start, pressed(start.url, "Authorize"))
    assert (offer.name, offer.settings) == ("Almaria Office", {"page": "1020"})
    assert offer.credentials == {"access_token": "page-token-1020", **APPS["facebook"]}


@pytest.mark.parametrize("network", APPS)
def test_a_person_who_says_no_is_told_that_nothing_was_given(network: str, there: Fake) -> None:
    start = begun(network, there)
    with pytest.raises(NotGiven, match="Cancel"):
        finish(network, there, start, pressed(start.url, "Deny"))


@pytest.mark.parametrize("network", ["mastodon", "linkedin", "facebook"])
def test_a_code_works_once(network: str, there: Fake) -> None:
    start = begun(network, there)
    answer = pressed(start.url, "Authorize")
    finish(network, there, start, answer)
    with pytest.raises(NotGiven, match="no longer good"):
        finish(network, there, start, answer)


@pytest.mark.parametrize("network", ["mastodon", "facebook"])
def test_a_code_is_worth_nothing_without_the_proof_that_only_we_have(network: str, there: Fake) -> None:
    start = begun(network, there)
    stolen = Begun(start.url, {**start.kept, "verifier": "guessed"})
    with pytest.raises(NotGiven):
        finish(network, there, stolen, pressed(start.url, "Authorize"))


@pytest.mark.parametrize("network", ["linkedin", "facebook"])
def test_wrong_keys_of_the_application_are_named_as_the_cause(network: str, there: Fake) -> None:
    start = begun(network, there)
    app = {name: "wrong" if "secret" in name else value for name, value in APPS[network].items()}
    with pytest.raises(NotGiven, match="application"):
        finish(network, there, start, pressed(start.url, "Authorize"), app=app)


def test_x_refuses_keys_that_it_does_not_know(there: Fake) -> None:
    with pytest.raises(NotGiven, match="keys of the app"):
        way("x").begin(account(there), {"consumer_key": "no", "consumer_secret": "no"}, back=BACK, state="s")


def test_an_x_answer_for_another_request_is_not_taken(there: Fake) -> None:
    start, other = begun("x", there), begun("x", there)
    with pytest.raises(NotGiven, match="another request"):
        finish("x", there, start, pressed(other.url, "Authorize"))


@pytest.mark.parametrize(
    ("network", "given"), [("mastodon", "read:accounts write:media"), ("linkedin", "r_organization_social")]
)
def test_a_right_that_was_left_out_is_named(network: str, given: str, there: Fake) -> None:
    there.scopes = given
    start = begun(network, there)
    with pytest.raises(
        NotGiven, match=r"lacks the right (read:statuses, write:statuses|w_organization_social)"
    ):
        finish(network, there, start, pressed(start.url, "Authorize"))


@pytest.mark.parametrize(("network", "what"), [("linkedin", "organizations"), ("facebook", "pages")])
def test_a_person_without_a_page_is_told_so(network: str, what: str, there: Fake) -> None:
    setattr(there, what, getattr(there, what)[1:])
    start = begun(network, there)
    with pytest.raises(NotGiven, match="page"):
        finish(network, there, start, pressed(start.url, "Authorize"))


def test_a_server_that_is_away_is_no_refusal() -> None:
    nowhere = Account(0, "Almaria", {}, {"url": "https://127.0.0.1:9"})
    with pytest.raises(OtherSideError):
        way("mastodon").begin(nowhere, {}, back=BACK, state="s")


def test_a_mastodon_channel_without_a_server_is_told_to_enter_one() -> None:
    with pytest.raises(NotGiven, match="server"):
        way("mastodon").begin(Account(0, "Almaria"), {}, back=BACK, state="s")


def test_no_secret_shows_when_a_beginning_or_an_offer_is_printed() -> None:
    assert "hush" not in repr(Begun("https://x", {"verifier": "hush"})) + repr(
        Offer("a", {"access_token": "hush"})
    )


@pytest.mark.parametrize("name", [network.name for network in registry.OWN])
def test_each_network_of_ours_describes_its_fields(name: str) -> None:
    form = form_of(registry.get(name))
    assert form.credentials or form.settings
    assert len({field.name for field in (*form.credentials, *form.settings)}) == len(form.credentials) + len(
        form.settings
    )
    assert form.steps
    for field in (*form.credentials, *form.settings):
        assert bool(field.pattern) <= bool(field.example)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Field("a", "A"), "  ", None),
        (Field("a", "A"), " b ", "b"),
        (Field("a", "A", kind=Kind.SWITCH), "on", True),
        (Field("a", "A", kind=Kind.SWITCH), "", False),
        (Field("a", "A", kind=Kind.NUMBER, most=5), "5", 5),
        (Field("a", "A", kind=Kind.AMOUNT), "0.20", 0.2),
        (Field("a", "A", kind=Kind.ADDRESS), "https://m.example/", "https://m.example"),
        (Field("a", "A", kind=Kind.CHOICE, choices=(("x", "X"),)), "x", "x"),
    ],
)
def test_a_field_reads_what_it_takes(field: Field, text: str, value: object) -> None:
    assert field.clean(text) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Field("a", "A", pattern="[0-9]+", example="12"), "x"),
        (Field("a", "A"), "a\nb"),
        (Field("a", "A"), "a" * 4001),
        (Field("a", "A", kind=Kind.NUMBER, most=5), "6"),
        (Field("a", "A", kind=Kind.NUMBER), "-1"),
        (Field("a", "A", kind=Kind.AMOUNT), "1e9"),
        (Field("a", "A", kind=Kind.ADDRESS), "javascript:alert(1)"),
        (Field("a", "A", kind=Kind.ADDRESS), "https://user@m.example"),
        (Field("a", "A", kind=Kind.CHOICE, choices=(("x", "X"),)), "y"),
    ],
)
def test_a_field_refuses_what_it_does_not_take(field: Field, text: str) -> None:
    with pytest.raises(Unfit):
        field.clean(text)
    assert cleaned((field,), {"a": text})[1]["a"]
