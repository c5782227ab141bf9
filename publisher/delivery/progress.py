"""How far an edition is, read from what it has written: assembling, sending, its waves. The desk and the command line ask.

Nothing here counts an edition's deliveries: the tally does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.core import clock
from publisher.delivery import tally
from publisher.delivery.states import LEFT_US, State
from publisher.digests.editions import NEVER_SENT
from publisher.digests.models import Edition
from publisher.digests.readers import Narrowed
from publisher.schedule import waves
from publisher.schedule.hours import SendingHours, next_open


@dataclass(frozen=True)
class Assembling:
    """What is being done for it, and how much of that is done: `done` of `of`, or 0 of 0 when it cannot be said."""

    step: str
    done: int = 0
    of: int = 0

    def __str__(self) -> str:
        if not self.of:
            return self.step
        values = {"step": self.step, "done": f"{self.done:,}", "of": f"{self.of:,}"}
        return _("%(step)s: %(done)s of %(of)s") % values


@dataclass(frozen=True)
class Sending:
    """Deliveries to readers, each in one of four heaps, of which `total` is the sum: `left` have left, `waits` are still to
    leave or are leaving now, of `unclear` nobody can tell, and `nothing` do not leave (refused, on the suppression list,
    cancelled). Every page and command that counts an edition counts by these. `counts` is by state.
    """

    left: int
    waits: int
    unclear: int
    nothing: int
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return self.left + self.waits + self.unclear + self.nothing

    @property
    def done(self) -> int:
        """Those of which no more comes."""
        return self.left + self.nothing

    def __str__(self) -> str:
        """`2 of 7 sent, 3 wait, 1 unclear, 1 gets nothing`; heaps without any are left out."""
        parts = [_("%(left)s of %(total)s sent") % {"left": f"{self.left:,}", "total": f"{self.total:,}"}]
        if self.waits:
            parts.append(ngettext("%(num)s waits", "%(num)s wait", self.waits) % {"num": f"{self.waits:,}"})
        if self.unclear:
            parts.append(_("%(number)s unclear") % {"number": f"{self.unclear:,}"})
        if self.nothing:
            said = ngettext("%(num)s gets nothing", "%(num)s get nothing", self.nothing)
            parts.append(said % {"num": f"{self.nothing:,}"})
        return ", ".join(parts)


@dataclass(frozen=True)
class ToGo:
    """Mails of an edition that wait, by when: `due` may leave now (some may be on their way), those of `waves` at their moments,
    the next one first."""

    due: int
    waves: tuple[Wave, ...] = ()

    @property
    def later(self) -> int:
        return sum(wave.queued for wave in self.waves)


@dataclass(frozen=True)
class Wave:
    """A moment at which it reaches the readers whose clocks are `offset` ahead of UTC; `left` of their mails have left, `queued`
    of them wait to be sent."""

    due_at: datetime
    offset: timedelta
    total: int
    left: int
    queued: int

    @property
    def clocks(self) -> str:
        """`UTC+5:45`."""
        minutes = int(self.offset.total_seconds() // 60)
        hours, rest = divmod(abs(minutes), 60)
        sign = "−" if minutes < 0 else "+"
        return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


@dataclass(frozen=True)
class WaitsForHours:
    """It is being sent, but not at this hour: nothing leaves until `until` (UTC). As text, for people, in the digest's zone."""

    hours: SendingHours
    until: datetime

    def __str__(self) -> str:
        local = self.until.astimezone(self.hours.zone)
        return _("It waits for its hours (%(hours)s). Mail leaves again from %(moment)s in that zone.") % {
            "hours": self.hours,
            "moment": clock.told_plainly(local),
        }


def assembling(edition: Edition) -> Assembling | None:
    """How far assembling is; None when it is not being assembled."""
    if edition.state != Edition.State.ASSEMBLING:
        return None
    if not edition.edition_items.exists():
        return Assembling(_("Choosing its items"))
    rendered = Q(rendered_at__isnull=False, message__isnull=False)
    of = edition.variants.filter(selections__gt=0).aggregate(
        needed=Count("id"), rendered=Count("id", filter=rendered), recipients=Sum("recipients")
    )
    if not of["needed"]:
        return Assembling(_("Grouping what readers chose"))
    if of["rendered"] < of["needed"]:
        return Assembling(_("Rendering variants"), of["rendered"], of["needed"])
    written = sum(tally.by_state(edition_id=edition.pk).values())
    return Assembling(_("Writing deliveries"), min(written, of["recipients"]), of["recipients"])


def sending(edition: Edition) -> Sending:
    """How many deliveries there are, and what becomes of them."""
    return counted(tally.by_state(edition_id=edition.pk), over=edition.state in NEVER_SENT)


def counted(counts: dict[str, int], *, over: bool = False) -> Sending:
    """The heaps of these counts by state. `over`: the edition is cancelled or empty, so what is still queued counts as cancelled,
    which the next tick makes it. Pure."""
    if over and State.QUEUED in counts:
        cancelled = counts.get(State.CANCELLED, 0) + counts[State.QUEUED]
        counts = {k: n for k, n in counts.items() if k != State.QUEUED} | {State.CANCELLED.value: cancelled}
    waits = counts.get(State.QUEUED, 0) + counts.get(State.SENDING, 0)
    unclear = counts.get(State.UNKNOWN, 0)
    left = sum(counts.get(state, 0) for state in LEFT_US)
    return Sending(left, waits, unclear, sum(counts.values()) - left - waits - unclear, counts)


def to_go(edition: Edition, now: datetime) -> ToGo:
    """What of it waits to be sent, by when it may."""
    sending_now = sending(edition)
    later = tuple(wave for wave in waves_of(edition) if wave.due_at > now and wave.queued)
    return ToGo(sending_now.waits - sum(wave.queued for wave in later), later)


def waits_for_hours(edition: Edition, now: datetime) -> WaitsForHours | None:
    """Whether nothing of an edition that is being sent leaves at this hour; tests do."""
    digest = edition.digest
    hours = SendingHours(ZoneInfo(digest.zone), digest.send_from, digest.send_until)
    opens = next_open(hours, now)
    return WaitsForHours(hours, opens) if edition.state == Edition.State.SENDING and opens != now else None


def waves_of(edition: Edition) -> list[Wave]:
    """The waves of an edition that goes by local time, first the farthest east; none of any other."""
    day, at = edition.local_day, edition.local_at
    if day is None or at is None:
        return []
    return [
        Wave(
            due_at,
            waves.offset_of(due_at, day, at),
            sum(counts.values()),
            sum(counts.get(state, 0) for state in LEFT_US),
            counts.get(State.QUEUED, 0),
        )
        for due_at, counts in sorted(tally.by_wave(edition.pk).items())
    ]


@dataclass(frozen=True)
class VariantSize:
    """A variant with what it costs: bytes of its HTML (Gmail cuts behind 102,400) and of its text part."""

    id: int
    language: str
    region: str
    items: int
    html_bytes: int
    text_bytes: int
    recipients: int
    selections: int
    retired: bool
    subject: str


# The length of a stored text is read without unpacking it.
VARIANTS = """
SELECT id, language, region, bit_count(mask::bit(64)), octet_length(html), octet_length(text), recipients, selections, retired,
       subject
FROM digests_variant
WHERE edition_id = %(edition)s AND (selections > 0 OR rendered_at IS NOT NULL)
ORDER BY retired, recipients DESC, id
"""


def variants_of(edition: Edition) -> list[VariantSize]:
    """The edition's variants, those of most readers first."""
    with connection.cursor() as cursor:
        cursor.execute(VARIANTS, {"edition": edition.pk})
        return [VariantSize(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class WithoutMail:
    """Subscribers of the digest who get nothing of an assembled edition, by why: no item of it fits what they chose, their
    address is on the suppression list, or they were not in the segment that it goes to."""

    no_item: int
    suppressed: int
    outside: int = 0

    def __str__(self) -> str:
        """Empty when there is nobody."""
        total = self.no_item + self.suppressed + self.outside
        if not total:
            return ""
        reasons = []
        if self.no_item:
            reasons.append(_("no item fits what %(number)s chose") % {"number": f"{self.no_item:,}"})
        if self.suppressed:
            reasons.append(_("%(number)s on the suppression list") % {"number": f"{self.suppressed:,}"})
        if self.outside:
            reasons.append(_("%(number)s not in its segment") % {"number": f"{self.outside:,}"})
        said = ngettext(
            "%(num)s subscriber gets nothing: %(reasons)s",
            "%(num)s subscribers get nothing: %(reasons)s",
            total,
        )
        return said % {"num": f"{total:,}", "reasons": ", ".join(reasons)}


# Who subscribed after it was assembled is of the next edition. One probe of an index for each subscription.
NO_ITEM = """
SELECT count(*) FROM audience_subscription b
JOIN audience_subscriber s ON s.id = b.subscriber_id AND s.state = 'active'
WHERE b.digest_id = %(digest)s AND b.state = 'active' AND b.since <= %(assembled)s AND NOT EXISTS (
    SELECT 1 FROM delivery_delivery d WHERE d.edition_id = %(edition)s AND d.subscriber_id = b.subscriber_id
)
"""


def without_mail(edition: Edition) -> WithoutMail | None:
    """Who gets nothing of it; None while that cannot be said: before it is assembled, and when its single deliveries are
    deleted. A second or two for a million subscribers."""
    if edition.assembled_at is None or edition.forgotten_at:
        return None
    suppressed = tally.by_state(edition_id=edition.pk).get(State.SUPPRESSED, 0)
    if narrowed := Narrowed.of(edition):  # counted when it was asked: who is in it today is another matter
        reached = edition.variants.aggregate(n=Sum("recipients"))["n"] or 0
        return WithoutMail(max(narrowed.inside - reached, 0), suppressed, narrowed.outside)
    values: dict[str, Any] = {
        "edition": edition.pk,
        "digest": edition.digest_id,
        "assembled": edition.assembled_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(NO_ITEM, values)
        (no_item,) = cursor.fetchone()
    return WithoutMail(int(no_item), suppressed)
