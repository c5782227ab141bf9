"""The addresses of the people page."""

from __future__ import annotations

from django.urls import path, re_path

from publisher.desk.access import may
from publisher.desk.people import views
from publisher.people.permissions import MANAGE_PEOPLE

ACTIONS = "role|deactivate|reactivate|reset-mfa|end-sessions"

urlpatterns = [
    path("people", may(MANAGE_PEOPLE, views.index), name="people"),
    path("people/invite", may(MANAGE_PEOPLE, views.invite), name="people-invite"),
    path(
        "people/invitations/<int:invitation_id>/again",
        may(MANAGE_PEOPLE, views.invite_again),
        name="people-invite-again",
    ),
    path(
        "people/invitations/<int:invitation_id>/withdraw",
        may(MANAGE_PEOPLE, views.withdraw),
        name="people-withdraw",
    ),
    path("people/<int:user_id>", may(MANAGE_PEOPLE, views.person), name="person"),
    re_path(
        rf"^people/(?P<user_id>[0-9]{{1,18}})/(?P<action>{ACTIONS})$",
        may(MANAGE_PEOPLE, views.act),
        name="person-act",
    ),
]
