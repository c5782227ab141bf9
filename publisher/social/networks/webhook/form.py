"""What a page asks for a webhook. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.core.marking import gettext_noop
from publisher.social.networks.fields import Field, Form, Kind

FORM = Form(
    credentials=(
        Field(
            "url",
            _("Address"),
            _("Whoever knows it can post to a room, so it is kept like a password."),
            Kind.ADDRESS,
            secret=True,
            required=True,
            example="https://hooks.example.org/T0/B0/x",
        ),
        Field(
            "secret",
            _("Secret for the signature"),
            _("For a signed event; the receiver has the same."),
            secret=True,
            pattern=r"whsec_[A-Za-z0-9+/=]{20,200}( whsec_[A-Za-z0-9+/=]{20,200})?",
            example="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ),
    ),
    settings=(
        Field(
            "format",
            _("Receiver"),
            _("Without a choice, a signed event."),
            Kind.CHOICE,
            choices=(
                ("generic", _("A signed event (CloudEvents)")),
                ("slack", "Slack"),
                ("teams", gettext_noop("Microsoft Teams")),
                ("discord", "Discord"),
            ),
        ),
        Field(
            "source",
            _("Sender in events"),
            _("An address that names this office."),
            example="https://office.example.org",
        ),
        Field("max_characters", _("Most characters"), "", Kind.NUMBER, most=5000),
    ),
    steps=(_("Make an incoming webhook at the receiver, and copy its address."),),
)
