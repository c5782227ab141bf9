"""The addresses of: the composer."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.compose import views
from publisher.people.permissions import SEE_DESK, WRITE

urlpatterns = [
    path("items/<int:item_id>/compose", may(SEE_DESK, views.page), name="compose"),
    path("items/<int:item_id>/compose/act", may(WRITE, views.act), name="compose-act"),
    path(
        "items/<int:item_id>/compose/measure/<int:post_id>/<int:part>",
        may(SEE_DESK, views.measure),
        name="compose-measure",
    ),
]
