"""What a page asks for an account on Mastodon. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form, Kind

FORM = Form(
    credentials=(
        Field(
            "access_token",
            _("Access token"),
            _("With the scopes read:accounts, read:statuses, write:statuses and write:media."),
            secret=True,
            required=True,
            pattern=r"[\x21-\x7e]{8,500}",
            example="cZ3v…",
        ),
    ),
    settings=(
        Field(
            "url",
            _("Server"),
            _("Where the account lives."),
            Kind.ADDRESS,
            required=True,
            example="https://mastodon.example",
        ),
        Field("content_warning", _("Content warning"), _("Stands before every post. Mostly empty.")),
        Field(
            "visibility",
            _("Visibility"),
            _("Without a choice, what the account is set to."),
            Kind.CHOICE,
            choices=(
                ("public", _("Public")),
                ("unlisted", _("Unlisted: not in public timelines")),
                ("private", _("Followers only")),
            ),
        ),
    ),
    steps=(
        _("Enter the server’s address, then press Connect: the server asks whether Publisher may post."),
        _("Or on the server: Preferences, Development, New application; then copy its access token."),
    ),
)
