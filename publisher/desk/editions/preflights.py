"""The preflight of an edition on its page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.delivery import preflighting
from publisher.digests import preflight, preflight_words
from publisher.digests.models import Edition
from publisher.digests.preflight import Level


@require_POST
def check(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Look the edition over closely, which asks its links and the spam filter."""
    edition = get_object_or_404(Edition, pk=edition_id)
    if edition.state in preflighting.BEFORE_SENDING:
        preflighting.look_closely(edition_id, now=clock.now())
        messages.success(request, _("Looked over."))
    else:
        messages.error(request, _("It can be looked over once it is assembled, and until it is sent."))
    return redirect(reverse("desk:edition", args=[edition.pk]) + "#preflight")


def context(edition: Edition) -> dict[str, Any]:
    """For the panel: each check with its worst level, and its sentences."""
    found = preflight.current(edition)
    checks = []
    for name in preflight.CHECKS:
        own = [each for each in found or [] if each.check == name]
        if own:
            told = [(preflight_words.said(each), each.details) for each in own]
            checks.append(
                {"name": preflight_words.NAMES[name], "level": preflight.worst(own).value, "told": told}
            )
    blocked = [each for each in found or [] if each.level == Level.BLOCK]
    return {
        "checks": checks,
        "preflight_row": edition.preflight if found is not None else None,
        "may_look_over": edition.state in preflighting.BEFORE_SENDING,
        "may_overrule": bool(blocked) and not any(each.final for each in blocked),
        "counts_of_levels": {
            level.value: sum(each["level"] == level.value for each in checks) for level in Level
        },
    }
