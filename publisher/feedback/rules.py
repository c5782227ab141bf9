"""What follows from what came back: the one set of rules for messages, providers' events and refusals while sending. Pure.

Nothing follows from what bears no sign of ours. Only what says that a mailbox is not there, or closed, suppresses at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext_noop

from publisher.audience.models import Suppression
from publisher.delivery.states import State
from publisher.feedback.models import Report
from publisher.feedback.reading import Reading
from publisher.feedback.reading.causes import FINAL, OURS

K, C, Outcome = Report.Kind, Report.Cause, Report.Outcome

DOMAIN_DAYS = 2
"""On so many days a domain must be found missing: a broken resolver of ours finds none, and must cost no reader."""


@dataclass(frozen=True)
class Policy:
    """The settings: so many failures that may pass, on days of their own, within so many days; then how long it rests."""

    soft_bounces: int = 5
    soft_days: int = 35
    rest_days: int = 90


@dataclass(frozen=True)
class Target:
    """Whose it is, as far as our own signs or a provider's word prove it. `passed_on`: another address failed than ours. `typed`:
    anybody may have caused the mail by typing the address into a form."""

    is_known: bool = False
    has_reader: bool = False
    passed_on: bool = False
    is_reader_asking: bool = False
    typed: bool = False


@dataclass(frozen=True)
class History:
    """The days (UTC) on which this address failed in a way that may pass, since it last was delivered to or suppressed."""

    soft: frozenset[date] = frozenset()
    no_domain: frozenset[date] = frozenset()


class Leaving(StrEnum):
    """Which subscriptions end."""

    NONE = "none"
    ONE = "one"
    ALL = "all"


@dataclass(frozen=True)
class Decision:
    """What to do. `state`: of the delivery; `slow`: its provider asked for less mail."""

    outcome: Report.Outcome
    why: str
    state: State | None = None
    suppress: Suppression.Reason | None = None
    until: datetime | None = None
    leaving: Leaving = Leaving.NONE
    slow: bool = False


UNSIGNED = gettext_noop(
    "It bears no sign of ours (return path, link), so nothing of it can be proved. Nothing follows."
)
GONE = gettext_noop("It bears a sign of ours, but what it names is not known here any more. Nothing follows.")
WORDS_ONLY = gettext_noop(
    "It asks to leave, but bears no sign of ours: a person must find out who it is and end the subscription."
)
AUTOMATIC = gettext_noop("A program answered. The mail has arrived; nothing follows.")
CHALLENGE = gettext_noop("It wants the sender to prove something. Nobody does that for a newsletter.")
OTHER = gettext_noop("It is no answer of a machine that is known here. A person may want to read it.")
DELAYED = gettext_noop("The other side goes on trying. Nothing follows until it says how it ended.")
DELIVERED = gettext_noop("The other side says that it put the mail into the mailbox.")
RELAYED = gettext_noop("It was passed on to a system that reports nothing: nobody knows whether it arrived.")
COMPLAINED = gettext_noop("The reader marked it as unwanted: unsubscribed from everything, and suppressed.")
LEFT = gettext_noop("The reader asked to leave.")
LEFT_ALL = gettext_noop(
    "The reader’s provider passed on that they want to leave: unsubscribed from everything."
)
HARD = gettext_noop("There is no such mailbox, or it is closed: suppressed at once.")
OURS_FAULT = gettext_noop(
    "It was refused for what was sent or who sent it, which says nothing about the address."
)
PASSED_ON = gettext_noop(
    "The mail was passed on to another address, and that one failed. It counts as what may pass: %(days)s of %(most)s days."
)
DOMAIN = gettext_noop(
    "The domain was not found. It may be our own resolver, so it counts once a day: %(days)s of %(most)s days."
)
NO_DOMAIN = gettext_noop("The domain was not found on %(days)s days: suppressed.")
TYPED = gettext_noop(
    "It may pass, and anybody may have caused this letter by typing the address: nothing is held against it."
)
SOFT = gettext_noop("It may pass. It counts against the address: %(days)s of %(most)s days.")
TOO_MANY = gettext_noop("It failed on %(days)s days within %(within)s days: suppressed for %(rest)s days.")


def decide(reading: Reading, target: Target, history: History, policy: Policy, *, now: datetime) -> Decision:
    """What follows. `now` is when it came."""
    if reading.kind == K.LEAVE and reading.words_ask and not target.is_reader_asking:
        return Decision(Outcome.UNMATCHED, WORDS_ONLY)
    if reading.kind in _LEFT_ALONE:
        return Decision(Outcome.NOTHING, _LEFT_ALONE[reading.kind])
    if not target.is_known:
        return Decision(Outcome.UNMATCHED, GONE if reading.named.is_signed else UNSIGNED)
    return _proved(reading, target, history, policy, now)


def _proved(reading: Reading, target: Target, history: History, policy: Policy, now: datetime) -> Decision:
    if reading.kind == K.BOUNCE:
        return _bounced(reading, target, history, policy, now)
    if reading.kind == K.COMPLAINT:
        reason = Suppression.Reason.COMPLAINED
        return Decision(Outcome.SUPPRESSED, COMPLAINED, State.COMPLAINED, reason, leaving=Leaving.ALL)
    if reading.kind == K.LEAVE:
        named = bool(reading.named.leaves) or reading.words_ask
        one_or_all = Leaving.ONE if named else Leaving.ALL
        return Decision(Outcome.LEFT, LEFT if named else LEFT_ALL, leaving=one_or_all)
    if reading.kind == K.DELAYED:
        return Decision(Outcome.NOTHING, DELAYED, State.SENT, slow=True)
    if reading.confirmed:
        return Decision(Outcome.DELIVERED, DELIVERED, State.DELIVERED)
    return Decision(Outcome.NOTHING, RELAYED, State.SENT)


_LEFT_ALONE = {K.AUTOMATIC: AUTOMATIC, K.CHALLENGE: CHALLENGE, K.OTHER: OTHER}


def _bounced(reading: Reading, target: Target, history: History, policy: Policy, now: datetime) -> Decision:
    today = now.date()
    if reading.cause in OURS:
        return Decision(Outcome.MARKED, OURS_FAULT, State.BOUNCED)
    is_final = reading.cause in FINAL and reading.permanent is True
    if is_final and reading.cause is C.UNKNOWN_DOMAIN and not (target.typed and target.has_reader):
        days = len(history.no_domain | {today})
        told = {"days": days, "most": DOMAIN_DAYS}
        if days >= DOMAIN_DAYS:
            return Decision(Outcome.SUPPRESSED, NO_DOMAIN % told, State.BOUNCED, Suppression.Reason.BOUNCED)
        return Decision(Outcome.COUNTED, DOMAIN % told, State.BOUNCED)
    if is_final and not target.passed_on and reading.cause is not C.UNKNOWN_DOMAIN:
        # What a stranger typed may be a mailbox that is there next month.
        until = now + timedelta(days=policy.rest_days) if target.typed and not target.has_reader else None
        return Decision(Outcome.SUPPRESSED, HARD, State.BOUNCED, Suppression.Reason.BOUNCED, until)
    if (
        target.typed
    ):  # else a stranger's sign-ups would stop the mail of whoever is behind a server that refuses us
        return Decision(Outcome.NOTHING, TYPED, State.BOUNCED)
    return _counted(PASSED_ON if is_final else SOFT, history, policy, now)


def _counted(why: str, history: History, policy: Policy, now: datetime) -> Decision:
    """One that may pass, on a day of its own or not."""
    days = len(history.soft | {now.date()})
    told = {"days": days, "most": policy.soft_bounces, "within": policy.soft_days, "rest": policy.rest_days}
    if days >= policy.soft_bounces:
        until = now + timedelta(days=policy.rest_days)
        return Decision(Outcome.SUPPRESSED, TOO_MANY % told, State.BOUNCED, Suppression.Reason.SOFT, until)
    return Decision(Outcome.COUNTED, why % told, State.BOUNCED)
