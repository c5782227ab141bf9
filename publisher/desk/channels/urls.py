"""The addresses of: channels."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.channels import connecting, editing, views
from publisher.desk.log import repairs
from publisher.people.permissions import PUBLISH, SEE_DESK, SET_UP

urlpatterns = [
    path("channels", may(SEE_DESK, views.index), name="channels"),
    path("channels/new", may(SET_UP, editing.new), name="channel-new"),
    path("channels/came-back", may(SET_UP, connecting.came_back), name="channel-came-back"),
    path("channels/<int:channel_id>/edit", may(SET_UP, editing.edit), name="channel-edit"),
    path("channels/<int:channel_id>/switch", may(SET_UP, editing.switch), name="channel-switch"),
    path("channels/<int:channel_id>/access", may(SET_UP, connecting.edit), name="channel-access"),
    path("channels/<int:channel_id>/app", may(SET_UP, connecting.app), name="channel-app"),
    path("channels/<int:channel_id>/connect", may(SET_UP, connecting.begin), name="channel-connect"),
    path(
        "channels/<int:channel_id>/connecting/<int:connecting_id>",
        may(SET_UP, connecting.choose),
        name="channel-connecting",
    ),
    path(
        "channels/<int:channel_id>/disconnect", may(SET_UP, connecting.disconnect), name="channel-disconnect"
    ),
    path("channels/<int:channel_id>/resume", may(PUBLISH, repairs.resume), name="channel-resume"),
    path("channels/<int:channel_id>/check", may(PUBLISH, repairs.check), name="channel-check"),
]
