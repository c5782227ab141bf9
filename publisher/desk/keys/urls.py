"""The addresses of the API keys' page."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.keys import views
from publisher.people.permissions import INTEGRATE

urlpatterns = [
    path("api-keys", may(INTEGRATE, views.index), name="api-keys"),
    path("api-keys/make", may(INTEGRATE, views.make), name="api-key-make"),
    path("api-keys/<int:key_id>/revoke", may(INTEGRATE, views.revoke), name="api-key-revoke"),
]
