"""Segments: the list, and the form with its live count and a sample."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.audience.models import Segment, Subscriber
from publisher.audience.segments import conditions, matching, saved
from publisher.audience.segments.conditions import Groups
from publisher.audience.segments.matching import Counted
from publisher.audience.stale import Stale
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery.consequences import Consequence
from publisher.desk.access import user_of
from publisher.desk.audience import filtering, segment_form
from publisher.desk.audience.segment_form import Sent
from publisher.desk.audience.showing import Row, rows_of
from publisher.desk.conflicts import conflict
from publisher.desk.page import show
from publisher.digests import readers
from publisher.people.permissions import SEE_ADDRESSES

SAMPLE = 8


@dataclass(frozen=True)
class Found:
    """How many fit and some of them, or why nobody can tell."""

    counted: Counted | None = None
    rows: tuple[Row, ...] = ()
    error: UserError | None = None


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All segments, by name."""
    rows = [(each, _words(each)) for each in Segment.objects.select_related("created_by")]
    return show(request, "desk/audience/segments.html", {"rows": rows})


def _words(segment: Segment) -> list[list[str]]:
    try:
        return segment_form.in_words(saved.groups_of(segment))
    except UserError as error:
        return [[error.message]]


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make one; begun with the filter of the list, when the address says so."""
    if request.method != "POST":
        asked = filtering.asked_of(request)
        groups = tuple(tuple(each for each in group if each.field != "text") for group in asked.groups)
        return _page(request, None, Sent(conditions.within_limits(groups), "", 0, ""))
    sent = segment_form.sent_of(request.POST)
    if sent.deed != "save":
        return _page(request, None, sent)
    try:
        segment = saved.create(sent.name, sent.groups, user=user_of(request), now=clock.now())
    except UserError as error:
        return _page(request, None, sent, error=error, status=422)
    messages.success(request, _("%(name)s is saved.") % {"name": segment.name})
    return redirect("desk:segment", segment.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Look at one, and change it."""
    segment = get_object_or_404(Segment, pk=segment_id)
    if request.method != "POST":
        return _page(request, segment, Sent(_groups(segment), segment.name, segment.version, ""))
    sent = segment_form.sent_of(request.POST)
    if sent.deed != "save":
        return _page(request, segment, sent)
    try:
        saved.change(
            segment.pk, sent.name, sent.groups, version=sent.version, user=user_of(request), now=clock.now()
        )
    except Stale as stale:
        kept = [" · ".join(group) for group in segment_form.in_words(sent.groups)]
        url = reverse("desk:segment", args=[segment.pk])
        return conflict(
            request, segment, url=url, message=stale.message, hint=stale.hint, kept=[sent.name, *kept]
        )
    except UserError as error:
        return _page(request, segment, sent, error=error, status=422)
    messages.success(request, _("%(name)s is saved.") % {"name": sent.name})
    return redirect("desk:segment", segment.pk)


@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """How many fit what stands in the form, and some of them; nothing is saved."""
    groups = segment_form.sent_of(request.POST).groups
    return show(
        request, "desk/audience/_count.html", {"found": found_by(request, groups) if groups else None}
    )


@require_POST
def remove(request: HttpRequest, segment_id: int) -> HttpResponse:
    """Remove it, once the person has read what that means."""
    segment = get_object_or_404(Segment, pk=segment_id)
    readers.check_unused(segment.pk)
    if request.POST.get("sure") != "yes":
        facts = (_("Its conditions are forgotten. The subscribers stay as they are."),)
        context = {
            "about": Consequence(_("Remove %(name)s?") % {"name": segment.name}, facts, 1),
            "carried": {"sure": "yes"},
            "yes": _("Yes, remove it"),
            "back": reverse("desk:segment", args=[segment.pk]),
            "danger": True,
        }
        return show(request, "desk/ask.html", context)
    saved.remove(segment.pk, user=user_of(request))
    messages.success(request, _("%(name)s was removed.") % {"name": segment.name})
    return redirect("desk:segments")


def found_by(request: HttpRequest, groups: Groups) -> Found:
    """Count and sample in limited time."""
    now = clock.now()
    try:
        counted = matching.count(groups, now=now)
        sample = matching.sample(groups, now=now, most=SAMPLE)
    except UserError as error:
        return Found(error=error)
    known = Subscriber.objects.filter(pk__in=[each.pk for each in sample]).order_by("-pk")
    rows = rows_of(
        known.prefetch_related("tags", "subscriptions__selection"),
        sees=request.user.has_perm(SEE_ADDRESSES),
        now=now,
    )
    return Found(counted, tuple(rows))


def _groups(segment: Segment) -> Groups:
    try:
        return saved.groups_of(segment)
    except UserError:
        return ()


def _page(
    request: HttpRequest,
    segment: Segment | None,
    sent: Sent,
    *,
    error: UserError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "segment": segment,
        "sent": sent,
        "groups": segment_form.lines_of(sent.groups),
        "offered": segment_form.offered_fields(),
        "found": found_by(request, sent.groups) if sent.groups else None,
        "error": error,
    }
    return show(request, "desk/audience/segment.html", context, status=status)
