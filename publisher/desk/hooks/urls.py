"""The addresses of webhooks."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.hooks import deeds, editing, views
from publisher.people.permissions import INTEGRATE

urlpatterns = [
    path("webhooks", may(INTEGRATE, views.index), name="webhooks"),
    path("webhooks/new", may(INTEGRATE, editing.new), name="webhook-new"),
    path("webhooks/<int:endpoint_id>", may(INTEGRATE, views.detail), name="webhook"),
    path("webhooks/<int:endpoint_id>/edit", may(INTEGRATE, editing.edit), name="webhook-edit"),
    path("webhooks/<int:endpoint_id>/switch", may(INTEGRATE, deeds.switch), name="webhook-switch"),
    path("webhooks/<int:endpoint_id>/secret", may(INTEGRATE, deeds.rotate), name="webhook-secret"),
    path("webhooks/<int:endpoint_id>/test", may(INTEGRATE, deeds.test), name="webhook-test"),
    path("webhooks/<int:endpoint_id>/replay", may(INTEGRATE, deeds.replay_since), name="webhook-replay"),
    path("webhooks/<int:endpoint_id>/remove", may(INTEGRATE, deeds.remove), name="webhook-remove"),
    path(
        "webhooks/<int:endpoint_id>/messages/<int:message_id>",
        may(INTEGRATE, views.message),
        name="webhook-message",
    ),
    path(
        "webhooks/<int:endpoint_id>/messages/<int:message_id>/replay",
        may(INTEGRATE, deeds.replay),
        name="webhook-message-replay",
    ),
]
