"""The addresses of: sign-ups."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.sign_ups import views
from publisher.people.permissions import MANAGE_AUDIENCE

urlpatterns = [
    path("sign-ups", may(MANAGE_AUDIENCE, views.index), name="sign-ups"),
    path("sign-ups/<int:sign_up_id>/decide", may(MANAGE_AUDIENCE, views.decide), name="sign-up-decide"),
    path("sign-ups/<int:sign_up_id>/act", may(MANAGE_AUDIENCE, views.act), name="sign-up-act"),
    path("sign-ups/domains", may(MANAGE_AUDIENCE, views.say_of_domain), name="sign-up-domain"),
    path(
        "sign-ups/domains/<int:domain_id>/forget",
        may(MANAGE_AUDIENCE, views.forget_domain),
        name="sign-up-domain-forget",
    ),
]
