"""The addresses of: the forecast."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.forecast import views
from publisher.people.permissions import SEE_DESK

urlpatterns = [
    path("forecast", may(SEE_DESK, views.index), name="forecast"),
]
