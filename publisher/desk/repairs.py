"""What only a person can do when a network went wrong: let a paused channel go on, and say whether a post is there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import posts
from publisher.delivery.models import Delivery
from publisher.desk.access import user_of
from publisher.social import channels
from publisher.social.models import Channel, Post


@require_POST
def resume(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Let a channel go on after its account was repaired."""
    channel = get_object_or_404(Channel, pk=channel_id)
    try:
        channels.resume(channel.pk, user=user_of(request))
        messages.success(request, f"{channel.name} goes on.")
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect(reverse("desk:channels"))


@require_POST
def confirm(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Say of a post of which nobody can tell whether it was published. `was_published` is yes or no."""
    delivery = get_object_or_404(Delivery, pk=delivery_id, post__isnull=False)
    try:
        post = _confirmed(request, delivery)
        messages.success(request, f"Noted. {post.problem}".strip())
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect(reverse("desk:delivery", args=[delivery.pk]))


def _confirmed(request: HttpRequest, delivery: Delivery) -> Post:
    said, url = request.POST.get("was_published", ""), request.POST.get("url", "").strip()
    if said not in ("yes", "no"):
        raise UserError("Choose whether the post is there or not.")
    user, now = user_of(request), clock.now()
    return posts.confirm(delivery.pk, user=user, was_published=said == "yes", url=url, now=now)
