"""What staff do with the pictures of a post. Their fields belong to the form of the text, so that no text is lost meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.posts.pictures import focus_point
from publisher.desk.posts.views import TypedPictures, act_on
from publisher.social import picture_deeds
from publisher.social.approval import Stale
from publisher.social.media.keeping import MOST_BYTES
from publisher.social.models import Post


@require_POST
def describe(request: HttpRequest, post_id: int) -> HttpResponse:
    """Save what a picture shows. What was typed is said again when somebody else was quicker."""
    number = _number(request)
    alt = request.POST.get(f"alt-{number}", "")
    focus = focus_point(request.POST.get(f"focus-{number}", ""))

    def deed(version: int, now: datetime) -> None:
        try:
            picture_deeds.describe(
                post_id, user=user_of(request), version=version, number=number, alt=alt, focus=focus, now=now
            )
        except Stale as error:
            raise Stale(
                error.message,
                _("%(hint)s Your description was: “%(alt)s”") % {"hint": error.hint, "alt": alt},
            ) from error

    return act_on(request, post_id, deed, _("The description is saved."))


@require_POST
def leave_out(request: HttpRequest, post_id: int) -> HttpResponse:
    """Show one picture less."""
    number = _number(request)

    def deed(version: int, now: datetime) -> None:
        picture_deeds.leave_out(post_id, user=user_of(request), version=version, number=number, now=now)

    def moved(typed: TypedPictures) -> TypedPictures:
        return {n - (n > number): said for n, said in typed.items() if n != number}

    return act_on(request, post_id, deed, _("The picture is left out."), moved=moved)


@require_POST
def put_back(request: HttpRequest, post_id: int) -> HttpResponse:
    """Show the item's picture again."""

    def deed(version: int, now: datetime) -> None:
        picture_deeds.put_back(post_id, user=user_of(request), version=version, now=now)

    def moved(typed: TypedPictures) -> TypedPictures:
        return {n + 1: said for n, said in typed.items()}

    return act_on(request, post_id, deed, _("The item's picture is back."), moved=moved)


@require_POST
def upload(request: HttpRequest, post_id: int) -> HttpResponse:
    """Add a picture from the person's machine."""
    file, alt = request.FILES.get("file"), request.POST.get("new_alt", "")

    def deed(version: int, now: datetime) -> None:
        if file is None:
            raise UserError(_("No file was chosen."), _("Choose one, then upload it."))
        if (file.size or 0) > MOST_BYTES:
            raise UserError(
                _("The file is larger than %(value)s MB.") % {"value": MOST_BYTES // 1000000},
                _("Choose a smaller one."),
            )
        user = user_of(request)
        picture_deeds.upload(post_id, user=user, version=version, data=file.read(), alt=alt, now=now)

    return act_on(request, post_id, deed, _("The picture is uploaded."))


@require_POST
def fetch_again(request: HttpRequest, post_id: int) -> HttpResponse:
    """Try once more to fetch the item's picture."""

    def deed(_version: int, now: datetime) -> None:
        item_id = Post.objects.values_list("item_id", flat=True).get(pk=post_id)
        picture_deeds.fetch_again(item_id, user=user_of(request), now=now)

    return act_on(request, post_id, deed, _("The picture is being fetched again."))


def _number(request: HttpRequest) -> int:
    text = request.POST.get("number", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1
