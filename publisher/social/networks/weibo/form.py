"""What a page asks for Weibo, where a person posts. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form, Kind

FORM = Form(
    settings=(
        Field(
            "max_characters",
            _("Most characters"),
            _("140 is what readers see unfolded."),
            Kind.NUMBER,
            most=5000,
        ),
        Field("links", _("Most links"), "", Kind.NUMBER, most=20),
        Field("wait_hours", _("Hours to wait for a person"), "", Kind.NUMBER, most=720),
    ),
    steps=(_("A person posts by hand: there is nothing to connect."),),
)
