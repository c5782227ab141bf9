"""The addresses of: the calendar and its feed."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import anyone, may
from publisher.desk.calendar import feed, moving, views
from publisher.people.permissions import PUBLISH, SEE_DESK

urlpatterns = [
    path("calendar", may(SEE_DESK, views.index), name="calendar"),
    path("calendar/move/<int:post_id>", may(PUBLISH, moving.move), name="calendar-move"),
    path("calendar/feed", may(SEE_DESK, feed.address), name="calendar-feed"),
    path("calendar/feed/<str:token>.ics", anyone(feed.read), name="calendar-ics"),
]
