"""Moving a post in the calendar. The page's script asks; without it the page of the post has a form for its time."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.forms import RescheduleForm, VersionForm
from publisher.social import approval
from publisher.social.approval import AgainstRules, Stale


@require_POST
def move(request: HttpRequest, post_id: int) -> HttpResponse:
    """Give the post the time `at` on the viewer's wall; JSON. 422 with the rules when it breaks some, 409 when somebody was
    faster."""
    zone = timezone.get_current_timezone_name()
    version, form = VersionForm(request.POST), RescheduleForm(request.POST, zone=zone)
    if request.POST.get("zone", zone) != zone or not version.is_valid():
        return _refused(_("The page is older than your settings."), _("Load it again."), status=409)
    if not form.is_valid():
        return _refused(" ".join(str(text) for errors in form.errors.values() for text in errors))
    at, override = form.cleaned_data["at"], form.cleaned_data["override"]
    try:
        post = approval.reschedule(
            post_id,
            user=user_of(request),
            version=version.cleaned_data["version"],
            at=at,
            override=override,
            now=clock.now(),
        )
    except UserError as error:
        return _why_not(error, post_id)
    said = _("Moved: “%(title)s” on %(channel)s goes out %(when)s.") % {
        "title": post.item.title,
        "channel": post.channel.name,
        "when": clock.written(at, ZoneInfo(zone)),
    }
    return JsonResponse({"said": said})


def _why_not(error: UserError, post_id: int) -> JsonResponse:
    if isinstance(error, Stale):
        return _refused(error.message, error.hint, status=409, url=reverse("desk:post", args=[post_id]))
    if isinstance(error, AgainstRules):
        return _refused(
            error.message,
            error.hint,
            rules=[breach.words for breach in error.rules],
            may_be_overridden=error.may_be_overridden,
        )
    return _refused(error.message, error.hint)


def _refused(message: str, hint: str = "", *, status: int = 422, **more: Any) -> JsonResponse:
    return JsonResponse({"message": message, "hint": hint} | more, status=status)
