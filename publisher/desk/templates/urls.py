"""The addresses of: templates."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.templates import views
from publisher.people.permissions import DESIGN

urlpatterns = [
    path("templates", may(DESIGN, views.index), name="templates"),
    path("templates/<int:channel_id>", may(DESIGN, views.edit), name="template"),
    path("templates/<int:channel_id>/preview", may(DESIGN, views.preview), name="template-preview"),
    path("templates/<int:channel_id>/drafts", may(DESIGN, views.drafts), name="template-drafts"),
    path(
        "templates/<int:channel_id>/versions/<int:number>",
        may(DESIGN, views.version),
        name="template-version",
    ),
]
