"""Posts that ask: they missed their slot, or waited behind a pause. Each is let go or cancelled, or all at once."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.delivery import reslotting, waiting
from publisher.delivery.consequences import Consequence
from publisher.desk.access import user_of
from publisher.desk.forms import VersionForm
from publisher.desk.log.asking import is_sure
from publisher.desk.page import asked, show, unknown
from publisher.social import approval, paused
from publisher.social.models import Channel, Post

MOST = 100
"""Posts on the page; what is done to all is done to these."""


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The posts in the order in which they were to leave, each with its text and the slot that it would get."""
    wanted = asked(request, "channel")
    channels = [(str(channel.pk), channel.name) for channel in Channel.objects.order_by("name")]
    errors = unknown(wanted, channel=channels)
    posts = [] if errors else _posts(wanted["channel"])
    behind = paused.of_posts([post.pk for post in posts])
    free = [post for post in posts if post.pk not in behind]
    context = {
        "rows": posts[:MOST],
        "more": len(posts) > MOST,
        "behind": behind,
        "free": len(free[:MOST]),
        "slots": waiting.new_slots(free, now=clock.now()),
        "wanted": wanted,
        "errors": errors,
        "channels": channels,
        "filtered": any(wanted.values()),
    }
    return show(request, "desk/posts/late.html", context, status=422 if errors else 200)


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Let one post go at the slot that was shown (`at`), or cancel it."""
    try:
        messages.success(request, _decided(request))
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    return redirect(_back(request))


@require_POST
def decide_all(request: HttpRequest) -> HttpResponse:
    """Give each of them a new slot, or cancel them, once the person has read how many they are."""
    user, now, do = user_of(request), clock.now(), request.POST.get("do", "")
    posts = _posts(request.POST.get("channel", ""))[:MOST]
    if do == "slots":
        behind = paused.of_posts([post.pk for post in posts])
        posts = [post for post in posts if post.pk not in behind]
    if do not in ("slots", "cancel") or not posts:
        messages.error(request, _("There is nothing to be done any more."))
    elif not is_sure(request, len(posts)):
        return _ask(request, do, len(posts))
    elif do == "slots":
        outcome = reslotting.give_new_slots([post.pk for post in posts], user=user, now=now)
        messages.success(request, outcome.said or _("None could get a slot: their channels are stopped."))
    else:
        with transaction.atomic():
            for post in sorted(posts, key=lambda post: post.channel_id):  # as channels are locked
                approval.cancel(post.pk, user=user, version=post.version, reason="", now=now)
        said = ngettext("%(num)s post cancelled.", "%(num)s posts cancelled.", len(posts))
        messages.success(request, said % {"num": len(posts)})
    return redirect(_back(request))


def _decided(request: HttpRequest) -> str:
    """Do it; what the person reads then. Raises `UserError`, `Stale`."""
    form, do = VersionForm(request.POST), request.POST.get("do", "")
    if not form.is_valid() or do not in ("go", "cancel"):
        raise UserError(_("The form was not sent as a whole."), _("Load the page again."))
    post_id, version = number_in(request.POST.get("post", "")) or 0, form.cleaned_data["version"]
    user, now = user_of(request), clock.now()
    if do == "cancel":
        approval.cancel(post_id, user=user, version=version, reason="", now=now)
        return _("Cancelled. It will not go out.")
    at = _at(request)
    post = approval.reschedule(post_id, user=user, version=version, at=at, now=now)
    return _("%(channel)s: it goes out on %(when)s.") % {"channel": post.channel, "when": clock.told(at)}


def _ask(request: HttpRequest, do: str, count: int) -> HttpResponse:
    facts: tuple[str, ...] = (_("It cannot be taken back: a cancelled post never goes out."),)
    if do == "slots":
        facts = (
            _("Each gets the next free slot of its channel, in the order in which they were to leave."),
            _("The least gap and the quiet time are kept. They go out by themselves then."),
        )
    if do == "slots":
        question = ngettext("Give %(num)s post a new slot?", "Give %(num)s posts a new slot?", count)
    else:
        question = ngettext("Cancel %(num)s post for good?", "Cancel %(num)s posts for good?", count)
    about = Consequence(question % {"num": f"{count:,}"}, facts, count)
    carried = {"do": do, "channel": request.POST.get("channel", ""), "counted": count, "sure": "yes"}
    yes = _("Yes, give new slots") if do == "slots" else _("Yes, cancel them")
    context = {
        "about": about,
        "carried": carried,
        "yes": yes,
        "back": _back(request),
        "danger": do == "cancel",
    }
    return show(request, "desk/ask.html", context)


def _posts(channel: str) -> list[Post]:
    return list(waiting.asking(number_in(channel) or 0 if channel else None)[: MOST + 1])


def _at(request: HttpRequest) -> datetime:
    try:
        at = parse_datetime(request.POST.get("at", ""))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UserError(_("There is no slot for it now."), _("Open the post and choose a time."))
    return at


def _back(request: HttpRequest) -> str:
    channel = request.POST.get("channel", "")
    return reverse("desk:asking") + (f"?channel={number_in(channel) or 0}" if channel else "")
