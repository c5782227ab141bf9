"""What a reviewer does with a post or an edition beside its own page's forms: approve, ask for changes, comment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.forms import VersionForm
from publisher.desk.posts.views import act_on, approved_words
from publisher.desk.review.refused import refused
from publisher.digests import reviewing as of_edition
from publisher.digests.models import Edition
from publisher.social import approval
from publisher.social import reviewing as of_post
from publisher.social.models import Post

FIELD = "comment"


@require_POST
def approve_post(request: HttpRequest, post_id: int) -> HttpResponse:
    """Approve a post as it is saved."""

    def approve(version: int, now: datetime) -> str:
        return approved_words(approval.approve(post_id, user=user_of(request), version=version, now=now))

    return act_on(request, post_id, approve, "")


@require_POST
def ask_post(request: HttpRequest, post_id: int) -> HttpResponse:
    """Send a post back with what shall change."""
    get_object_or_404(Post, pk=post_id)
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise UserError(
            _("The form was sent without its version."), _("Open the post again and repeat what you did.")
        )
    version = form.cleaned_data["version"]
    return _say(
        request,
        lambda text, now: approval.ask_changes(
            post_id, user=user_of(request), version=version, text=text, now=now
        ),
        _("It is a draft again. Its authors find your words on their first page."),
        reverse("desk:post", args=[post_id]),
    )


@require_POST
def comment_post(request: HttpRequest, post_id: int) -> HttpResponse:
    """Say something about a post."""
    get_object_or_404(Post, pk=post_id)
    return _say(
        request,
        lambda text, now: of_post.comment(post_id, user=user_of(request), text=text, now=now),
        _("Your comment is there."),
        reverse("desk:post", args=[post_id]),
    )


@require_POST
def ask_edition(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Say what shall change in an edition before it goes out."""
    get_object_or_404(Edition, pk=edition_id)
    seen = request.POST.get("assembled")
    return _say(
        request,
        lambda text, now: of_edition.ask_changes(
            edition_id, user=user_of(request), text=text, seen=seen, now=now
        ),
        _("Asked. Approvals that it had count no more."),
        reverse("desk:edition", args=[edition_id]),
    )


@require_POST
def comment_edition(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Say something about an edition."""
    get_object_or_404(Edition, pk=edition_id)
    return _say(
        request,
        lambda text, now: of_edition.comment(edition_id, user=user_of(request), text=text, now=now),
        _("Your comment is there."),
        reverse("desk:edition", args=[edition_id]),
    )


def _say(request: HttpRequest, deed: Callable[[str, datetime], object], done: str, url: str) -> HttpResponse:
    text = request.POST.get(FIELD, "")
    try:
        deed(text, clock.now())
    except UserError as error:
        stale = isinstance(error, approval.Stale | of_edition.Stale)
        return refused(request, error, back=f"{url}#review", field=FIELD, typed=text, stale=stale)
    messages.success(request, done)
    return redirect(f"{url}#review")
