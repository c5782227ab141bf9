"""What a page asks for an account on X. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form, Kind

_KEY = r"[\x21-\x7e]{5,200}"

FORM = Form(
    credentials=(
        Field(
            "consumer_key",
            _("API key"),
            secret=True,
            required=True,
            pattern=_KEY,
            example="xvz1evFS4wEEPTGEFPHBog",
        ),
        Field(
            "consumer_secret",
            _("API key secret"),
            secret=True,
            required=True,
            pattern=_KEY,
            example="kAcSOqF21Fu8…",
        ),
        Field(
            "access_token",
            _("Access token"),
            secret=True,
            required=True,
            pattern=_KEY,
            example="370773112-GmHx…",
        ),
        Field(
            "access_token_secret",
            _("Access token secret"),
            secret=True,
            required=True,
            pattern=_KEY,
            example="LswwdoUa…",
        ),
    ),
    settings=(
        Field(
            "threads",
            _("Threads"),
            _("Posts of several messages leave as replies to each other. Some plans refuse replies."),
            Kind.SWITCH,
        ),
        Field("price", _("Price of a post"), _("In dollars, where it is not X’s usual one."), Kind.AMOUNT),
        Field("price_with_link", _("Price of a post with a link"), _("In dollars."), Kind.AMOUNT),
    ),
    steps=(
        _("At developer.x.com make a project and an app, and set its permissions to Read and write."),
        _("Store the app’s keys here and press Connect; or make the access token there and enter all four."),
    ),
)
