"""Somebody asked by a form to receive digests: written down, and the mailbox is asked whether it was its owner.

For every address the same is done, known or not, suppressed or not: two rows. What is different for each is found out later, when
the letter leaves (`delivery/reader_letters.py`), where nobody who fills in forms can measure it.

Each form is a row of its own, with its own proof: several for one mailbox may come from different people. The link to any that
waits is good for all that wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from publisher.audience import addresses, letters
from publisher.audience.evidence import Evidence
from publisher.audience.models import ReaderLetter, SignUp
from publisher.audience.signing_up import tally
from publisher.audience.signing_up.policy import Verdict
from publisher.audience.signing_up.tally import What

GOOD_FOR: Final = timedelta(days=7)
"""In which a mailbox may confirm."""
HELD_FOR: Final = timedelta(days=30)
"""In which a person may look at one that is held."""


@dataclass(frozen=True)
class Wanted:
    """What somebody wants of one digest. Empty `topics` and `kinds`: all."""

    digest_id: int
    language: str
    topics: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    region: str = ""

    def as_data(self) -> dict[str, Any]:
        return {
            "digest": self.digest_id,
            "topics": sorted(self.topics),
            "kinds": sorted(self.kinds),
            "language": self.language,
            "region": self.region,
        }


@dataclass(frozen=True)
class Asked:
    """What a form says. `email` was checked; `language` is that of the page, in which the letter is written."""

    email: str
    wanted: Sequence[Wanted]
    language: str
    evidence: Evidence
    name: str = ""
    zone: str = ""


@transaction.atomic
def ask(asked: Asked, verdict: Verdict, *, now: datetime) -> SignUp:
    """Write it down and have the mailbox asked, or have a person look at it first, as `verdict` says (take or look)."""
    if asked.evidence.text is None:
        raise ValueError("a sign-up without the text that was agreed to")
    held = SignUp.Held(verdict.kind.value) if verdict.deed == "look" else ""
    row = SignUp.objects.create(
        email=asked.email,
        email_key=addresses.key(asked.email),
        name=asked.name,
        wanted=[each.as_data() for each in asked.wanted],
        language=asked.language,
        zone=asked.zone,
        text=asked.evidence.text,
        page=asked.evidence.page,
        client=asked.evidence.client,
        created_at=now,
        expires_at=now + (HELD_FOR if held else GOOD_FOR),
        held=held,
    )
    if held:
        tally.count(What.HELD, now)
    else:
        have_asked(row, now)
        tally.count(What.ASKED, now)
    return row


def have_asked(row: SignUp, now: datetime) -> None:
    """Ask the mailbox of a sign-up."""
    letters.queue(
        ReaderLetter.Kind.CONFIRM,
        to=row.email,
        language=row.language,
        digest_id=row.wanted[0]["digest"],
        sign_up=row,
        now=now,
    )


def unanswered(now: datetime) -> QuerySet[SignUp]:
    """The sign-ups that nobody has confirmed or refused and whose time is not over, oldest first: those that wait for their
    mailbox, and those that are held."""
    return SignUp.objects.filter(confirmed_at=None, refused_at=None, expires_at__gt=now).order_by("pk")


def waiting(email_key: str, now: datetime) -> QuerySet[SignUp]:
    """The sign-ups of a mailbox that it may confirm, oldest first."""
    return unanswered(now).filter(email_key=email_key, held="")


def wait_until(email_key: str, moment: datetime, *, now: datetime) -> None:
    """Have what waits for a mailbox wait until `moment`."""
    ids = list(waiting(email_key, now).select_for_update().values_list("pk", flat=True))
    SignUp.objects.filter(pk__in=ids).update(expires_at=moment)


def asks_nothing(email_key: str, *, now: datetime) -> None:
    """What waits for a mailbox asks for nothing new: there is nothing to confirm."""
    wait_until(email_key, now, now=now)


def answer_already(email_key: str, *, now: datetime) -> None:
    """The owner of the mailbox is told so now: of what `asks_nothing` ended at this moment."""
    ended = SignUp.objects.filter(email_key=email_key, expires_at=now, confirmed_at=None, refused_at=None)
    ended.filter(held="").update(already_at=now)
