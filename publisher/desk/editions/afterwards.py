"""What came of an edition that was sent: its public pages, and what was counted of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from publisher.archive import shown
from publisher.archive.editions import languages_of
from publisher.core import clock
from publisher.counting import reading
from publisher.digests.models import Edition


def context(edition: Edition) -> dict[str, Any]:
    """For the edition's page."""
    return {"public": _public(edition), "counted": reading.of_edition(edition)}


def _public(edition: Edition) -> list[tuple[str, str]]:
    """The addresses of its pages in the public archive, by language."""
    if not (edition.digest.archived and edition.state == Edition.State.SENT and edition.number):
        return []
    now = clock.now()
    one = (shown.shown(edition, language, now=now) for language in languages_of(edition.digest))
    pages = next((each.languages for each in one if each), ())
    place = (edition.digest.slug, edition.number)
    return [
        (language, settings.BASE_URL + reverse("site:archive-edition", args=[*place, language]))
        for language in pages
    ]
