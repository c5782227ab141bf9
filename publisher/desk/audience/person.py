"""The page of one subscriber, and what staff do there. Two who change the same are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.audience import attributes, by_staff, mistyped, tags, tokens
from publisher.audience.models import (
    Attribute,
    ReaderLetter,
    SignUp,
    Subscriber,
    Subscription,
    Suppression,
    Tag,
)
from publisher.audience.signing_up import asking
from publisher.audience.stale import Stale
from publisher.audience.suppressing.searching import report_of
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.masking import masked_text
from publisher.core.models import AuditEntry
from publisher.core.numbers import number_in
from publisher.delivery.models import Delivery
from publisher.desk.access import user_of
from publisher.desk.audience import choosing
from publisher.desk.audience.showing import address_of, by_title, named
from publisher.desk.conflicts import conflict
from publisher.desk.page import show
from publisher.digests.models import Digest
from publisher.feedback.models import Report
from publisher.items.models import Kind, Topic
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_ADDRESSES

HISTORY = 20
DELIVERIES = 10


@dataclass(frozen=True)
class Receives:
    """A subscription as the page tells it. `link` is the reader's own page of choices, "" for who may not hand it out."""

    row: Subscription
    digest: str
    topics: list[str]
    kinds: list[str]
    link: str


@require_GET
def detail(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """What is known of one subscriber."""
    return page(request, get_object_or_404(Subscriber, pk=subscriber_id))


def page(
    request: HttpRequest, row: Subscriber, *, error: UserError | None = None, status: int = 200
) -> HttpResponse:
    """The page, also after a deed that was refused: what was typed then stays."""
    sees, manages = request.user.has_perm(SEE_ADDRESSES), request.user.has_perm(MANAGE_AUDIENCE)
    digests = {each.pk: each for each in Digest.objects.all()}
    mine = [_receives(each, digests, manages=manages) for each in _subscriptions(row)]
    titles = {pk: named(digest) for pk, digest in digests.items()}
    suppression = Suppression.objects.filter(email_key=row.email_key).first()
    now = clock.now()
    context = {
        "row": row,
        "address": address_of(row, sees=sees),
        "sees": sees,
        "mine": mine,
        "open": [each for each in mine if each.row.state != "ended"],
        "consents": row.consents.select_related("text").order_by("-pk")[:100],
        "digest_of": lambda pk: titles.get(pk, _("all digests") if pk is None else str(pk)),
        "deliveries": Delivery.objects.filter(subscriber=row)
        .select_related("edition__digest")
        .order_by("-pk")[:DELIVERIES],
        "letters": _letters(row, sees=sees),
        "sign_ups": _waiting(row, titles, now),
        "suppression": suppression,
        "report": _report(suppression),
        "now_is": now,
        "tags": row.tags.order_by("key"),
        "all_tags": Tag.objects.order_by("key").values_list("name", flat=True),
        "known": _known(request, row),
        "typed": request.POST,
        "error": error,
        "history_entries": AuditEntry.objects.filter(
            object_type="subscriber", object_id=str(row.pk)
        ).order_by("-pk")[:HISTORY],
    }
    return show(request, "desk/audience/subscriber.html", context, status=status)


def _letters(row: Subscriber, *, sees: bool) -> list[ReaderLetter]:
    """The latest mails to this reader outside of editions, those that went before they were a subscriber among them."""
    theirs = Q(subscriber=row) | Q(to_key=row.email_key)
    found = list(ReaderLetter.objects.filter(theirs).order_by("-pk")[:DELIVERIES])
    for letter in found:  # the words of a mail server may name the address
        letter.reason = letter.reason if sees else masked_text(letter.reason)
    return found


def _waiting(row: Subscriber, titles: dict[int, str], now: datetime) -> list[tuple[SignUp, str]]:
    """Sign-ups of this address that are not confirmed yet, the newest first, each with the digests that it asks for."""
    rows = asking.unanswered(now).filter(email_key=row.email_key).reverse()[:DELIVERIES]
    return [(each, ", ".join(titles.get(one["digest"], "") for one in each.wanted)) for each in rows]


def _report(suppression: Suppression | None) -> Report | None:
    """What came back, when that is why nothing is sent there."""
    number = report_of(suppression) if suppression else None
    return Report.objects.filter(pk=number).first() if number else None


def _subscriptions(row: Subscriber) -> Any:
    return row.subscriptions.select_related("selection").order_by("state", "pk")


def _receives(row: Subscription, digests: dict[int, Digest], *, manages: bool) -> Receives:
    digest, choice = digests.get(row.digest_id), row.selection
    topics = Topic.objects.filter(pk__in=choice.topics)
    token = tokens.write(tokens.Purpose.PREFERENCES, row.subscriber_id, row.digest_id)
    return Receives(
        row,
        named(digest) if digest else str(row.digest_id),
        [topic.name for topic in topics],
        [str(Kind(kind).label) for kind in choice.kinds if kind in Kind.values],
        f"{settings.BASE_URL}{reverse('site:preferences', args=[token])}" if manages and digest else "",
    )


def _known(request: HttpRequest, row: Subscriber) -> list[tuple[Attribute, str, str]]:
    """Each attribute with its value, and with what was typed."""
    found = []
    for each in Attribute.objects.all():
        value = attributes.shown(row.attributes.get(each.key))
        found.append((each, value, request.POST.get(f"a-{each.key}", value)))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Subscribe somebody who has agreed."""
    error = None
    spelling = mistyped.settled(request.POST.get("email", "").strip()[:400], request.POST.get("meant", ""))
    if request.method == "POST" and not spelling.suggestion:
        try:
            wanted = choosing.digest_of(request.POST)
            row = by_staff.subscribe(
                spelling.email,
                digest_id=wanted.pk,
                choice=choosing.choice_of(request.POST, wanted),
                how=request.POST.get("how", ""),
                name=request.POST.get("name", "")[:400],
                user=user_of(request),
                now=clock.now(),
            )
            messages.success(request, _("Subscribed to %(digest)s.") % {"digest": named(wanted)})
            return redirect("desk:subscriber", row.subscriber_id)
        except UserError as refused:
            error = refused
    chosen = number_in(request.POST.get("digest", request.GET.get("digest", "")))
    digests = by_title()
    digest = next((each for each in digests if each.pk == chosen), digests[0] if digests else None)
    context = {
        "digests": digests,
        "named": named,
        "form": choosing.form_of(digest, request.POST) if digest else None,
        "typed": request.POST,
        "spelling": spelling,
        "error": error,
    }
    wrong = error or spelling.suggestion
    return show(request, "desk/audience/new.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, subscriber_id: int, digest_id: int) -> HttpResponse:
    """Change what somebody receives of a digest, as they asked."""
    row = get_object_or_404(Subscriber, pk=subscriber_id)
    digest = get_object_or_404(Digest, pk=digest_id)
    mine = row.subscriptions.select_related("selection").filter(digest_id=digest_id).first()
    error = None
    if request.method == "POST":
        try:
            by_staff.choose(
                row.pk,
                digest.pk,
                choosing.choice_of(request.POST, digest),
                how=request.POST.get("how", ""),
                user=user_of(request),
                now=clock.now(),
                seen=number_in(request.POST.get("seen", "")),
            )
            messages.success(request, _("The choice is saved."))
            return redirect("desk:subscriber", row.pk)
        except Stale as stale:
            return _conflict(request, row, stale)
        except UserError as refused:
            error = refused
    if mine is None or mine.state != Subscription.State.ACTIVE:
        raise UserError(_("This subscriber does not receive that digest."), _("Subscribe them first."))
    context = {
        "row": row,
        "address": address_of(row, sees=request.user.has_perm(SEE_ADDRESSES)),
        "digest": named(digest),
        "mine": mine,
        "form": choosing.form_of(digest, request.POST, mine.selection),
        "typed": request.POST,
        "error": error,
    }
    return show(request, "desk/audience/choose.html", context, status=422 if error else 200)


@require_POST
def rename(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Change how somebody is addressed. Whoever may not read the name cannot have seen it."""
    seen = request.POST.get("seen") if request.user.has_perm(SEE_ADDRESSES) else None

    def deed() -> str:
        name = request.POST.get("name", "")[:400]
        by_staff.rename(subscriber_id, name=name, seen=seen, user=user_of(request), now=clock.now())
        return _("The name is saved.")

    return _does(request, subscriber_id, deed)


@require_POST
def unsubscribe(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """End one subscription, or all."""
    digest_id = number_in(request.POST.get("digest", ""))

    def deed() -> str:
        how = request.POST.get("how", "")
        by_staff.unsubscribe(
            subscriber_id, digest_id=digest_id, how=how, user=user_of(request), now=clock.now()
        )
        return _("Unsubscribed. What waits for this reader is dropped before it leaves.")

    return _does(request, subscriber_id, deed)


@require_POST
def suppress(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Never write to this address again."""
    row = get_object_or_404(Subscriber, pk=subscriber_id)

    def deed() -> str:
        evidence = request.POST.get("evidence", "")
        if not evidence.strip():
            raise UserError(_("There is no word on why."), _("Write it down: others will ask."))
        by_staff.suppress(row.email, evidence=evidence, user=user_of(request), now=clock.now())
        return _("The address is on the suppression list.")

    return _does(request, subscriber_id, deed)


@require_POST
def lift(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Let the address be written to again."""
    row = get_object_or_404(Subscriber, pk=subscriber_id)
    suppression = Suppression.objects.filter(email_key=row.email_key).first()

    def deed() -> str:
        if suppression is None:
            return _("The address is not on the suppression list.")
        because = request.POST.get("because", "")
        by_staff.lift(suppression.pk, because=because, user=user_of(request), now=clock.now())
        return _("The address may be written to again.")

    return _does(request, subscriber_id, deed)


@require_POST
def tag(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Put a tag on, or take one off."""
    off = number_in(request.POST.get("off", ""))

    def deed() -> str:
        if off is not None:
            tags.take_off(subscriber_id, off, user=user_of(request))
            return _("The tag is off.")
        name = request.POST.get("tag", "")[:200]
        put = tags.put(subscriber_id, name, user=user_of(request), now=clock.now())
        return _("Tagged %(name)s.") % {"name": put.name}

    return _does(request, subscriber_id, deed)


@require_POST
def attribute(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Save what is known of somebody."""
    keys = list(Attribute.objects.values_list("key", flat=True))
    values = {key: request.POST[f"a-{key}"][:1000] for key in keys if f"a-{key}" in request.POST}
    seen = {key: request.POST[f"was-{key}"][:1000] for key in keys if f"was-{key}" in request.POST}

    def deed() -> str:
        attributes.change(subscriber_id, values, seen=seen, user=user_of(request))
        return _("Saved.")

    return _does(request, subscriber_id, deed)


def _does(request: HttpRequest, subscriber_id: int, deed: Callable[[], str]) -> HttpResponse:
    row = get_object_or_404(Subscriber, pk=subscriber_id)
    try:
        messages.success(request, deed())
    except Stale as stale:
        return _conflict(request, row, stale)
    except UserError as error:
        return page(request, row, error=error, status=422)
    return redirect("desk:subscriber", subscriber_id)


def _conflict(request: HttpRequest, row: Subscriber, stale: Stale) -> HttpResponse:
    row.email = address_of(row, sees=request.user.has_perm(SEE_ADDRESSES))  # it is shown as the page's name
    kept = [value for name, value in request.POST.items() if name in ("name", "how") and value]
    url = reverse("desk:subscriber", args=[row.pk])
    return conflict(request, row, url=url, message=stale.message, hint=stale.hint, kept=kept)
