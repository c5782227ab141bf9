"""Which door answers which address."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("publisher.api.urls")),
    path("desk/", include("publisher.desk.urls")),
    path("", include("publisher.site.urls")),
]
