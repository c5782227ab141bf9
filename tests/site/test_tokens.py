"""Tokens of every purpose: whatever is done to one, nothing changes; a new secret key keeps them; with their owner they end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience import address_change, rights, tokens, unsubscribe_mail
from publisher.audience.evidence import consent_text
from publisher.audience.models import AddressChange, ReaderLetter, SignUp
from publisher.core import clock
from publisher.core.base36 import base36
from publisher.digests.models import Digest
from tests.builders import NOON, a_digest, a_subscriber

pytestmark = pytest.mark.django_db

FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PATHS = ("/u/{}", "/p/{}", "/p/{}/data", "/p/{}/erase", "/a/{}", "/c/{}", "/e/{}", "/d/{}", "/x/{}")
BODIES: tuple[dict[str, str], ...] = (
    {},
    {"List-Unsubscribe": "One-Click"},
    {"all": "yes"},
    {"answer": "yes"},
    {"do": "address", "email": "x@example.org"},
)
TABLES = (
    *("audience_subscriber", "audience_subscription", "audience_consent", "audience_signup"),
    *("audience_addresschange", "audience_readerletter", "audience_erased", "audience_suppression"),
)


@pytest.fixture
def given_away(db: None) -> dict[str, str]:
    """A good token of each purpose, by its path."""
    now = clock.now()
    one = a_subscriber(a_digest(open_to_all=True), "lin@example.net")
    ids = one.subscriber_id, one.digest_id
    address_change.ask(one.subscriber_id, "next@example.org", language="en", digest_id=one.digest_id, now=now)
    change = AddressChange.objects.get()
    sign_up = SignUp.objects.create(
        email="x@example.org", email_key="x@example.org", language="en", text=consent_text("en", "yes", now=now),
        created_at=now, expires_at=now + timedelta(days=1),
        wanted=[{"digest": one.digest_id, "topics": [], "kinds": [], "language": "en", "region": ""}],
    )  # fmt: skip
    letters = {}
    for kind in rights.PURPOSES:
        rights.ask(one.subscriber_id, kind, language="en", digest_id=one.digest_id, now=now)
        letters[kind] = ReaderLetter.objects.get(kind=kind)
    ReaderLetter.objects.update(state="sent", settled_at=now)
    return {
        "/u/{}": tokens.write(tokens.Purpose.UNSUBSCRIBE, *ids),
        "/p/{}": tokens.write(tokens.Purpose.PREFERENCES, *ids),
        "/a/{}": address_change.token(change, new=True),
        "/a/{}?": address_change.token(change, new=False),
        "/c/{}": tokens.write(tokens.Purpose.CONFIRM, tokens.NOBODY, sign_up.pk),
        "/d/{}": rights.token(letters[ReaderLetter.Kind.DATA]),
        "/x/{}": rights.token(letters[ReaderLetter.Kind.ERASE]),
    }


def stored() -> list[str]:
    found = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t ORDER BY id')  # noqa: S608 - tables of ours
            found += [row[0] for row in cursor.fetchall()]
    return found


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, str]:
    """What is done to a token: a name of a deed and what it takes. Applied by `mutated`."""
    deed = draw(st.sampled_from(["cut", "flip", "insert", "double", "swap", "case", "number", "random"]))
    return deed, draw(st.text(min_size=1, max_size=12))


def mutated(token: str, deed: str, text: str) -> str:
    at = sum(map(ord, text)) % len(token)
    return {
        "cut": token[:at],
        "flip": token[:at] + chr(ord(token[at]) ^ 1) + token[at + 1 :],
        "insert": token[:at] + text + token[at:],
        "double": token + token,
        "swap": token[1:2] + token[:1] + token[2:],
        "case": token.swapcase(),
        "number": base36(sum(map(ord, text))) + token[token.index(".") :],
        "random": text,
    }[deed]


def quoted(token: str) -> str:
    from urllib.parse import quote

    return quote(token, safe="")


@FUZZ
@given(
    mutation=mutations(), kind=st.integers(0, 6), path=st.sampled_from(PATHS), body=st.sampled_from(BODIES)
)
def test_a_token_that_is_not_exactly_ours_changes_nothing_and_breaks_nothing(
    given_away: dict[str, str], mutation: tuple[str, str], kind: int, path: str, body: dict[str, str]
) -> None:
    good = list(given_away.values())[kind]
    bad = mutated(good, *mutation)
    if bad in given_away.values():
        return
    body = {**body, "digest": str(Digest.objects.get().pk)}
    before = stored()
    for method in ("get", "post"):
        answer = getattr(Client(), method)(path.format(quoted(bad)), body)
        assert answer.status_code in (302, 400, 404, 405, 410), answer.status_code
    assert stored() == before


@pytest.mark.parametrize("path", PATHS)
def test_a_token_of_one_purpose_is_good_for_no_other(given_away: dict[str, str], path: str) -> None:
    before = stored()
    for own, token in given_away.items():
        if not path.startswith(own.rstrip("?").rstrip("{}")):
            for body in BODIES:
                assert Client().post(path.format(token), body).status_code in (404, 405, 410)
    assert stored() == before


@FUZZ
@given(
    text=st.text(max_size=80)
    | st.from_regex(r"leave\+[a-z0-9]{1,4}-[a-z0-9]{1,4}-[a-z2-7]{16}@x\.org", fullmatch=True)
)
def test_a_mail_token_that_was_not_made_by_us_names_nobody(text: str) -> None:
    assert unsubscribe_mail.read(text) is None


@contextlib.contextmanager
def rotated(settings: Any) -> Iterator[None]:
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
        "a new secret key, as long as one has to be",
        [former],
    )
    yield
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = former, []


def test_tokens_survive_a_new_secret_key_and_not_the_end_of_the_former(
    given_away: dict[str, str], settings: Any
) -> None:
    with rotated(settings):
        for path, token in given_away.items():
            assert Client().get(path.format(token)).status_code == 200
        settings.SECRET_KEY_FALLBACKS = []
        for path, token in given_away.items():
            assert Client().get(path.format(token)).status_code == 404


@pytest.mark.parametrize("body", BODIES)
def test_tokens_die_with_their_owner(given_away: dict[str, str], body: dict[str, str]) -> None:
    from publisher.audience.models import Subscriber
    from publisher.privacy import erasing

    erasing.erase(Subscriber.objects.get().pk, user="mira", how="test", now=NOON)
    before = stored()
    statuses = {
        path: Client().post(path.format(token), body).status_code
        for path, token in given_away.items()
        if not path.startswith("/c/")
    }
    assert statuses == {"/u/{}": 200, "/p/{}": 410, "/a/{}": 410, "/a/{}?": 410, "/d/{}": 410, "/x/{}": 200}
    assert stored() == before
