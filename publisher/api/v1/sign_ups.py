"""Sign-ups that a site hands in which has a form of its own. Its readers confirm by mail, as all do.

They come to POST /subscribers (`subscribers.py`), and to POST /sign-ups, which takes nothing else.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final

from django.http import HttpRequest
from pydantic import Field, StringConstraints

from publisher.api.problems import ProblemError
from publisher.api.v1.frame import does
from publisher.api.v1.items import ItemKind, Slug
from publisher.api.v1.shapes import NO_NUL, Address, Country, Done, Given, Language, Word
from publisher.audience import addresses, hashes
from publisher.audience.evidence import Evidence, consent_text, page_of
from publisher.audience.signing_up import gate
from publisher.audience.signing_up.asking import Asked, Wanted
from publisher.audience.signing_up.gate import Outcome, Signs
from publisher.audience.signing_up.limits import CannotCount
from publisher.audience.signing_up.names import LONGEST, is_name
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.visitor import place
from publisher.digests.families import are_one_newsletter
from publisher.digests.models import Digest
from publisher.items.languages import primary
from publisher.items.models import Topic
from publisher.people.permissions import SIGN_UP

RETRY_SECONDS: Final = 3600
REFUSED: Final = {
    Outcome.MACHINE: "This is the mailbox of a machine.",
    Outcome.ROLE: "This is a mailbox of several people, and the office takes none of these.",
    Outcome.DISPOSABLE: "This is a disposable address, and the office takes none of these.",
}


Client = Annotated[str, StringConstraints(max_length=45, pattern=NO_NUL)]
Agreed = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=NO_NUL)]
WebPage = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]


class SignUpIn(Given):
    """A reader filled in a form. Nothing is sent to them but a mail that asks to confirm."""

    email: Address
    name: Word = ""
    digests: list[Slug] = Field(min_length=1, max_length=50, description="Slugs.")
    topics: list[Slug] = Field(default_factory=list, max_length=200, description="Slugs; empty: all.")
    kinds: list[ItemKind] = Field(default_factory=list, max_length=20, description="Empty: all.")
    language: Language = Field(
        description="In which the reader is written to, and receives what comes in it."
    )
    region: Country | None = None
    text: Agreed = Field(description="The text that the reader agreed to, word by word.")
    page: WebPage = Field(description="The address of the page with the form.")
    client: Client = Field(
        "", description="The reader's IP address. Kept as a hash only; left out: not known."
    )


@does("/sign-ups", SIGN_UP, tag="subscribers", status=202, alone=True)
def sign_up(request: HttpRequest, given: SignUpIn) -> Done:  # noqa: ARG001 - ninja's signature
    """Hand in a sign-up: the same as POST /subscribers without `how`."""
    return hand_in(given)


def hand_in(given: SignUpIn) -> Done:
    """Take a sign-up: a mail asks its owner to confirm. The same is done and answered for every address.

    In no transaction of the API: what is refused is counted all the same, and the same twice is one sign-up.
    """
    now, client = clock.now(), _checked_client(given.client)
    evidence = Evidence(
        consent_text(given.language, given.text, now=now),
        page_of(given.page),
        hashes.of_client(client) if client else None,
    )
    asked = Asked(
        addresses.checked(given.email),
        [_wanted(given, each) for each in _digests(given)],
        given.language,
        evidence,
        name=_checked_name(given.name),
    )
    signs = Signs(visitor=place(client), by_site=True)
    try:
        outcome = gate.take(asked, signs, now=now)
    except CannotCount as error:
        raise ProblemError(
            503, "cannot_count", "Whether there are too many cannot be known now.", "Try again in a minute."
        ) from error
    if outcome in (Outcome.BUSY, Outcome.NETWORK):
        raise ProblemError(
            429,
            "too_fast",
            "There were too many sign-ups from this client, for this domain or in all.",
            "Ask the reader to come back in an hour. PUBLISHER_SIGN_UP_LIMITS says how many are taken.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    if outcome in REFUSED:
        raise UserError(REFUSED[outcome], "Ask for another address.")
    return Done(said="A mail asks the owner of the address to confirm, if it can be subscribed.")


def _checked_client(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text)) if text else ""
    except ValueError:
        raise UserError(
            "The client is no IP address.",
            "Send that of the reader, or leave it out; not that of your server.",
        ) from None


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not is_name(name):
        raise UserError(
            "The name is too long, or holds what looks like a link.",
            f"It has at most {LONGEST} characters; leave it out if the reader wrote something else into the field.",
        )
    return name


def _digests(given: SignUpIn) -> list[Digest]:
    known = {each.slug: each for each in Digest.objects.filter(slug__in=given.digests, enabled=True)}
    if missing := [each for each in given.digests if each not in known]:
        raise UserError(f"There is no digest {missing[0]} that goes out.", "GET /api/v1/digests lists them.")
    found = [known[slug] for slug in dict.fromkeys(given.digests)]
    if are_one_newsletter(found):
        raise UserError(
            "Two of these digests are the same newsletter at different rhythms.",
            "Send the one that was chosen.",
        )
    return found


def _wanted(given: SignUpIn, digest: Digest) -> Wanted:
    known = dict(Topic.objects.filter(slug__in=given.topics, retired=False).values_list("slug", "pk"))
    if missing := [each for each in given.topics if each not in known]:
        raise UserError(f"There is no topic {missing[0]}.", "GET /api/v1/topics lists them.")
    near = [tag for tag in digest.languages if primary(tag) == primary(given.language)]
    return Wanted(
        digest.pk,
        next(iter([*near, *digest.languages]), "en"),
        topics=tuple(known.values()),
        kinds=tuple(given.kinds),
        region=(given.region or "").upper(),
    )
