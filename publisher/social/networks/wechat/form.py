"""What a page asks for a WeChat Official Account. `network.py` says what each value does."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from publisher.social.networks.fields import Field, Form, Kind

FORM = Form(
    credentials=(
        Field(
            "app_id",
            "AppID",
            _("Without AppID and AppSecret the article is copied by hand."),
            pattern=r"wx[0-9a-f]{16}",
            example="wx0123456789abcdef",
        ),
        Field("app_secret", "AppSecret", secret=True),
    ),
    settings=(
        Field("author", _("Author"), _("Cut to 16 characters.")),
        Field("title_limit", _("Most characters of a title"), "", Kind.NUMBER, most=64),
        Field(
            "cover_media_id",
            _("Cover without a picture"),
            _("The number of a picture in the account’s material."),
        ),
        Field("wait_hours", _("Hours to wait for a person"), "", Kind.NUMBER, most=720),
    ),
    steps=(
        _(
            "On mp.weixin.qq.com, under 开发接口管理, copy AppID and AppSecret, and allow this server’s address (IP 白名单)."
        ),
    ),
)
