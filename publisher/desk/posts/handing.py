"""The page for whoever publishes a post by hand: texts to copy, pictures to download, and saying what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import Rejected, UserError
from publisher.core.models import AuditEntry
from publisher.core.told import told
from publisher.delivery import handing
from publisher.delivery.handing import AlreadyTold, OddAddress
from publisher.delivery.models import Delivery
from publisher.delivery.states import LEFT_US, State
from publisher.desk.access import user_of
from publisher.desk.conflicts import conflict
from publisher.desk.page import show
from publisher.social.accounts import measured_as
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Handout

HISTORY = 10
COLUMNS = 40
"""Han characters in a line of a field on a phone, about: for how high a field is."""


@dataclass(frozen=True)
class Shown:
    """A part as the page shows it. `typed` is an address that was not taken, `error` says why, `odd`: it may be saved even so."""

    row: Delivery
    handout: Handout
    typed: str = ""
    error: UserError | None = None

    @property
    def number(self) -> int:
        return (self.row.part or 0) + 1

    @property
    def is_done(self) -> bool:
        return self.row.state in LEFT_US

    @property
    def has_draft(self) -> bool:
        return handing.has_draft(self.row)

    @property
    def odd(self) -> bool:
        return isinstance(self.error, OddAddress)


@require_GET
def page(request: HttpRequest, post_id: int) -> HttpResponse:
    """What to post, and the forms that say what became of it."""
    return _page(request, _post(post_id))


@require_POST
def posted(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """A part is published at `url`; `sure`: the person has looked at an address that seemed odd."""
    row = get_object_or_404(Delivery, pk=delivery_id, post__isnull=False)
    post = _post(row.post_id or 0)
    typed = request.POST.get("url", "")
    # Another address than the one that was asked about is looked at again.
    sure = bool(typed.strip()) and request.POST.get("sure", "") == typed.strip()
    try:
        done = handing.posted(row.pk, user=user_of(request), url=typed, sure=sure, now=clock.now())
    except AlreadyTold as error:
        return _told(request, post, error)
    except UserError as error:
        return _page(request, post, wrong=(row.pk, typed, error), status=422)
    messages.success(request, _("Noted. Thank you."))
    here = done.state == Post.State.HANDED
    return redirect(reverse("desk:post-hand" if here else "desk:post", args=[post.pk]))


@require_POST
def not_posted(request: HttpRequest, post_id: int) -> HttpResponse:
    """It is not posted (`then` is cancel), or taken back as a draft (`then` is draft)."""
    post = _post(post_id)
    again = request.POST.get("then") == "draft"
    reason = request.POST.get("reason", "")
    try:
        handing.not_posted(post.pk, user=user_of(request), reason=reason, again=again, now=clock.now())
    except AlreadyTold as error:
        return _told(request, post, error)
    except UserError as error:
        return _page(request, post, not_posted_error=error, status=422)
    messages.success(request, _("It is a draft again.") if again else _("Noted: it is not posted."))
    return redirect(reverse("desk:post", args=[post.pk]))


@require_GET
def picture(request: HttpRequest, delivery_id: int, number: int) -> HttpResponse:  # noqa: ARG001 - the session was looked at before
    """A picture of a part as its network takes it, to be saved. `number` counts from 0."""
    from publisher.social.media.fitting import fitted  # noqa: PLC0415 - Pillow is large; most pages do without

    row = get_object_or_404(Delivery.objects.select_related("channel", "post__item"), pk=delivery_id)
    if row.post is None or row.channel is None or _obstacle(row.post, row.channel):
        raise Http404
    pictures = handing.handout_of(row).pictures
    network = registry.by_hand(row.channel.network)
    limits = network.pictures(measured_as(row.channel)) if network else None
    if limits is None or number >= len(pictures):
        raise Http404
    try:
        made = fitted(pictures[number].digest, limits)
    except Rejected as error:
        raise UserError(told(error.reason), _("Attach the picture again, or leave it out.")) from error
    response = HttpResponse(made.data, content_type=made.type)
    name = f"post-{row.post_id}-{number + 1}.{made.type.partition('/')[2]}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _post(post_id: int) -> Post:
    return get_object_or_404(Post.objects.select_related("item", "channel__schedule"), pk=post_id)


def _told(request: HttpRequest, post: Post, error: AlreadyTold) -> HttpResponse:
    url = reverse("desk:post", args=[post.pk])
    return conflict(request, _post(post.pk), url=url, message=error.message, hint=error.hint)


def _obstacle(post: Post, channel: Channel) -> str:
    return handing.obstacle(post, channel, clock.now())


def _page(
    request: HttpRequest,
    post: Post,
    *,
    wrong: tuple[int, str, UserError] | None = None,
    not_posted_error: UserError | None = None,
    status: int = 200,
) -> HttpResponse:
    network = registry.by_hand(post.channel.network)
    if network is None:
        raise UserError(_("Posts of this channel are not published by hand."), _("Open the post itself."))
    rows = Delivery.objects.filter(post=post, part__lt=len(post.parts)).select_related("channel")
    rows = rows.exclude(state__in=(State.QUEUED, State.SENDING, State.UNKNOWN, State.FAILED))
    wrong_id, typed, error = wrong or (0, "", None)
    context: dict[str, Any] = {
        "post": post,
        "item": post.item,
        "label": network.label,
        "parts": [
            Shown(row, handing.handout_of(row), *((typed, error) if row.pk == wrong_id else ()))
            for row in rows.order_by("part")
        ],
        "waits": post.state == Post.State.HANDED,
        "open": post.state in handing.OPEN_POSTS,
        "until": handing.until(post.channel, post),
        "obstacle": _obstacle(post, post.channel) if post.state == Post.State.HANDED else "",
        "not_posted_error": not_posted_error,
        "rows_of": _height,
        "history_entries": AuditEntry.objects.filter(object_type="post", object_id=str(post.pk)).order_by(
            "-pk"
        )[:HISTORY],
    }
    return show(request, "desk/posts/hand.html", context, status=status)


def _height(text: str) -> int:
    """How many lines a field needs, within bounds."""
    return min(sum(1 + len(line) // COLUMNS for line in text.split("\n")), 14)
