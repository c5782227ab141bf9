"""Editions: the list, the page of one with its previews and progress, and what staff do with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.masking import masked, masked_text
from publisher.core.models import AuditEntry
from publisher.core.numbers import number_in
from publisher.delivery import consequences, copies, hindrances, letting_go, mail_doubts, unclear
from publisher.delivery.arranging import Quicker, WrongText
from publisher.delivery.arranging import why_not as why_not_changed
from publisher.delivery.consequences import Consequence
from publisher.delivery.corrections import assemble_again
from publisher.delivery.models import Delivery
from publisher.delivery.pace_of_edition import rate_of, refusals_of
from publisher.delivery.progress import assembling, sending, waits_for_hours, waves_of
from publisher.delivery.states import State
from publisher.desk.access import forbidden, user_of
from publisher.desk.conflicts import conflict
from publisher.desk.editions import afterwards, arranging, preflights, previews, readers
from publisher.desk.log.asking import ask, is_sure
from publisher.desk.log.explain import code_meaning
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import latest
from publisher.desk.review.panel import Panel, panel_of_edition
from publisher.desk.review.refused import refused
from publisher.desk.stops.sending import MAY_GO_ON
from publisher.digests import editions, reviewing
from publisher.digests.models import Digest, Edition, Variant
from publisher.digests.paused import of_editions
from publisher.items.languages import primary
from publisher.people.permissions import SEE_ADDRESSES

S = Edition.State


def _again(edition_id: int, *, user: AbstractBaseUser, now: datetime) -> Edition:  # noqa: ARG001 - one form for all deeds
    return assemble_again(edition_id, user=user)


ACTIONS: dict[str, tuple[Callable[..., Edition], tuple[Edition.State, ...], Promise]] = {
    "approve": (letting_go.approve, (S.WAITING,), gettext_lazy("Approved. It goes out now.")),
    "pause": (
        editions.pause,
        (S.SENDING,),
        gettext_lazy("Paused. What a server has already taken has left."),
    ),
    "resume": (letting_go.resume, (S.PAUSED, S.BLOCKED), gettext_lazy("It goes on.")),
    "again": (
        _again,
        (S.WAITING, S.PAUSED, S.BLOCKED),
        gettext_lazy("It is assembled again, with today's texts."),
    ),
    "cancel": (
        editions.cancel,
        (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.SENDING, S.PAUSED),
        gettext_lazy("Cancelled. What has not left will not leave."),
    ),
}
LETS_GO = ("approve", "resume")
"""Deeds after which mail leaves: only what the person has seen may."""
YES = {
    "approve": gettext_lazy("Yes, send it"),
    "resume": gettext_lazy("Yes, go on"),
    "cancel": gettext_lazy("Yes, cancel it for good"),
}
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
    return show(request, "desk/editions/editions.html", context, status=422 if errors else 200)


@require_GET
def detail(request: HttpRequest, edition_id: int) -> HttpResponse:
    """One edition. `variant`, `reader` or a choice says whose mail is shown, `view` how."""
    edition = _edition(edition_id)
    if request.GET.get("reader") and not user_of(request).has_perm(SEE_ADDRESSES):
        return forbidden(request, SEE_ADDRESSES)
    return _page(request, edition)


@require_POST
def save_texts(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Give the edition its own subjects, introductions and preheaders. What cannot be saved stays in the form."""
    edition = _edition(edition_id)
    typed = arranging.texts_of(request, edition)
    url = reverse("desk:edition", args=[edition.pk])
    try:
        arranging.save_texts(request, edition, typed)
    except WrongText as wrong:
        return _page(request, edition, typed=typed, wrong=wrong, status=422)
    except UserError as error:
        return _not_saved(request, edition.pk, typed, error)
    messages.success(request, _("Saved. The edition is assembled again."))
    return redirect(f"{url}#texts")


def _not_saved(request: HttpRequest, edition_id: int, typed: Any, error: UserError) -> HttpResponse:
    """What was typed stays in the form, beside what somebody else stored meanwhile; it is listed where no form is any more."""
    edition = _edition(edition_id)
    if why_not_changed(edition):
        kept = [text for by in typed.values() for text in by.values() if text]
        url = reverse("desk:edition", args=[edition.pk])
        return conflict(request, edition, url=url, message=error.message, hint=error.hint, kept=kept)
    messages.error(request, f"{error.message} {error.hint}".strip())
    return _page(request, edition, typed=typed, second=isinstance(error, Quicker), status=409)


def _page(
    request: HttpRequest,
    edition: Edition,
    *,
    typed: Any = None,
    wrong: WrongText | None = None,
    second: bool = False,
    status: int = 200,
) -> HttpResponse:
    """`typed`: texts that were not saved, and `wrong` why. `second`: somebody else was quicker to change them."""
    shown = edition.variants.exclude(selections=0, rendered_at=None).defer("html", "text", "message")
    variants = list(shown.order_by("retired", "-recipients", "-selections", "pk")[:MOST_VARIANTS])
    given = request.GET.get("variant", "")
    own = shown.filter(pk=number_in(given) or 0).first()
    chosen = own or _fullest(edition, variants)
    view = request.GET.get("view", "desktop")
    items = list(
        edition.edition_items.select_related("item__source").defer("item__body_html", "item__body_text")
    )
    why_not = why_not_changed(edition)
    find = request.GET.get("find", "").replace("\0", "").strip()[:100]
    review = panel_of_edition(edition, user_of(request))
    context = {
        "edition": edition,
        "behind": [] if edition.state in editions.OVER else of_editions([edition.pk]).get(edition.pk, []),
        "items": items,
        "variants": variants,
        "more_variants": max(shown.count() - MOST_VARIANTS, 0) if len(variants) == MOST_VARIANTS else 0,
        "chosen": chosen,
        "holds": {each.pk: positions(each.mask) for each in {*variants, *([own] if own else [])}},
        "positions": positions,
        "own_variant": own if own and own not in variants else None,
        "why_not": why_not,
        "find": find,
        "texts": arranging.texts_context(edition, typed, wrong, second=second),
        "actions": _actions(edition, review),
        "review": review,
        "history_entries": _history(edition, sees=user_of(request).has_perm(SEE_ADDRESSES)),
        **previews.context(
            edition,
            previews.chosen_by(request, edition),
            chosen,
            view if view in dict(previews.VIEWS) else "desktop",
        ),
        **arranging.items_context(edition, items),
        **(arranging.offers(edition, find, clock.now()) if not why_not else {"offered": [], "was_cut": True}),
        **preflights.context(edition),
        **readers.context(edition, request),
        **_copies(edition, request),
        **_waves(edition),
        **_unclear(edition),
        **afterwards.context(edition),
        **progress_context(edition, request),
    }
    return show(request, "desk/editions/edition.html", context, status=status)


def _copies(edition: Edition, request: HttpRequest) -> dict[str, Any]:
    """For the form that sends a test, and the list of what went to nobody's subscription."""
    rows = Delivery.objects.filter(~Q(purpose=Delivery.Purpose.READER), edition=edition)
    sees = user_of(request).has_perm(SEE_ADDRESSES)
    return {
        "copies": rows.select_related("variant").defer(*HEAVY).order_by("-pk")[:MOST_COPIES],
        "address_of": str if sees else masked,
        "words_of": str if sees else masked_text,
        "testable": edition.state not in copies.OVER,
        "test_languages": copies.languages_of(edition),
        "my_address": user_of(request).email,
    }


def _history(edition: Edition, *, sees: bool) -> list[AuditEntry]:
    """Who did what with it. A test names its receiver, and the reader as whom it was made: not to whom may see no addresses."""
    known = AuditEntry.objects.filter(object_type="edition", object_id=str(edition.pk))
    entries = list(known.order_by("-pk")[:HISTORY])
    for entry in entries:
        if entry.action == "edition.test" and not sees:
            entry.after = {
                name: masked(value) if isinstance(value, str) else value
                for name, value in entry.after.items()
            }
    return entries


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
    return show(request, "desk/editions/_waves.html", {"edition": edition, **_waves(edition)})


@require_GET
def progress(request: HttpRequest, edition_id: int) -> HttpResponse:
    """A fragment for htmx: the counts by state while it is being sent."""
    edition = _edition(edition_id)
    response = show(
        request, "desk/editions/_progress.html", {"edition": edition, **progress_context(edition, request)}
    )
    if request.GET.get("was") == S.ASSEMBLING and edition.state != S.ASSEMBLING:
        response["HX-Trigger-After-Settle"] = "edition-assembled"
    return response


@require_POST
def act(request: HttpRequest, edition_id: int, action: str) -> HttpResponse:
    """Approve, pause, resume, assemble again or cancel, if the edition is still in the state that the person saw."""
    if action not in ACTIONS:
        raise Http404
    deed, _states, done = ACTIONS[action]
    edition = _edition(edition_id)
    url = reverse("desk:edition", args=[edition.pk])
    if request.POST.get("state") != edition.state:
        said = {"edition": edition, "state": edition.get_state_display()}
        message = _("%(edition)s is “%(state)s” now.") % said
        hint = _("Somebody was quicker. Nothing was changed.")
        return conflict(request, edition, url=url, message=message, hint=hint)
    now = clock.now()
    given: dict[str, str] = {"seen": request.POST.get("assembled", "")} if action in LETS_GO else {}
    try:
        if action in LETS_GO:
            given["despite"] = request.POST.get("reason", "")
        if action in LETS_GO and not is_sure(request):  # before anything is asked; the deed looks itself
            letting_go.look_over(edition_id, despite=given["despite"], now=now)
        about = _cannot_be_taken_back(edition, action, now)
        if about and not is_sure(request):
            return ask(request, about, yes=str(YES[action]), back=url, danger=action == "cancel")
        after = deed(edition_id, user=user_of(request), now=now, **given)
    except editions.NotFit as error:
        messages.error(request, f"{error.message} {error.hint}")
        return redirect(f"{url}#preflight")
    except reviewing.Stale as error:
        return conflict(request, _edition(edition_id), url=url, message=error.message, hint=error.hint)
    except UserError as error:
        typed = given.get("despite", "")
        title = _not_done(edition, action)
        return refused(request, error, back=url, field="reason" if typed else "", typed=typed, title=title)
    messages.success(request, _still_waits(after, action) or str(done))
    return redirect(url)


def _not_done(edition: Edition, action: str) -> str:
    """The heading over why a deed was refused."""
    said = {
        "approve": _("%(edition)s was not approved"),
        "resume": _("%(edition)s does not go on yet"),
    }.get(action, _("%(edition)s: this was not done"))
    return said % {"edition": edition}


def _actions(edition: Edition, review: Panel) -> list[str]:
    """What may be done now; an approval only by whom it brings on."""
    names = [name for name, (_deed, states, _done) in ACTIONS.items() if edition.state in states]
    return [name for name in names if name != "approve" or not review.standing.needed or review.may_approve]


def _still_waits(edition: Edition, action: str) -> str:
    """What a person reads who let an edition go that waits for other persons' approval; "" when it goes."""
    if action not in LETS_GO or edition.state != S.WAITING:
        return ""
    if action == "resume":
        return _("It was changed since it was approved, so it waits for approval now.")
    return _("You approved it: %(given)s. It goes out when another person approves it, too.") % {
        "given": reviewing.standing_of(edition).said
    }


def _cannot_be_taken_back(edition: Edition, action: str, now: datetime) -> Consequence | None:
    """What the person is asked about first; None when the deed can be undone by another, or is refused."""
    if edition.state not in ACTIONS[action][1]:
        return None
    if action == "cancel":
        return consequences.of_cancelling(edition)
    standing = reviewing.standing_of(edition)
    if standing.needed > len(standing.given) + (action == "approve"):
        return None  # nothing leaves by that: others approve it, too
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
    refused = any(counts.get(state) for state in (State.FAILED, State.BOUNCED))
    return {
        "assembling": assembling(edition),
        "rate": rate_of(edition, done=totals.left, waits=totals.waits, now=now),
        "refusals": refusals_of(edition) if refused or edition.state == S.SENDING else None,
        "code_meaning": code_meaning,
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
