"""The addresses of: the state of the system."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.system import views
from publisher.people.permissions import SEE_SYSTEM

urlpatterns = [path("system", may(SEE_SYSTEM, views.index), name="system")]
