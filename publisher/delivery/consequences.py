"""What a deed on an edition will do, in numbers, to be said before it is done. The desk and the command line ask. Reads only.

Counts are of the moment: while mail leaves they change under the eyes of whoever reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.audience.segments import matching
from publisher.core import clock, standstill
from publisher.delivery import holding, progress
from publisher.delivery.states import State
from publisher.delivery.unclear import groups_of, mails_of
from publisher.digests import readers
from publisher.digests.editions import nothing_left
from publisher.digests.models import Edition
from publisher.schedule.hours import next_open

S = Edition.State
COUNT_SECONDS = 20.0
"""For counting whom an edition goes to that is not assembled yet: a second for a million, longer for those in some segments."""


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
    facts = [
        _("It cannot be taken back: a cancelled edition never goes on."),
        *_gone(sending),
        *_in_doubt(sending),
    ]
    if nothing_left(edition.state, edition):
        facts.append(_("Nothing of it has left, so its items belong to the digest's next edition."))
    question = (
        ngettext(
            "Cancel %(edition)s for good? %(num)s mail will not be sent.",
            "Cancel %(edition)s for good? %(num)s mails will not be sent.",
            queued,
        )
        if queued
        else _("Cancel %(edition)s for good? No mail of it waits to be sent.")
    )
    return Consequence(question % {"edition": edition, "num": f"{queued:,}"}, tuple(facts), queued)


def of_resolving(edition: Edition, *, arrived: bool) -> Consequence:
    """What a person's word on every unclear mail of it does."""
    unclear = mails_of(edition).count()
    values = {"num": f"{unclear:,}", "edition": edition}
    if arrived:
        question = ngettext(
            "Count %(num)s unclear mail of %(edition)s as sent?",
            "Count %(num)s unclear mails of %(edition)s as sent?",
            unclear,
        )
        fact = ngettext(
            "Nobody can tell whether it arrived. Whoever did not get it gets nothing from this edition any more.",
            "Nobody can tell whether they arrived. Whoever did not get it gets nothing from this edition any more.",
            unclear,
        )
    else:
        question = _again_question(unclear)
        fact = ngettext(
            "Nobody can tell whether it arrived. Whoever got it gets it a second time.",
            "Nobody can tell whether they arrived. Whoever got it gets it a second time.",
            unclear,
        )
    return Consequence(question % values, (fact,), unclear)


def _again_question(unclear: int) -> str:
    return ngettext(
        "Send %(num)s unclear mail of %(edition)s again?",
        "Send %(num)s unclear mails of %(edition)s again?",
        unclear,
    )


def _sending_now(edition: Edition, sending: progress.Sending, now: datetime) -> Consequence:
    queued = sending.counts.get(State.QUEUED, 0)
    facts = list(_gone(sending))
    rest = progress.to_go(edition, now)
    later = rest.waves
    if later:
        facts.append(_by_clocks(queued - sum(wave.queued for wave in later), later))
    held = list(_held_up(edition, rest, now))
    groups = groups_of(edition)
    again = sum(group.mails for group in groups if group.fate.by_itself)
    facts += [*held, *_underway(sending), *_doubted(again, sum(group.mails for group in groups) - again)]
    if suppressed := sending.counts.get(State.SUPPRESSED, 0):
        said = ngettext(
            "%(num)s reader more is on the suppression list and gets nothing.",
            "%(num)s readers more are on the suppression list and get nothing.",
            suppressed,
        )
        facts.append(said % {"num": f"{suppressed:,}"})
    facts.append(_("What has left cannot be called back."))
    return Consequence(
        _send_question(edition, queued, again, waits=bool(later or held)), tuple(facts), queued
    )


def _send_question(edition: Edition, queued: int, again: int, *, waits: bool) -> str:
    if queued and waits:
        question = ngettext(
            "Send %(edition)s to %(num)s reader?", "Send %(edition)s to %(num)s readers?", queued
        )
    elif queued:
        question = ngettext(
            "Send %(edition)s to %(num)s reader now?", "Send %(edition)s to %(num)s readers now?", queued
        )
    elif again:
        question = _again_question(again)
    else:
        question = _("Let %(edition)s go on? No mail of it waits to be sent.")
    return question % {"edition": edition, "num": f"{queued or again:,}"}


def _by_clocks(due: int, later: Sequence[progress.Wave]) -> str:
    """How an edition leaves that goes by the readers' clocks."""
    at_once = ngettext("%(num)s mail", "%(num)s mails", due) % {"num": f"{due:,}"}
    waves = ngettext("%(num)s wave", "%(num)s waves", len(later)) % {"num": f"{len(later):,}"}
    said = _(
        "It goes by the readers' clocks: %(mails)s at once, the others in %(waves)s, the last on %(time)s."
    )
    return said % {"mails": at_once, "waves": waves, "time": clock.told(later[-1].due_at)}


def _doubted(again: int, asks: int) -> Iterator[str]:
    """What becomes of its unclear mails once it goes on: `again` of them are sent again, of `asks` a person decides."""
    if again:
        said = ngettext(
            "%(num)s unclear mail is sent again by itself, as its digest says: whoever got it gets it a second time.",
            "%(num)s unclear mails are sent again by themselves, as its digest says: whoever got it gets it a second time.",
            again,
        )
        yield said % {"num": f"{again:,}"}
    if asks:
        said = ngettext(
            "%(num)s unclear mail may have arrived; that is decided on the edition's page.",
            "%(num)s unclear mails may have arrived; that is decided on the edition's page.",
            asks,
        )
        yield said % {"num": f"{asks:,}"}


def _held_up(edition: Edition, rest: progress.ToGo, now: datetime) -> Iterator[str]:
    """Why it will not leave at once, though nobody need be asked any more."""
    if standstill.is_on():
        yield _("All sending stands still: nothing leaves until somebody lets it go on.")
    hours = edition.digest.sending_hours
    if (opens := next_open(hours, now)) != now:
        said = _("It waits for its hours (%(hours)s), until %(time)s.")
        yield said % {"hours": hours, "time": clock.told(opens)}
    if every := holding.of_all_mail(now):
        yield str(every)
    if (rest.due or not rest.waves) and (first := holding.of_queue(edition, now)):
        yield str(first)


def _sending_unassembled(edition: Edition) -> Consequence:
    rows = readers.of_segment(edition.digest_id, edition.segment, now=clock.now())
    with matching.limited(COUNT_SECONDS):
        found = rows.count()
    facts = [_sent_to(edition, found)]
    if edition.segment is not None:
        said = _("They are those of its subscribers who are in the segment %(name)s.")
        facts.append(said % {"name": readers.name_of(edition.segment)})
    question = (
        _("Try again to assemble %(edition)s, and send it as soon as it is assembled?")
        if edition.state == S.BLOCKED
        else _("Send %(edition)s as soon as it is assembled?")
    )
    return Consequence(question % {"edition": edition}, tuple(facts), found)


def _sent_to(edition: Edition, number: int) -> str:
    return ngettext(
        "%(num)s person subscribes to %(digest)s; it goes out to each of them for whom an item fits, and nobody is asked "
        "again.",
        "%(num)s people subscribe to %(digest)s; it goes out to each of them for whom an item fits, and nobody is asked "
        "again.",
        number,
    ) % {"num": f"{number:,}", "digest": edition.digest}


def _gone(sending: progress.Sending) -> Iterator[str]:
    if sending.left:
        said = ngettext(
            "%(num)s mail of it has left already.", "%(num)s mails of it have left already.", sending.left
        )
        yield said % {"num": f"{sending.left:,}"}


def _in_doubt(sending: progress.Sending) -> Iterator[str]:
    yield from _underway(sending)
    yield from _doubted(0, sending.counts.get(State.UNKNOWN, 0))


def _underway(sending: progress.Sending) -> Iterator[str]:
    if underway := sending.counts.get(State.SENDING, 0):
        said = ngettext(
            "%(num)s mail is being handed over just now and may still leave.",
            "%(num)s mails are being handed over just now and may still leave.",
            underway,
        )
        yield said % {"num": f"{underway:,}"}
