"""Editions: the list, the page of one with its previews and progress, and what staff do with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery import consequences, copies, hindrances, mail_doubts, unclear
from publisher.delivery.consequences import Consequence
from publisher.delivery.corrections import assemble_again
from publisher.delivery.models import Delivery
from publisher.delivery.progress import assembling, sending, waits_for_hours, waves_of
from publisher.delivery.states import State
from publisher.desk.access import user_of
from publisher.desk.asking import ask, is_sure
from publisher.desk.conflicts import conflict
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import latest
from publisher.desk.sending import MAY_GO_ON
from publisher.digests import editions, webview
from publisher.digests.models import Digest, Edition, Variant
from publisher.digests.paused import of_editions
from publisher.items.languages import primary

S = Edition.State


def _again(edition_id: int, *, user: AbstractBaseUser, now: datetime) -> Edition:  # noqa: ARG001 - one form for all deeds
    return assemble_again(edition_id, user=user)


ACTIONS: dict[str, tuple[Callable[..., Edition], tuple[Edition.State, ...], str]] = {
    "approve": (editions.approve, (S.WAITING,), "Approved. It goes out now."),
    "pause": (editions.pause, (S.SENDING,), "Paused. What a server has already taken has left."),
    "resume": (editions.resume, (S.PAUSED, S.BLOCKED), "It goes on."),
    "again": (_again, (S.WAITING, S.PAUSED, S.BLOCKED), "It is assembled again, with today's texts."),
    "cancel": (
        editions.cancel,
        (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.SENDING, S.PAUSED),
        "Cancelled. What has not left will not leave.",
    ),
}
LETS_GO = ("approve", "resume")
"""Deeds after which mail leaves: only what the person has seen may."""
YES = {"approve": "Yes, send it", "resume": "Yes, go on", "cancel": "Yes, cancel it for good"}
MOST_VARIANTS = 60
MOST_COPIES = 20
HEAVY = ("variant__html", "variant__text", "variant__message")
HISTORY = 20


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All editions, latest first."""
    wanted = asked(request, "state", "digest")
    digests = [(digest.slug, str(digest)) for digest in Digest.objects.order_by("slug")]
    errors = unknown(wanted, state=S.choices, digest=digests)
    rows = Edition.objects.none() if errors else Edition.objects.select_related("digest")
    if wanted["state"]:
        rows = rows.filter(state=wanted["state"])
    if wanted["digest"]:
        rows = rows.filter(digest__slug=wanted["digest"])
    listing = latest(request, rows, "due_at", limit=30)
    context = {
        "listing": listing,
        "wanted": wanted,
        "errors": errors,
        "filtered": any(wanted.values()),
        "states": S.choices,
        "digests": digests,
        "progress": {edition.pk: sending(edition) for edition in listing.rows},
    }
    return show(request, "desk/editions.html", context, status=422 if errors else 200)


@require_GET
def detail(request: HttpRequest, edition_id: int) -> HttpResponse:
    """One edition. `variant` chooses which rendering is shown, `view` how: desktop, phone or text."""
    edition = _edition(edition_id)
    variants = list(
        edition.variants.exclude(selections=0, rendered_at=None)
        .defer("html", "text", "message")
        .order_by("retired", "-recipients", "-selections", "pk")[:MOST_VARIANTS]
    )
    given = request.GET.get("variant", "")
    chosen = next((variant for variant in variants if str(variant.pk) == given), _fullest(edition, variants))
    view = request.GET.get("view", "desktop")
    items = edition.edition_items.select_related("item__source").defer("item__body_html", "item__body_text")
    context = {
        "edition": edition,
        "behind": [] if edition.state in editions.OVER else of_editions([edition.pk]).get(edition.pk, []),
        "items": items,
        "variants": variants,
        "chosen": chosen,
        "holds": {variant.pk: positions(variant.mask) for variant in variants},
        "view": view if view in ("desktop", "phone", "text") else "desktop",
        "text": _text_of(chosen) if chosen and view == "text" else "",
        "actions": [name for name, (_, states, _) in ACTIONS.items() if edition.state in states],
        "history_entries": AuditEntry.objects.filter(
            object_type="edition", object_id=str(edition.pk)
        ).order_by("-pk")[:HISTORY],
        **_copies(edition, request),
        **_waves(edition),
        **_unclear(edition),
        **progress_context(edition, request),
    }
    return show(request, "desk/edition.html", context)


def _copies(edition: Edition, request: HttpRequest) -> dict[str, Any]:
    """For the form that sends a test, and the list of what went to nobody's subscription."""
    rows = Delivery.objects.filter(~Q(purpose=Delivery.Purpose.READER), edition=edition)
    return {
        "copies": rows.select_related("variant").defer(*HEAVY).order_by("-pk")[:MOST_COPIES],
        "testable": edition.state not in copies.OVER,
        "test_languages": copies.languages_of(edition),
        "my_address": user_of(request).email,
    }


def _waves(edition: Edition) -> dict[str, Any]:
    live = edition.state in (S.SENDING, S.PAUSED, S.ASSEMBLING)
    return {"waves": waves_of(edition), "waves_live": live}


def _unclear(edition: Edition) -> dict[str, Any]:
    groups = unclear.groups_of(edition)
    return {
        "doubts": groups,
        "unclear": sum(group.mails for group in groups),
        "may_send_again": mail_doubts.may(edition, arrived=False),
        "all_by_themselves": all(group.fate.by_itself for group in groups),
    }


@require_GET
def waves(request: HttpRequest, edition_id: int) -> HttpResponse:
    """A fragment for htmx: how far each wave is."""
    edition = _edition(edition_id)
    return show(request, "desk/_waves.html", {"edition": edition, **_waves(edition)})


@require_GET
def progress(request: HttpRequest, edition_id: int) -> HttpResponse:
    """A fragment for htmx: the counts by state while it is being sent."""
    edition = _edition(edition_id)
    return show(request, "desk/_progress.html", {"edition": edition, **progress_context(edition, request)})


@xframe_options_sameorigin
@require_GET
def variant(_request: HttpRequest, edition_id: int, variant_id: int) -> HttpResponse:
    """The HTML of one variant as it is mailed, locked into a sandbox: no script, no form, pictures of this edition only."""
    row = get_object_or_404(Variant, pk=variant_id, edition_id=edition_id)
    if not row.html:
        raise Http404("This variant is not rendered yet.")
    response = HttpResponse(webview.html_of(row, settings.BASE_URL))
    policy = webview.policy(row.edition, frame_ancestors="'self'")
    response["Content-Security-Policy"] = f"{policy}; sandbox"
    return response


@require_POST
def act(request: HttpRequest, edition_id: int, action: str) -> HttpResponse:
    """Approve, pause, resume, assemble again or cancel, if the edition is still in the state that the person saw."""
    if action not in ACTIONS:
        raise Http404
    deed, _, done = ACTIONS[action]
    edition = _edition(edition_id)
    url = reverse("desk:edition", args=[edition.pk])
    if request.POST.get("state") != edition.state:
        message = f"{edition} is “{edition.get_state_display()}” now."
        return conflict(
            request, edition, url=url, message=message, hint="Somebody was quicker. Nothing was changed."
        )
    now = clock.now()
    about = _cannot_be_taken_back(edition, action, now)
    if about and not is_sure(request):
        return ask(request, about, yes=YES[action], back=url, danger=action == "cancel")
    given = {"seen": request.POST.get("assembled", "")} if action in LETS_GO else {}
    try:
        deed(edition_id, user=user_of(request), now=now, **given)
    except UserError as error:
        return conflict(request, _edition(edition_id), url=url, message=error.message, hint=error.hint)
    messages.success(request, done)
    return redirect(url)


def _cannot_be_taken_back(edition: Edition, action: str, now: datetime) -> Consequence | None:
    """What the person is asked about first; None when the deed can be undone by another, or is refused."""
    if edition.state not in ACTIONS[action][1]:
        return None
    if action == "cancel":
        return consequences.of_cancelling(edition)
    return consequences.of_sending(edition, now=now) if action in LETS_GO else None


def _fullest(edition: Edition, variants: Sequence[Variant]) -> Variant | None:
    """The variant that shows most of the edition, in the digest's first language if there is one."""
    first = primary(edition.digest.languages[0]) if edition.digest.languages else ""
    return max(
        variants,
        key=lambda each: (
            not each.retired and each.selections > 0,
            each.rendered_at is not None,
            each.language == first,
            each.mask.bit_count(),
            -each.pk,
        ),
        default=None,
    )


def positions(mask: int) -> str:
    """The places of a variant's items in the edition, counted from 1: “1–3, 7”."""
    places = [bit + 1 for bit in range(mask.bit_length()) if mask >> bit & 1]
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def progress_context(edition: Edition, request: HttpRequest) -> dict[str, Any]:
    """For the progress bar: counts in the order of the states' table, how far assembling is, and what mail waits for."""
    now, totals = clock.now(), sending(edition)
    counts = totals.counts
    return {
        "assembling": assembling(edition),
        "outage": hindrances.outage_of(edition),
        "paced": hindrances.pace_of(edition, now),
        "may_try": user_of(request).has_perm(MAY_GO_ON),
        "now": now,
        "waits": waits_for_hours(edition, now),
        "counts": [(state.value, counts[state.value]) for state in State if counts.get(state.value)],
        "totals": totals,
        "live": edition.state in (S.SENDING, S.ASSEMBLING),
    }


def _edition(edition_id: int) -> Edition:
    return get_object_or_404(Edition.objects.select_related("digest"), pk=edition_id)


def _text_of(chosen: Variant) -> str:
    chosen.refresh_from_db(fields=["text"])
    return webview.text_of(chosen, settings.BASE_URL)
