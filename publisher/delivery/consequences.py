"""What a deed on an edition will do, in numbers, to be said before it is done. The desk and the command line ask. Reads only.

Counts are of the moment: while mail leaves they change under the eyes of whoever reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from publisher.audience.models import Subscriber, Subscription
from publisher.core import clock, standstill
from publisher.core.words import counted
from publisher.delivery import holding, progress
from publisher.delivery.states import State
from publisher.delivery.unclear import groups_of, mails_of
from publisher.digests.editions import nothing_left
from publisher.digests.models import Edition
from publisher.schedule.hours import next_open

S = Edition.State


@dataclass(frozen=True)
class Consequence:
    """A question that yes or no answers, and what else there is to know before the answer, a sentence each.

    `counted`: the messages that it is about, for whoever must notice that there are others by now.
    """

    question: str
    facts: tuple[str, ...]
    counted: int


def of_sending(edition: Edition, *, now: datetime) -> Consequence | None:
    """What approving or resuming it does; None when no mail leaves by that."""
    sending = progress.sending(edition)
    if edition.state in (S.WAITING, S.PAUSED):
        return _sending_now(edition, sending, now)
    goes_by_itself = edition.after_assembly == S.SENDING
    if (edition.state == S.BLOCKED and goes_by_itself) or (
        edition.state == S.ASSEMBLING and not goes_by_itself
    ):
        return _sending_unassembled(edition)
    return None


def of_cancelling(edition: Edition) -> Consequence:
    """What ending it for good does."""
    sending = progress.sending(edition)
    queued = sending.counts.get(State.QUEUED, 0)
    what = f"{counted(queued, 'mail')} will not be sent" if queued else "No mail of it waits to be sent"
    facts = [
        "It cannot be taken back: a cancelled edition never goes on.",
        *_gone(sending),
        *_in_doubt(sending),
    ]
    if nothing_left(edition.state, edition):
        facts.append("Nothing of it has left, so its items belong to the digest's next edition.")
    return Consequence(f"Cancel {edition} for good? {what}.", tuple(facts), queued)


def of_resolving(edition: Edition, *, arrived: bool) -> Consequence:
    """What a person's word on every unclear mail of it does."""
    unclear = mails_of(edition).count()
    nobody = "Nobody can tell whether they arrived" if unclear != 1 else "Nobody can tell whether it arrived"
    if arrived:
        facts = (f"{nobody}. Whoever did not get it gets nothing from this edition any more.",)
        return Consequence(f"Count {counted(unclear, 'unclear mail')} of {edition} as sent?", facts, unclear)
    facts = (f"{nobody}. Whoever got it gets it a second time.",)
    return Consequence(f"Send {counted(unclear, 'unclear mail')} of {edition} again?", facts, unclear)


def _sending_now(edition: Edition, sending: progress.Sending, now: datetime) -> Consequence:
    queued = sending.counts.get(State.QUEUED, 0)
    facts = list(_gone(sending))
    rest = progress.to_go(edition, now)
    later = rest.waves
    if later:
        due = queued - sum(wave.queued for wave in later)
        facts.append(
            f"It goes by the readers' clocks: {counted(due, 'mail')} at once, "
            f"the others in {counted(len(later), 'wave')}, "
            f"the last on {clock.told(later[-1].due_at)}."
        )
    held = list(_held_up(edition, rest, now))
    groups = groups_of(edition)
    again = sum(group.mails for group in groups if group.fate.by_itself)
    facts += [*held, *_underway(sending), *_doubted(again, sum(group.mails for group in groups) - again)]
    if suppressed := sending.counts.get(State.SUPPRESSED, 0):
        get = (
            "more is on the suppression list and gets"
            if suppressed == 1
            else "more are on the suppression list and get"
        )
        facts.append(f"{counted(suppressed, 'reader')} {get} nothing.")
    facts.append("What has left cannot be called back.")
    when = "" if later or held else " now"
    if queued:
        question = f"Send {edition} to {counted(queued, 'reader')}{when}?"
    elif again:
        question = f"Send {counted(again, 'unclear mail')} of {edition} again?"
    else:
        question = f"Let {edition} go on? No mail of it waits to be sent."
    return Consequence(question, tuple(facts), queued)


def _doubted(again: int, asks: int) -> Iterator[str]:
    """What becomes of its unclear mails once it goes on: `again` of them are sent again, of `asks` a person decides."""
    if again:
        by_itself = "is sent again by itself" if again == 1 else "are sent again by themselves"
        yield f"{counted(again, 'unclear mail')} {by_itself}, as its digest says: whoever got it gets it a second time."
    if asks:
        yield f"{counted(asks, 'unclear mail')} may have arrived; that is decided on the edition's page."


def _held_up(edition: Edition, rest: progress.ToGo, now: datetime) -> Iterator[str]:
    """Why it will not leave at once, though nobody need be asked any more."""
    if standstill.is_on():
        yield "All sending stands still: nothing leaves until somebody lets it go on."
    hours = edition.digest.sending_hours
    if (opens := next_open(hours, now)) != now:
        yield f"It waits for its hours ({hours}), until {clock.told(opens)}."
    if every := holding.of_all_mail(now):
        yield str(every)
    if (rest.due or not rest.waves) and (first := holding.of_queue(edition, now)):
        yield str(first)


def _sending_unassembled(edition: Edition) -> Consequence:
    readers = _subscribed(edition)
    subscribed = (
        f"{readers:,} {'person subscribes' if readers == 1 else 'people subscribe'} to {edition.digest}"
    )
    fact = f"{subscribed}; it goes out to each of them for whom an item fits, and nobody is asked again."
    blocked = edition.state == S.BLOCKED
    question = f"Try again to assemble {edition}, and send it" if blocked else f"Send {edition}"
    return Consequence(f"{question} as soon as it is assembled?", (fact,), readers)


def _gone(sending: progress.Sending) -> Iterator[str]:
    if sending.left:
        yield f"{counted(sending.left, 'mail')} of it {'has' if sending.left == 1 else 'have'} left already."


def _in_doubt(sending: progress.Sending) -> Iterator[str]:
    yield from _underway(sending)
    yield from _doubted(0, sending.counts.get(State.UNKNOWN, 0))


def _underway(sending: progress.Sending) -> Iterator[str]:
    if underway := sending.counts.get(State.SENDING, 0):
        yield f"{counted(underway, 'mail')} {'is' if underway == 1 else 'are'} being handed over just now and may still leave."


def _subscribed(edition: Edition) -> int:
    """People who receive its digest at present: one walk along an index, a second for a million."""
    return Subscription.objects.filter(
        digest_id=edition.digest_id,
        state=Subscription.State.ACTIVE,
        subscriber__state=Subscriber.State.ACTIVE,
    ).count()
