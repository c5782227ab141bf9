"""The sign-up form as it was sent: kept whole when it is shown again, and read into what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.http.request import QueryDict

from publisher.audience import addresses, mistyped
from publisher.audience.evidence import Evidence, consent_text, is_ours
from publisher.audience.models import ConsentText
from publisher.audience.signing_up.asking import Asked, Wanted
from publisher.audience.signing_up.names import is_name
from publisher.core.errors import UserError
from publisher.digests.families import are_one_newsletter
from publisher.digests.models import Digest
from publisher.site.sign_up import guesses, offered

LONGEST: Final = 400
LONGEST_TEXT: Final = 4000
TRAP: Final = "website"
"""The field that people do not see; programs like to fill in one of this name."""


@dataclass
class Typed:
    """What stands in the form's fields. `text`: what its reader agrees to, as its page showed it; `shown`: our mark of that.
    `suggestion`: the address that was perhaps meant, which is asked about; `meant`: the answer to that."""

    email: str = ""
    name: str = ""
    digests: list[str] = field(default_factory=list)
    language: str = ""
    kinds: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    zone: str = ""
    text: str = ""
    shown: str = ""
    meant: str = ""
    suggestion: str = ""

    @property
    def is_folded(self) -> bool:
        """Whether nothing is chosen of what is optional."""
        return not (self.kinds or self.topics or self.language)


def typed(data: QueryDict) -> Typed:
    """The fields of a form, whatever was sent."""

    def one(name: str) -> str:
        return " ".join(data.get(name, "").replace("\0", "").split())[:LONGEST]

    def many(name: str) -> list[str]:
        return [each[:LONGEST] for each in data.getlist(name)[:LONGEST]]

    spelling = mistyped.settled(one("email"), one("meant"))
    return Typed(
        spelling.email,
        one("name"),
        many("digest"),
        one("language"),
        many("kind"),
        many("topic"),
        one("zone"),
        data.get("text", "").replace("\0", "")[:LONGEST_TEXT],
        one("shown"),
        one("meant"),
        spelling.suggestion,
    )


def problems(form: Typed, digests: Sequence[Digest]) -> dict[str, str]:
    """What is wrong by field, as keys of the pages' words."""
    found: dict[str, str] = {}
    try:
        addresses.checked(form.email)
    except UserError:
        found["email"] = "sign_up_bad_address" if form.email else "sign_up_no_address"
    else:
        if form.suggestion:
            found["meant"] = "sign_up_meant"
    if not is_name(form.name):
        found["name"] = "sign_up_bad_name"
    if not chosen(form, digests):
        found["digest"] = "sign_up_no_digest"
    elif are_one_newsletter(chosen(form, digests)):
        found["digest"] = "sign_up_one_rhythm"
    return found


def chosen(form: Typed, digests: Sequence[Digest]) -> list[Digest]:
    """The digests that were ticked; on a page of one digest that one."""
    return list(digests) if len(digests) == 1 else [each for each in digests if each.slug in form.digests]


def agreed(form: Typed, slug: str, language: str, *, now: datetime) -> ConsentText | None:
    """The text that the page of this form showed; None when it is none of ours for it, so that it has to be shown again.

    A form on another site shows what it was copied with, which may be an older text of ours.
    """
    if not is_ours(slug, language, form.text, marked=form.shown):
        return None
    return consent_text(language, form.text, now=now)


def asked(
    form: Typed, digests: Sequence[Digest], language: str, evidence: Evidence, *, accept_language: str
) -> Asked:
    """What a form without problems asks for."""
    zone = guesses.zone(form.zone)
    region = guesses.region(zone, accept_language)
    return Asked(
        email=addresses.checked(form.email),
        wanted=[_wanted(form, digest, language, region) for digest in chosen(form, digests)],
        language=language,
        evidence=evidence,
        name=form.name,
        zone=zone,
    )


def _wanted(form: Typed, digest: Digest, language: str, region: str) -> Wanted:
    """All ticked is the same as none: everything, so that new kinds and topics come, too."""
    kinds, topics = offered.kinds_of([digest]), [each.pk for each in offered.topics_of([digest])]
    ticked = [kind for kind in kinds if kind in form.kinds]
    about = [pk for pk in topics if str(pk) in form.topics]
    return Wanted(
        digest.pk,
        offered.language_in(digest, form.language or language),
        topics=tuple(about) if len(about) < len(topics) else (),
        kinds=tuple(ticked) if len(ticked) < len(kinds) else (),
        region=region,
    )
