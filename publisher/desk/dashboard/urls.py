"""The addresses of: the dashboard."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.dashboard import views
from publisher.people.permissions import SEE_DESK

urlpatterns = [path("dashboard", may(SEE_DESK, views.index), name="dashboard")]
