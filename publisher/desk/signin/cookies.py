"""The cookies that keep what a person prefers in their browser."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse

from publisher.desk.access import CHOSEN_ZONE_COOKIE, LANGUAGE_COOKIE
from publisher.people.models import Profile

YEAR = 365 * 24 * 3600


def keep_preferences(response: HttpResponse, profile: Profile) -> None:
    """Language and zone as the profile says. What it leaves to the browser is left: another person's zone is forgotten."""
    if profile.language:
        keep(response, LANGUAGE_COOKIE, profile.language)
    if profile.zone:
        keep(response, CHOSEN_ZONE_COOKIE, profile.zone)
    else:
        response.delete_cookie(CHOSEN_ZONE_COOKIE, samesite="Lax")


def keep(response: HttpResponse, name: str, value: str) -> None:
    """For a year, unreadable for scripts."""
    response.set_cookie(
        name,
        value,
        max_age=YEAR,
        httponly=True,
        samesite="Lax",
        secure=bool(settings.SESSION_COOKIE_SECURE),
    )
