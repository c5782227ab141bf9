"""The addresses of: mail servers."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.mail import keys, mailboxes, providers, views
from publisher.people.permissions import SET_UP

urlpatterns = [
    path("mail", may(SET_UP, views.index), name="mail"),
    path("mail/examine", may(SET_UP, views.examine_now), name="mail-examine"),
    path("mail/test", may(SET_UP, views.test), name="mail-test"),
    path("mail/keys/new", may(SET_UP, keys.create), name="mail-key-new"),
    path("mail/keys/<int:key_id>/<str:deed>", may(SET_UP, keys.act), name="mail-key"),
    path("mail/providers", may(SET_UP, providers.index), name="mail-providers"),
    path("mail/providers/new", may(SET_UP, providers.new), name="mail-provider-new"),
    path("mail/providers/<int:door_id>/secret", may(SET_UP, providers.secret), name="mail-provider-secret"),
    path("mail/providers/<int:door_id>/remove", may(SET_UP, providers.remove), name="mail-provider-remove"),
    path("mail/mailboxes", may(SET_UP, mailboxes.index), name="mailboxes"),
    path("mail/mailboxes/new", may(SET_UP, mailboxes.new), name="mailbox-new"),
    path("mail/mailboxes/<int:mailbox_id>/edit", may(SET_UP, mailboxes.edit), name="mailbox-edit"),
    path("mail/mailboxes/<int:mailbox_id>/<str:deed>", may(SET_UP, mailboxes.act), name="mailbox-deed"),
]
