"""What a page asks for a page on Facebook. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form

FORM = Form(
    credentials=(
        Field(
            "access_token",
            _("Access token of the page"),
            _("The page’s own, not that of a person."),
            secret=True,
            required=True,
            pattern=r"[\x21-\x7e]{10,2000}",
            example="EAAC…",
        ),
        Field(
            "app_id",
            _("App ID"),
            _("With it and its secret requests are signed, and the token’s end is known."),
        ),
        Field("app_secret", _("App secret"), secret=True),
    ),
    settings=(
        Field(
            "page",
            _("Page number"),
            _("As in About, Page transparency."),
            required=True,
            pattern=r"[0-9]{1,30}",
            example="102030405060708",
        ),
        Field(
            "graph_version",
            _("Version of the API"),
            _("Without one, that of this release of Publisher."),
            pattern=r"v[0-9]{1,3}[.][0-9]{1,2}",
            example="v26.0",
        ),
    ),
    steps=(
        _("At developers.facebook.com make an app of the type Business."),
        _(
            "Store the app’s keys here and press Connect as somebody who may create content on the page: then choose the page."
        ),
    ),
)
