"""The panel “Clearance” of an item: its tags, who may clear them, and what a person does with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.delivery import clearing
from publisher.desk.access import user_of
from publisher.desk.review.refused import refused
from publisher.digests.models import Edition
from publisher.items.models import Item
from publisher.review import clearances
from publisher.review.clearances import TagOf
from publisher.review.models import ClearanceTag


@dataclass(frozen=True)
class Tagged:
    """A tag of an item, whether this person may clear it, and who may (as names, for those who may not)."""

    of: TagOf
    mine: bool
    who: tuple[str, ...]

    @property
    def badge(self) -> str:
        """Which badge it has."""
        if self.of.row.state == "removed":
            return "removed"
        if not self.of.row.tag.active:
            return "off"
        return "cleared" if self.of.cleared else "waits"


@dataclass(frozen=True)
class Panel:
    """The tags of an item, and those that may be added."""

    tags: tuple[Tagged, ...]
    more: tuple[ClearanceTag, ...]

    @property
    def held(self) -> list[Tagged]:
        """The tags for which nothing about the item leaves."""
        return [each for each in self.tags if each.of.holds]


def panel_of(item: Item, user: User) -> Panel:
    """Of an item, for this person."""
    tags = clearances.tags_of(item)
    mine = set(user.groups.values_list("pk", flat=True))
    shown = [
        Tagged(each, each.row.tag.group_id in mine, _members(each) if each.holds else ()) for each in tags
    ]
    return Panel(tuple(shown), tuple(clearances.settable(tags)))


@require_POST
def set_tag(request: HttpRequest, item_id: int) -> HttpResponse:
    """Add the tag that the form names."""
    number = number_in(request.POST.get("tag", "")) or 0
    reason = request.POST.get("reason", "")

    def add(now: datetime) -> str:
        row = clearances.set_tag(item_id, number, user=user_of(request), reason=reason, now=now)
        return _("“%(tag)s” is set. Nothing about the item leaves before it is cleared.") % {"tag": row.tag}

    return _act(request, item_id, add)


@require_POST
def remove_tag(request: HttpRequest, item_id: int, tag_id: int) -> HttpResponse:
    """Take a tag away, with a reason."""
    reason = request.POST.get("reason", "")

    def remove(now: datetime) -> str:
        row = clearing.remove_tag(item_id, tag_id, user=user_of(request), reason=reason, now=now)
        return _("“%(tag)s” is removed.") % {"tag": row.tag}

    return _act(request, item_id, remove)


@require_POST
def clear(request: HttpRequest, item_id: int, tag_id: int) -> HttpResponse:
    """Clear a tag in the revision that the form showed."""
    note, seen = request.POST.get("note", ""), request.POST.get("revision", "")
    revision = number_in(seen) or 0

    def give(now: datetime) -> str:
        given = clearing.clear(item_id, tag_id, user=user_of(request), revision=revision, note=note, now=now)
        return _("Cleared: %(tag)s, in revision %(revision)s.") % {
            "tag": given.item_tag.tag,
            "revision": given.revision,
        }

    return _act(request, item_id, give, field="note")


@require_POST
def take_back(request: HttpRequest, item_id: int, tag_id: int) -> HttpResponse:
    """Withdraw a clearance."""
    reason = request.POST.get("reason", "")

    def back(now: datetime) -> str:
        clearances.take_back(item_id, tag_id, user=user_of(request), reason=reason, now=now)
        return _("The clearance is taken back. Nothing more about the item leaves.")

    return _act(request, item_id, back)


@require_POST
def clear_texts(request: HttpRequest, edition_id: int, tag_id: int) -> HttpResponse:
    """Clear a tag of an edition's own texts, as the form showed them."""
    note, seen = request.POST.get("note", ""), request.POST.get("seen", "")

    def give(now: datetime) -> str:
        given = clearing.clear_texts(edition_id, tag_id, user=user_of(request), seen=seen, note=note, now=now)
        return _("Cleared: %(tag)s.") % {"tag": given.tag}

    return _act_on_texts(request, edition_id, give, field="note")


@require_POST
def remove_from_texts(request: HttpRequest, edition_id: int, tag_id: int) -> HttpResponse:
    """Take a tag away from an edition's own texts, with a reason."""
    reason = request.POST.get("reason", "")

    def remove(now: datetime) -> str:
        row = clearing.remove_from_texts(edition_id, tag_id, user=user_of(request), reason=reason, now=now)
        return _("“%(tag)s” is removed.") % {"tag": row.tag}

    return _act_on_texts(request, edition_id, remove)


def _act_on_texts(
    request: HttpRequest, edition_id: int, deed: Callable[[datetime], str], *, field: str = "reason"
) -> HttpResponse:
    get_object_or_404(Edition, pk=edition_id)
    return _do(request, deed, reverse("desk:edition", args=[edition_id]) + "#review", field)


def _act(
    request: HttpRequest, item_id: int, deed: Callable[[datetime], str], *, field: str = "reason"
) -> HttpResponse:
    get_object_or_404(Item, pk=item_id)
    return _do(request, deed, reverse("desk:item", args=[item_id]) + "#clearance", field)


def _do(request: HttpRequest, deed: Callable[[datetime], str], url: str, field: str) -> HttpResponse:
    """Do it; refused: with what the person typed in `field`."""
    try:
        done = deed(clock.now())
    except UserError as error:
        typed = request.POST.get(field, "")
        stale = isinstance(error, clearances.Changed)
        return refused(request, error, back=url, field=field, typed=typed, stale=stale)
    messages.success(request, done)
    return redirect(url)


def _members(each: TagOf) -> tuple[str, ...]:
    people = each.row.tag.group.user_set.filter(is_active=True).order_by("username")
    return tuple(people.values_list("username", flat=True))
