"""What a page asks for a page on LinkedIn. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form

FORM = Form(
    credentials=(
        Field(
            "access_token",
            _("Access token"),
            _("Made by an administrator of the page, with w_organization_social and r_organization_social."),
            secret=True,
            required=True,
            pattern=r"[\x21-\x7e]{10,2000}",
            example="AQXdSP_W41…",
        ),
        Field(
            "client_id",
            _("Client ID of the app"),
            _("With it and its secret LinkedIn is asked how long the token lives."),
        ),
        Field("client_secret", _("Client secret of the app"), secret=True),
    ),
    settings=(
        Field(
            "organization",
            _("Page number"),
            _("As in the address of its admin view."),
            required=True,
            pattern=r"(urn:li:organization:)?[0-9]{1,20}",
            example="2414183",
        ),
        Field(
            "linkedin_version",
            _("Version of the API"),
            _("Without one, that of this release of Publisher."),
            pattern=r"20[0-9]{4}",
            example="202607",
        ),
    ),
    steps=(
        _(
            "At linkedin.com/developers make an app for the page, and ask for the product “Community Management API”."
        ),
        _(
            "Store the app’s keys here and press Connect as an administrator of the page: then choose the page."
        ),
    ),
)
