"""Webhooks: the list, the page of one with the log of what it was told, and the page of one message."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.desk.badges import Badge
from publisher.desk.forms import local_input
from publisher.desk.page import asked, show, unknown
from publisher.desk.paging import newest
from publisher.digests.models import Digest
from publisher.hooks import asking, endpoints, kinds, payload, targets
from publisher.hooks.models import Endpoint, Message
from publisher.social.models import Channel

HISTORY: Final = 20
REPLAYED_USUALLY: Final = timedelta(days=1)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every webhook, with how it fares."""
    context = {
        "rows": list(endpoints.shown()),
        "state_of": state_of,
        "host_of": lambda row: targets.host_of(row.url),
    }
    return show(request, "desk/hooks/webhooks.html", context)


@require_GET
def detail(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """One webhook: what it is told, how it fares, the deeds, and its log."""
    return page(request, get_object_or_404(endpoints.shown(), pk=endpoint_id))


@require_GET
def message(request: HttpRequest, endpoint_id: int, message_id: int) -> HttpResponse:
    """One message: what it tells and its tries."""
    endpoint = get_object_or_404(endpoints.shown(), pk=endpoint_id)
    row = get_object_or_404(Message, pk=message_id, endpoint=endpoint)
    context = {
        "endpoint": endpoint,
        "row": row,
        "tries": row.tries.all(),
        "first": _pretty(row),
        "content_type": payload.content_type(row),
    }
    return show(request, "desk/hooks/message.html", context)


def page(
    request: HttpRequest, endpoint: Endpoint, *, error: str = "", since: str = "", status: int = 200
) -> HttpResponse:
    """The page of one, also after a replay that was refused: `error` and the `since` that was typed."""
    wanted = asked(request, "state", "type")
    names = [(name, name) for name in [*kinds.names(), kinds.TEST]]
    errors = unknown(wanted, state=Message.State.choices, type=names)
    rows = endpoint.messages.defer("changes")
    for field, value in wanted.items():
        if value:
            rows = rows.filter(**{field: value})
    now = clock.now()
    context = {
        "endpoint": endpoint,
        "state": state_of(endpoint),
        "listing": newest(request, rows.none() if errors else rows),
        "wanted": wanted,
        "errors": errors,
        "filtered": any(wanted.values()),
        "states": Message.State.choices,
        "types": names,
        "channels": Channel.objects.filter(pk__in=endpoint.channel_ids).order_by("name"),
        "digests": Digest.objects.filter(pk__in=endpoint.digest_ids).order_by("slug"),
        "waiting": endpoint.messages.filter(state=Message.State.QUEUED)[:1].exists(),
        "overlaps": endpoint.old_secret_until is not None and endpoint.old_secret_until > now,
        "kept_days": asking.KEPT.days,
        "since": since or local_input(now - REPLAYED_USUALLY),
        "error": error,
        "history_entries": AuditEntry.objects.filter(
            object_type="endpoint", object_id=str(endpoint.pk)
        ).order_by("-pk")[:HISTORY],
    }
    return show(request, "desk/hooks/webhook.html", context, status=422 if errors else status)


def state_of(endpoint: Endpoint) -> Badge:
    """Whether it is told, and whether it answers."""
    if not endpoint.active:
        if endpoint.off_reason:
            return Badge(_("Switched off by itself"), "bad", "cross")
        return Badge(_("Off"), "quiet", "dash")
    if endpoint.failing_since:
        return Badge(_("Failing"), "warn", "triangle")
    return Badge(_("On"), "good", "check")


def _pretty(row: Message) -> str:
    """The first event as the receiver gets it, without addresses of readers."""
    return json.dumps(payload.event(row.type, row.changes[0], {}), ensure_ascii=False, indent=2)
