"""Changing what an edition holds and says, from its page. What is allowed is decided in `delivery/arranging.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.delivery import arranging
from publisher.delivery.arranging import Quicker, WrongText, arrangement_of
from publisher.desk.access import user_of
from publisher.desk.conflicts import conflict
from publisher.desk.language_names import language_name
from publisher.desk.page import show
from publisher.digests import arrangement, previewing
from publisher.digests.arrangement import Arrangement
from publisher.digests.assembling import candidates_for
from publisher.digests.models import MOST_POSITIONS, Edition, EditionItem
from publisher.digests.subject_hints import CUT, GOOD, PHONE, hint
from publisher.items.languages import primary
from publisher.items.models import Item
from publisher.items.visibility import visible
from publisher.render.failure import TemplateFailure

MOST_OFFERED = 10
FIELDS = ("subject", "preheader", "intro")
STEPS = {"up": -1, "down": 1}


@require_POST
def arrange(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Save the order of the form, then do what the pressed button says: `up:ID`, `down:ID`, `leave:ID`, `add:ID` or `save`."""
    edition = get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)
    now = clock.now()
    wanted = _wanted(request, edition)
    return answered(
        request,
        edition,
        lambda: arranging.arrange(
            edition_id, wanted.order, user=user_of(request), now=now, seen=request.POST.get("version", "")
        ),
        place="items",
    )


def answered(
    request: HttpRequest, edition: Edition, change: Callable[[], object], *, place: str
) -> HttpResponse:
    """Carry out a change of an edition, and go back to the part of its page (`place`) that it was asked for in."""
    url = reverse("desk:edition", args=[edition.pk])
    try:
        change()
    except Quicker as error:
        return conflict(request, edition, url=url, message=error.message, hint=error.hint)
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    else:
        messages.success(request, _("Saved. The edition is assembled again."))
    return redirect(f"{url}#{place}")


def _wanted(request: HttpRequest, edition: Edition) -> Arrangement:
    """What the form asks for; ids that are no numbers are passed over."""
    now = arrangement_of(edition)
    wanted = arrangement.in_order(
        now, (item for each in request.POST.getlist("order") if (item := number_in(each)) is not None)
    )
    deed, _colon, given = request.POST.get("do", "").partition(":")
    item = number_in(given)
    if item is None:
        return wanted
    if deed in STEPS:
        rows = Item.objects.filter(pk__in=wanted.order).values_list("pk", "language")
        return arrangement.move(wanted, item, STEPS[deed], {pk: primary(tag) for pk, tag in rows})
    if deed == "leave":
        return arrangement.leave_out(wanted, item)
    return arrangement.put_in(wanted, item) if deed == "add" else wanted


@require_POST
def measure(request: HttpRequest, edition_id: int, language: str) -> HttpResponse:
    """A fragment for htmx: how long the typed subject is, filled in, and what a phone shows of it."""
    edition = get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)
    typed = " ".join(request.POST.get(f"subject-{language}", "")[: arranging.LONGEST["subject"]].split())
    return show(
        request, "desk/editions/_subject.html", {"each": hint_of(edition, language, typed), "tag": language}
    )


def hint_of(edition: Edition, language: str, template: str) -> dict[str, Any]:
    """How a subject's template comes out in the fullest mail, and how long that is."""
    try:
        return {
            "hint": hint(previewing.subject_for(edition, language, template)),
            "problem": "",
            "phone_columns": PHONE,
            "good": GOOD,
            "cut": CUT,
        }
    except TemplateFailure as failure:
        return {"hint": None, "problem": str(failure)}


def texts_of(request: HttpRequest, edition: Edition) -> dict[str, dict[str, str]]:
    """What was typed, by field and language."""
    tags = dict.fromkeys(map(primary, edition.digest.languages))
    return {
        field: {tag: request.POST.get(f"{field}-{tag}", "").replace("\0", "") for tag in tags}
        for field in FIELDS
    }


def save_texts(request: HttpRequest, edition: Edition, typed: Mapping[str, Mapping[str, str]]) -> None:
    """Write them. Raises `WrongText`, `Quicker` and `UserError`."""
    arranging.write(
        edition.pk,
        subject=typed["subject"],
        intro=typed["intro"],
        preheader=typed["preheader"],
        user=user_of(request),
        now=clock.now(),
        seen=request.POST.get("version", ""),
    )


def texts_context(
    edition: Edition, typed: Any = None, wrong: WrongText | None = None, *, second: bool = False
) -> list[dict[str, Any]]:
    """For the form of texts: each language with its fields, hints and mistakes; for the `second` of two people what is stored
    now, where it is something else than they typed."""
    rows = []
    for tag in dict.fromkeys(map(primary, edition.digest.languages)):
        own = typed or {field: {tag: edition.own_text(field, tag)} for field in FIELDS}
        rows.append(
            {
                "tag": tag,
                "name": language_name(tag),
                **{field: own[field][tag] for field in FIELDS},
                "stored": {
                    field: edition.own_text(field, tag)
                    for field in FIELDS
                    if second and edition.own_text(field, tag) != own[field][tag]
                },
                "digest_intro": edition.digest.text("intro", tag),
                "digest_subject": edition.digest.text("subject", tag),
                "errors": {
                    field: (wrong.problems.get((field, tag), "") if wrong else "") for field in FIELDS
                },
                **hint_of(edition, tag, own["subject"][tag]),
            }
        )
    return rows


@require_GET
def offered(request: HttpRequest, edition_id: int) -> HttpResponse:
    """A fragment for htmx: items that can come in, found by their title."""
    edition = get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)
    wanted = request.GET.get("find", "").replace("\0", "").strip()[:100]
    return show(
        request,
        "desk/editions/_offered.html",
        {"edition": edition, "find": wanted, **offers(edition, wanted, clock.now())},
    )


def offers(edition: Edition, find: str, now: datetime) -> dict[str, Any]:
    """Items that a person may add: those with these words in their titles, or what its window held and was cut."""
    held = {*arrangement_of(edition).order, *edition.left_out}
    rows = visible(now).defer("body_html", "body_text")
    if find:
        spoken = [Item.objects.filter(language__istartswith=primary(tag)) for tag in edition.digest.languages]
        known = spoken[0] if spoken else Item.objects.none()
        for each in spoken[1:]:
            known = known | each
        found = rows.filter(pk__in=known.values("pk")).exclude(pk__in=held).filter(title__icontains=find)
        return {"offered": list(found.order_by("-published_at")[:MOST_OFFERED]), "was_cut": False}
    cut = [each.id for each in candidates_for(edition, now, most=MOST_POSITIONS) if each.id not in held]
    by_id = rows.in_bulk(cut[:MOST_OFFERED]) if not edition.item_ids else {}
    return {"offered": [by_id[pk] for pk in cut if pk in by_id], "was_cut": True}


def items_context(edition: Edition, entries: list[EditionItem]) -> dict[str, Any]:
    """For the list of items: by language, with what was left out."""
    groups: dict[str, list[EditionItem]] = {}
    for entry in entries:
        groups.setdefault(primary(entry.item.language), []).append(entry)
    taken_out = Item.objects.defer("body_html", "body_text").in_bulk(edition.left_out)
    return {
        "groups": [(tag, language_name(tag), rows) for tag, rows in groups.items()],
        "left_out": [taken_out[pk] for pk in edition.left_out if pk in taken_out],
    }
