"""What a page asks for a chat on Telegram. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form, Kind

FORM = Form(
    credentials=(
        Field(
            "token",
            _("Token of the bot"),
            secret=True,
            required=True,
            pattern=r"[0-9]{3,20}:[A-Za-z0-9_-]{10,100}",
            example="123456:ABC-DEF1234ghIkl-zyx57W2v",
        ),
    ),
    settings=(
        Field(
            "chat",
            _("Chat"),
            _(
                "A public name, or the number of a private chat. The bot must be an administrator who may post."
            ),
            required=True,
            pattern=r"@[A-Za-z0-9_]{4,32}|-?[0-9]{5,20}",
            example="@almaria_office",
        ),
        Field(
            "format",
            _("Format"),
            _("Without a choice, plain text."),
            Kind.CHOICE,
            choices=(("plain", _("Plain text")), ("html", _("The first line is bold"))),
        ),
        Field("silent", _("Without a notification"), "", Kind.SWITCH),
        Field("topic", _("Topic of a group"), _("Its number; mostly empty."), Kind.NUMBER),
        Field(
            "max_characters",
            _("Most characters"),
            _("1024 where every post has pictures."),
            Kind.NUMBER,
            most=4096,
        ),
    ),
    steps=(
        _("In Telegram write to @BotFather: /newbot. It answers with the token."),
        _("Add the bot to the channel as an administrator who may post messages."),
    ),
)
