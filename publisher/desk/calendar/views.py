"""The calendar: posts, editions and dates of digests by month, by week and as a list."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery.agenda import PLANNED, Entry, Kind, agenda
from publisher.desk.badges import Badge, badge_of
from publisher.desk.calendar.silence import Silence, silence_of
from publisher.desk.calendar.tints import Mark, marks
from publisher.desk.calendar.window import View, Window, day_of, window_of
from publisher.desk.page import asked, show, unknown
from publisher.digests.models import Digest
from publisher.people.permissions import PUBLISH
from publisher.social.models import Channel

MOST_IN_A_DAY = 6
"""Entries of a day that the view of a month shows; the list has all."""

VIEWS = (
    (View.MONTH, gettext_lazy("Month")),
    (View.WEEK, gettext_lazy("Week")),
    (View.LIST, gettext_lazy("List")),
)
GROUP_LABELS = (
    ("coming", gettext_lazy("To come")),
    ("gone", gettext_lazy("Went out")),
    ("asks", gettext_lazy("Needs a person")),
)


@dataclass(frozen=True)
class Shown:
    """An entry as the page writes it; `local` is its time on the viewer's wall."""

    entry: Entry
    local: datetime
    mark: Mark
    badge: Badge
    url: str
    title: str
    movable: bool


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The days about `date`, as `view` lays them out; `channel`, `digest` and `state` leave others out."""
    wanted, now = asked(request, "view", "date", "channel", "digest", "state"), clock.now()
    zone = ZoneInfo(timezone.get_current_timezone_name())
    channels = [(channel.pk, channel.name) for channel in Channel.objects.order_by("name")]
    digests = [(digest.pk, str(digest)) for digest in Digest.objects.order_by("slug")]
    views = [(view.value, label) for view, label in VIEWS]
    errors = unknown(wanted, view=views, channel=channels, digest=digests, state=GROUP_LABELS)
    try:
        day = day_of(wanted["date"], now=now, zone=zone)
    except ValueError:
        day = now.astimezone(zone).date()
        errors["date"] = _("“%(text)s” is no day between 2000 and 2100. Write it like 2026-06-01.") % {
            "text": wanted["date"][:40]
        }
    window = window_of(View.MONTH if errors else View(wanted["view"] or "month"), day, zone)
    context = {
        "window": window,
        "wanted": wanted,
        "errors": errors,
        "views": views,
        "channels": channels,
        "digests": digests,
        "groups": GROUP_LABELS,
        "filtered": any(wanted[name] for name in ("channel", "digest", "state")),
        "today": now.astimezone(zone).date(),
        "link": _Links(wanted, window),
        "clock": clock,
        "most": MOST_IN_A_DAY,
        "may_move": request.user.has_perm(PUBLISH),
        **_filled(request, wanted, window, now, read=not errors),
    }
    return show(request, "desk/calendar/calendar.html", context, status=422 if errors else 200)


@dataclass(frozen=True)
class _Links:
    """Addresses of other pages of the calendar with the same filter."""

    wanted: dict[str, str]
    window: Window

    def to(self, day: date | None = None, view: str = "") -> str:
        """The page about `day` (this one), laid out as `view` (as this one)."""
        kept = {name: self.wanted[name] for name in ("channel", "digest", "state") if self.wanted[name]}
        there = {"view": view or self.window.view.value, "date": (day or self.window.day).isoformat()}
        return f"?{urlencode(there | kept)}"

    def today(self) -> str:
        """The page about today."""
        kept = {name: self.wanted[name] for name in ("channel", "digest", "state") if self.wanted[name]}
        return f"?{urlencode({'view': self.window.view.value} | kept)}"


def _filled(
    request: HttpRequest, wanted: dict[str, str], window: Window, now: datetime, *, read: bool
) -> dict[str, Any]:
    """What stands in the page's days; with `read` false, nothing."""
    by_day: dict[date, list[Shown]] = defaultdict(list)
    by_hour: dict[tuple[date, int], list[Shown]] = defaultdict(list)
    silence, problem, more = Silence(), "", False
    legend: list[tuple[Kind, str, Mark]] = []
    if read:
        channel_id, digest_id = (int(wanted[name] or 0) or None for name in ("channel", "digest"))
        found = agenda(
            window.start_at, window.end_at, now=now,
            channel_id=channel_id, digest_id=digest_id, group=wanted["state"],
        )  # fmt: skip
        more = found.more
        rows = _shown(request, found.entries, window.zone)
        for row in rows:
            by_day[row.local.date()].append(row)
            by_hour[row.local.date(), row.local.hour].append(row)
        legend = _legend(rows)
        if channel_id:
            silence, problem = _silence(channel_id, window)
    return {
        "by_day": by_day,
        "by_hour": by_hour,
        "count": sum(map(len, by_day.values())),
        "more": more,
        "silence": silence,
        "problem": problem,
        "legend": legend,
    }


def _shown(request: HttpRequest, entries: list[Entry], zone: ZoneInfo) -> list[Shown]:
    of_channels = marks(Channel.objects.values_list("pk", flat=True))
    of_digests = marks(Digest.objects.values_list("pk", flat=True), first=4)
    may_move = request.user.has_perm(PUBLISH)
    return [
        Shown(
            entry,
            entry.at.astimezone(zone),
            (of_channels if entry.kind is Kind.POST else of_digests)[entry.source_id],
            badge_for(entry),
            url_of(entry),
            _title(entry),
            may_move and entry.is_movable,
        )
        for entry in entries
    ]


def badge_for(entry: Entry) -> Badge:
    """The state of an entry in a word."""
    if entry.state == PLANNED:
        return Badge(_("Planned"), "wait", "ring")
    return badge_of("post" if entry.kind is Kind.POST else "edition", entry.state)


def url_of(entry: Entry) -> str:
    """The page of the post or edition; of the digests for a date to come."""
    if entry.kind is Kind.POST:
        return reverse("desk:post", args=[entry.id])
    return reverse("desk:edition", args=[entry.id]) if entry.kind is Kind.EDITION else reverse("desk:digests")


def _title(entry: Entry) -> str:
    """What a pointer over the entry is told: its title, its source, and its time in the source's own zone."""
    lines = [entry.title, entry.source, clock.written(entry.at, ZoneInfo(entry.zone))]
    if entry.sent_at and abs((entry.sent_at - entry.at).total_seconds()) > 60:
        lines.append(_("Went out %(when)s") % {"when": clock.written(entry.sent_at, ZoneInfo(entry.zone))})
    if entry.against_rules:
        lines.append(_("Chosen against the channel's rules, with a reason"))
    return "\n".join(lines)


def _legend(rows: list[Shown]) -> list[tuple[Kind, str, Mark]]:
    """Each channel and digest of the page once, by name."""
    seen = {
        (row.entry.kind is Kind.POST, row.entry.source_id): (row.entry.kind, row.entry.source, row.mark)
        for row in rows
    }
    return sorted(seen.values(), key=lambda each: (each[0] is not Kind.POST, each[1]))


def _silence(channel_id: int, window: Window) -> tuple[Silence, str]:
    channel = Channel.objects.select_related("schedule").get(pk=channel_id)
    try:
        return silence_of(channel.schedule.rules(), window), ""
    except UserError as error:
        return Silence(), error.message
