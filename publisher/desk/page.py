"""How every page of the desk is answered: template, status, what the frame around it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from publisher.core import standstill
from publisher.core.models import Pause
from publisher.desk import navigation
from publisher.people import permissions


def show(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page, or a fragment for htmx, with the frame's values."""
    match = request.resolver_match
    may = request.user.has_perm
    groups = navigation.shown(may)
    here = (match.url_name or "") if match else ""
    frame = {
        "messages": get_messages(request),
        "navigation": groups,
        "marked": navigation.current(groups, here, navigation.area_of(match.func) if match else ""),
        "here": here,
        "may": may,
        "permissions": permissions,
        "zone_name": timezone.get_current_timezone_name(),
        "desk_language": translation.get_language() or "en",
        "desk_languages": settings.LANGUAGES,
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
        name: gettext("“%(text)s” is none of these. Choose from the list.") % {"text": wanted[name][:40]}
        for name, known in choices.items()
        if wanted[name] and wanted[name] not in {str(value) for value, _label in known}
    }
