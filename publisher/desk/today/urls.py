"""The addresses of: the first page."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.today import views
from publisher.people.permissions import SEE_DESK

urlpatterns = [
    path("", may(SEE_DESK, views.home), name="home"),
]
