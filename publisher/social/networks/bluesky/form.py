"""What a page asks for an account on Bluesky. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form, Kind

FORM = Form(
    credentials=(
        Field(
            "identifier",
            _("Handle"),
            _("Of the account, or its DID."),
            required=True,
            pattern=r"@?[A-Za-z0-9.-]{3,253}|did:[a-z]+:[A-Za-z0-9._:%-]{1,200}",
            example="office.example.org",
        ),
        Field(
            "app_password",
            _("App password"),
            _("Not the password of the account."),
            secret=True,
            required=True,
        ),
    ),
    settings=(
        Field(
            "service",
            _("Server"),
            _("Only for a server (PDS) of one’s own."),
            Kind.ADDRESS,
            example="https://pds.example.org",
        ),
    ),
    steps=(
        _("In Bluesky: Settings, Privacy and security, App passwords, Add. Enter it here with the handle."),
    ),
)
