"""What the composer's buttons do with the pictures of one post. The texts that were typed stay typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.compose.typed import Typed
from publisher.social import picture_deeds
from publisher.social.media.keeping import MOST_BYTES
from publisher.social.models import Post

Deed = Callable[[HttpRequest, Post, Typed, int, datetime], None]


def upload(request: HttpRequest, post: Post, typed: Typed, _number: int, now: datetime) -> None:
    """Add the chosen file. Raises `UserError`."""
    file = request.FILES.get(f"file-{post.pk}")
    if file is None:
        raise UserError(_("No file was chosen."), _("Choose one, then upload it."))
    if (file.size or 0) > MOST_BYTES:
        raise UserError(
            _("The file is larger than %(most)s MB.") % {"most": MOST_BYTES // 1_000_000},
            _("Choose a smaller one."),
        )
    saved = picture_deeds.upload(
        post.pk, user=user_of(request), version=typed.version, data=file.read(), alt=typed.new_alt, now=now
    )
    typed.version, typed.new_alt = saved.version, ""


def leave_out(request: HttpRequest, post: Post, typed: Typed, number: int, now: datetime) -> None:
    """Show one picture less; what was typed for those behind it moves with them. Raises `UserError`."""
    saved = picture_deeds.leave_out(
        post.pk, user=user_of(request), version=typed.version, number=number, now=now
    )
    typed.version = saved.version
    typed.alts = {n - (n > number): alt for n, alt in typed.alts.items() if n != number}
    typed.focuses = {n - (n > number): focus for n, focus in typed.focuses.items() if n != number}


def put_back(request: HttpRequest, post: Post, typed: Typed, _number: int, now: datetime) -> None:
    """Show the item's picture again, before the others. Raises `UserError`."""
    saved = picture_deeds.put_back(post.pk, user=user_of(request), version=typed.version, now=now)
    typed.version = saved.version
    typed.alts = {n + 1: alt for n, alt in typed.alts.items()}
    typed.focuses = {n + 1: focus for n, focus in typed.focuses.items()}


def fetch_again(request: HttpRequest, post: Post, typed: Typed, _number: int, now: datetime) -> None:
    """Try once more to fetch the item's picture. Raises `UserError`."""
    picture_deeds.fetch_again(post.item_id, user=user_of(request), now=now)
    # All posts of the item are drafted with it again, so the version that the person saw is the one before.
    fresh = Post.objects.only("version", "parts").get(pk=post.pk)
    if fresh.parts == post.parts:
        typed.version = fresh.version


DEEDS: dict[str, Deed] = {"upload": upload, "out": leave_out, "back": put_back, "again": fetch_again}
"""By the verb of the button."""

DONE: dict[str, Callable[[], str]] = {
    "upload": lambda: _("The picture is uploaded."),
    "out": lambda: _("The picture is left out."),
    "back": lambda: _("The item's picture is back."),
    "again": lambda: _("The picture is being fetched again."),
}
