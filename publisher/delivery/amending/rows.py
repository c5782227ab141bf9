"""An amendment and its post, read under lock for what a person decides about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core.errors import UserError
from publisher.delivery.models import Amendment
from publisher.social.models import Post
from publisher.social.slots import lock_channel

NEEDED = ("delivery__post__item", "delivery__post__channel__schedule", "delivery__channel", "answer")
NOT_SO = gettext_noop("Load the page again to see what became of it.")


@contextmanager
def locked(amendment_id: int, states: Sequence[Amendment.State]) -> Iterator[tuple[Amendment, Post]]:
    """The amendment under lock, its channel locked before it, and its post. Raises `UserError` in any other state."""
    with transaction.atomic():
        found = Amendment.objects.filter(pk=amendment_id)
        lock_channel(found.values_list("delivery__channel_id", flat=True).first() or 0)
        amendment = found.select_for_update(of=("self",), no_key=True).select_related(*NEEDED).first()
        if amendment is None or amendment.delivery.post is None:
            raise UserError(_("There is no such correction."), _(NOT_SO))
        if amendment.state not in states:
            raise UserError(
                _("The correction is “%(state)s” now.") % {"state": amendment.get_state_display()},
                _(NOT_SO),
            )
        yield amendment, amendment.delivery.post
