"""The public addresses: what mails link to. Short, because they stand in every mail."""

from __future__ import annotations

from django.urls import path

from publisher.site import landing, preferences, unsubscribe, webversion

app_name = "site"

urlpatterns = [
    path("", landing.landing, name="landing"),
    path("personal-links", landing.personal_links, name="personal-links"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("p/<str:token>", preferences.preferences, name="preferences"),
    path("e/<str:token>", webversion.web_version, name="web-version"),
]
