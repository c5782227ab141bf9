"""What only a person can do when a network went wrong: let a paused channel go on, and say whether a message is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.told import told
from publisher.delivery import mail_doubts, pausing, posts
from publisher.delivery.models import Delivery
from publisher.delivery.reslotting import How
from publisher.desk.access import user_of
from publisher.desk.forms import how_of
from publisher.digests.models import Edition
from publisher.social import health
from publisher.social.models import Channel, ChannelHealth


@require_POST
def resume(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Let a channel go on after its account was repaired."""
    channel = get_object_or_404(Channel, pk=channel_id)
    with _refusals_told(request):
        how = how_of(request, unsaid=How.NEW_SLOTS)
        outcome = pausing.resume_channel(channel.pk, how, user=user_of(request), now=clock.now())
        said = _("%(channel)s goes on.") % {"channel": channel.name}
        messages.success(request, f"{said} {outcome.said}".strip())
    return redirect(reverse("desk:channels"))


@require_POST
def check(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Ask the channel's network now whether its account works, and say what it answered. Takes as long as the network."""
    channel = get_object_or_404(Channel, pk=channel_id)
    with _refusals_told(request):
        found = health.check(channel.pk, now=clock.now())
        if not health.is_asked(channel):
            messages.success(
                request,
                _("%(name)s: a person posts there, so there is nobody to ask.") % {"name": channel.name},
            )
        elif found.problem:
            messages.error(request, f"{channel.name}: {told(found.problem)}")
        elif found.state == ChannelHealth.State.GOOD:
            messages.success(
                request,
                _("%(name)s works, as %(account_name)s.")
                % {"name": channel.name, "account_name": found.account_name},
            )
        else:
            messages.warning(
                request,
                _("%(name)s was set anew meanwhile: it is checked again in a moment.")
                % {"name": channel.name},
            )
    return redirect(f"{reverse('desk:channels')}#channel-{channel.pk}")


@require_POST
def confirm(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Say of a message of which nobody can tell whether it arrived. `was_published` is yes or no."""
    delivery = get_object_or_404(Delivery, pk=delivery_id)
    with _refusals_told(request):
        problem = _confirmed(request, delivery)
        messages.success(request, " ".join(filter(None, (_("Noted."), told(problem)))))
    return redirect(reverse("desk:delivery", args=[delivery.pk]))


@require_POST
def confirm_edition(request: HttpRequest, edition_id: int) -> HttpResponse:
    """The same for every unclear mail of an edition."""
    edition = get_object_or_404(Edition, pk=edition_id)
    with _refusals_told(request):
        arrived = _said(request)
        count = mail_doubts.confirm_edition(
            edition.pk, user=user_of(request), arrived=arrived, now=clock.now()
        )
        if arrived:
            said = ngettext(
                "Noted: %(num)s unclear mail counts as sent.",
                "Noted: %(num)s unclear mails count as sent.",
                count,
            )
        elif edition.state == Edition.State.SENDING:
            said = ngettext(
                "Noted: %(num)s unclear mail is sent again.",
                "Noted: %(num)s unclear mails are sent again.",
                count,
            )
        else:
            said = ngettext(
                "Noted: %(num)s unclear mail is sent again when its edition goes on.",
                "Noted: %(num)s unclear mails are sent again when their edition goes on.",
                count,
            )
        messages.success(request, said % {"num": count})
    return redirect(reverse("desk:edition", args=[edition.pk]))


@contextmanager
def _refusals_told(request: HttpRequest) -> Iterator[None]:
    """What is refused inside is said on the page that comes next."""
    try:
        yield
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())


def _confirmed(request: HttpRequest, delivery: Delivery) -> str:
    """Write it down; what the person should read about the message now."""
    user, said, now = user_of(request), _said(request), clock.now()
    if delivery.edition_id:
        mail_doubts.confirm(delivery.pk, user=user, arrived=said, now=now)
        return ""
    url = request.POST.get("url", "").strip()
    return posts.confirm(delivery.pk, user=user, was_published=said, url=url, now=now).problem


def _said(request: HttpRequest) -> bool:
    said = request.POST.get("was_published", "")
    if said not in ("yes", "no"):
        raise UserError(_("Choose whether it is there or not."))
    return said == "yes"
