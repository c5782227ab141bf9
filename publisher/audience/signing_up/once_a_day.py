"""How often one mailbox is written to because somebody typed its address into a form: once a day. Asked by `by_staff.py` before a
letter is written and by `delivery/reader_letters.py` before one leaves.

A letter that its owner has answered since, by confirming or leaving, counts no more: only they can do that, and they wait for the
next one. One whose link is still good for what waits there counts all the same: that link is there already.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import Max, Q, QuerySet

from publisher.audience.letters import APART
from publisher.audience.models import Consent, ReaderLetter, SignUp
from publisher.audience.signing_up import asking

S, K = ReaderLetter.State, ReaderLetter.Kind

CAUSED_BY_ANYBODY: Final = (K.CONFIRM, K.ALREADY, K.CHANGE_NEW)


class Soon(NamedTuple):
    """Why no other letter may go to a mailbox yet. `same_link`: what waits there can be confirmed by a link that has arrived.
    `until`: when the next may go."""

    same_link: bool
    until: datetime


def too_soon(to_key: str, *, now: datetime, letter_id: int = 0) -> Soon | None:
    """Whether a letter other than `letter_id` goes, went or may have gone to a mailbox within a day; None: there is none, or its
    owner has answered it."""
    lately = list(
        _caused(to_key)
        .exclude(pk=letter_id)
        .filter(
            Q(state=S.SENDING) | Q(state__in=[S.SENT, S.UNKNOWN], settled_at__gt=now - APART),
        )
    )
    if not lately:
        return None
    until = max(each.settled_at or now for each in lately) + APART
    arrived = [each.sign_up_id for each in lately if each.kind == K.CONFIRM and each.state != S.UNKNOWN]
    if asking.waiting(to_key, now).filter(pk__in=[each for each in arrived if each]).exists():
        return Soon(same_link=True, until=until)
    answered = answered_at(to_key)
    silent = [each for each in lately if not (answered and each.settled_at and each.settled_at <= answered)]
    if not silent:
        return None
    return Soon(same_link=False, until=max(each.settled_at or now for each in silent) + APART)


def was_told(to_key: str, *, now: datetime) -> bool:
    """Whether the owner of a mailbox was told within a day that it is subscribed already."""
    lately = _caused(to_key).filter(kind=K.ALREADY, state__in=[S.SENT, S.UNKNOWN])
    return lately.filter(settled_at__gt=now - APART).exists()


def is_under_way(to_key: str) -> bool:
    """Whether such a letter is written or going out."""
    return _caused(to_key).filter(state__in=[S.QUEUED, S.SENDING]).exists()


def answered_at(email_key: str) -> datetime | None:
    """When the owner of a mailbox last confirmed something that was asked for it, or left something; None: never."""
    confirmed = SignUp.objects.filter(email_key=email_key).aggregate(at=Max("confirmed_at"))["at"]
    left = Consent.objects.filter(subscriber__email_key=email_key, action=Consent.Action.WITHDRAWN).aggregate(
        at=Max("at")
    )["at"]
    return max((each for each in (confirmed, left) if each), default=None)


def _caused(to_key: str) -> QuerySet[ReaderLetter]:
    return ReaderLetter.objects.filter(to_key=to_key, kind__in=CAUSED_BY_ANYBODY)
