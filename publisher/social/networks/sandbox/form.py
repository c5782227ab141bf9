"""What a page asks for the sandbox network. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form, Kind

FORM = Form(
    credentials=(Field("token", _("Token"), secret=True, required=True),),
    settings=(Field("url", _("Server"), "", Kind.ADDRESS, required=True, example="http://127.0.0.1:8025"),),
    steps=(_("The sandbox is a network of this machine, for trying things out."),),
)
