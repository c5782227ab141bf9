"""The addresses of: digests."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.digests import form, views
from publisher.people.permissions import DESIGN, SEE_DESK

urlpatterns = [
    path("digests", may(SEE_DESK, views.index), name="digests"),
    path("digests/new", may(DESIGN, form.new), name="digest-new"),
    path("digests/preview", may(DESIGN, form.preview), name="digest-preview"),
    path("digests/<int:digest_id>", may(DESIGN, form.edit), name="digest-edit"),
    path("digests/<int:digest_id>/sign-up", may(SEE_DESK, views.sign_up), name="digest-sign-up"),
    path("digests/<int:digest_id>/switch", may(DESIGN, form.switch), name="digest-switch"),
]
