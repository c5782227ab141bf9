"""Which door answers which address."""

from __future__ import annotations

from django.urls import include, path

from publisher.desk.signin.urls import names_of_allauth

urlpatterns = [
    path("", include("publisher.api.urls")),
    path("desk/", include("publisher.desk.urls")),
    path("desk/", include(names_of_allauth)),
    path("", include("publisher.site.urls")),
]
