"""The addresses of: schedules."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.schedules import views
from publisher.people.permissions import DESIGN

urlpatterns = [
    path("schedules", may(DESIGN, views.index), name="schedules"),
    path("schedules/new", may(DESIGN, views.new), name="schedule-new"),
    path("schedules/preview", may(DESIGN, views.preview), name="schedule-preview"),
    path("schedules/<int:schedule_id>", may(DESIGN, views.edit), name="schedule"),
    path("schedules/<int:schedule_id>/delete", may(DESIGN, views.delete), name="schedule-delete"),
]
