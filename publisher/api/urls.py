"""Addresses for machines."""

from __future__ import annotations

from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from publisher.api.health import healthz, readyz
from publisher.api.metrics import metrics
from publisher.api.problems import no_such_address
from publisher.api.v1 import api, reference

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/docs", reference.page, name="api-reference"),
    path("api/v1/", api.urls),
    re_path(r"^api/", csrf_exempt(no_such_address)),
]
