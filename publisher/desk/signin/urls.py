"""The addresses of coming in and going out."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import anyone
from publisher.desk.signin import invitation, language, login, reset, second_step, single_sign_on

urlpatterns = [
    path("language", anyone(language.choose), name="language"),
    path("login", anyone(login.login), name="login"),
    path("login/passkey", anyone(login.passkey), name="login-passkey"),
    path("login/second-step", anyone(second_step.second_step), name="second-step"),
    path("logout", anyone(login.logout), name="logout"),
    path("sso", anyone(single_sign_on.begin), name="sso"),
    path("sso/callback", anyone(single_sign_on.callback), name="sso-callback"),
    path("invitation/<str:token>", anyone(invitation.accept), name="invitation"),
    path("reset", anyone(reset.ask), name="reset-ask"),
    path("reset/done", anyone(reset.done), name="reset-done"),
    path("reset/<str:key>/<str:token>", anyone(reset.reset), name="reset"),
]

names_of_allauth = [
    path("login", anyone(login.login), name="account_login"),
    path("login/second-step", anyone(second_step.second_step), name="mfa_authenticate"),
]
"""The same views under the names by which django-allauth leads to them."""
