"""The addresses of: what is kept how long."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.retention import views
from publisher.people.permissions import SEE_AUDIT

urlpatterns = [path("retention", may(SEE_AUDIT, views.index), name="retention")]
