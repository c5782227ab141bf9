"""How every page of the desk is answered: template, status, what the frame around it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from publisher.core import standstill
from publisher.core.models import Pause


@dataclass(frozen=True)
class Section:
    """One entry of the desk's navigation. `names` are the url names that belong to it."""

    label: str
    url_name: str
    icon: str
    names: tuple[str, ...]
    admins_only: bool = False


SECTIONS = (
    Section("Today", "desk:home", "today", ("home",)),
    Section(
        "Items",
        "desk:items",
        "items",
        ("items", "item", "topic", "rejected", "rejection", "correct", "correct-go"),
    ),
    Section(
        "Posts",
        "desk:posts",
        "posts",
        (
            "posts",
            "post",
            "post-edit",
            "post-cancel",
            "post-redraft",
            "post-reschedule",
            *(f"post-picture-{deed}" for deed in ("describe", "leave-out", "put-back", "upload", "again")),
            "asking",
            "asking-all",
            "post-hand",
        ),
    ),
    Section("Editions", "desk:editions", "editions", ("editions", "edition", "variant")),
    Section("Digests", "desk:digests", "digests", ("digests",)),
    Section("Channels", "desk:channels", "channels", ("channels",)),
    Section("Pause", "desk:pauses", "pause", ("pauses", "pause", "pause-begin")),
    Section("Sending", "desk:sending", "sending", ("sending",)),
    Section("Delivery log", "desk:deliveries", "log", ("deliveries", "delivery")),
    Section("Audit trail", "desk:audit", "audit", ("audit",), admins_only=True),
)


def show(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page, or a fragment for htmx, with the frame's values."""
    match = request.resolver_match
    frame = {
        "messages": get_messages(request),
        "sections": SECTIONS,
        "here": match.url_name if match else "",
        "zone_name": timezone.get_current_timezone_name(),
        # Only whole pages of staff ask these.
        "standstill": SimpleLazyObject(standstill.current),
        "pauses": SimpleLazyObject(lambda: list(Pause.objects.all())),
    }
    return render(request, template, frame | context, status=status)


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a fragment."""
    return request.headers.get("HX-Request") == "true"


def asked(request: HttpRequest, *names: str) -> dict[str, str]:
    """These values of the query string, trimmed; empty when absent. PostgreSQL knows no NUL in texts."""
    return {name: request.GET.get(name, "").replace("\0", "").strip()[:200] for name in names}


def unknown(wanted: Mapping[str, str], **choices: Iterable[tuple[object, object]]) -> dict[str, str]:
    """A sentence for each value that is none of its field's choices (as (value, label)): then no rows are shown."""
    return {
        name: f"“{wanted[name][:40]}” is none of these. Choose from the list."
        for name, known in choices.items()
        if wanted[name] and wanted[name] not in {str(value) for value, _label in known}
    }
