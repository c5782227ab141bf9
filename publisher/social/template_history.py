"""The versions of a channel's template: each text that was in use, with who saved it, when and why."""

from __future__ import annotations

from datetime import datetime

from publisher.core.marking import gettext_noop
from publisher.social.models import Channel, TemplateVersion

BEFORE = gettext_noop("Before versions were kept")


def note(channel: Channel, *, by: str, note: str, now: datetime, former: str = "") -> TemplateVersion:
    """Keep the channel's present template as its newest version; the channel is locked. `former`: the text before it, kept as
    version 1 where there is none yet, so that there is a way back to it."""
    newest = channel.template_versions.order_by("-number").first()
    if newest is None and former:
        newest = TemplateVersion.objects.create(
            channel=channel, number=1, text=former, note=BEFORE, by="", at=channel.created_at
        )
    return TemplateVersion.objects.create(
        channel=channel,
        number=newest.number + 1 if newest else 1,
        text=channel.template,
        note=note[:200],
        by=by,
        at=now,
    )


def newest_number(channel: Channel) -> int:
    """The number of the newest version; 0 when there is none."""
    found = channel.template_versions.order_by("-number").values_list("number", flat=True).first()
    return found or 0
