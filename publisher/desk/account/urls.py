"""The addresses of a person's own account."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import own
from publisher.desk.account import proving, second_steps, views

urlpatterns = [
    path("account", own(views.account), name="account"),
    path("account/preferences", own(views.prefer), name="account-preferences"),
    path("account/password", own(views.change_password), name="account-password"),
    path("account/sessions/<int:session_id>/end", own(views.end_session), name="account-session-end"),
    path("account/sessions/end", own(views.end_sessions), name="account-sessions-end"),
    path("account/prove", own(proving.prove), name="account-prove"),
    path("account/app", own(second_steps.app), name="account-app"),
    path("account/app/remove", own(second_steps.remove_app), name="account-app-remove"),
    path("account/passkeys/add", own(second_steps.add_passkey), name="account-passkey-add"),
    path("account/passkeys/<int:passkey_id>", own(second_steps.passkey), name="account-passkey"),
    path("account/recovery-codes", own(second_steps.codes), name="account-codes"),
    path("account/recovery-codes/make", own(second_steps.make_codes), name="account-codes-make"),
]
