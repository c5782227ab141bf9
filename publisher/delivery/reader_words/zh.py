"""Letters to readers in Simplified Chinese."""

from __future__ import annotations

from typing import Final

from publisher.delivery.reader_words.text import DIGESTS, Language, Text

_FOOT: Final = "{organisation}\n{postal_address}"

LANGUAGE: Final = Language(
    quote="《{title}》",
    between="、",
    texts={
        "confirm": Text(
            "请确认订阅{titles}",
            (
                "有人（希望是您本人）在 {site} 上申请将{titles}发送到本邮箱。",
                "请打开以下页面并按下按钮确认。链接七天内有效：",
                "{link}",
                "如果不是您本人申请，请不必理会：未经您确认，不会订阅。",
                _FOOT,
            ),
        ),
        "already": Text(
            "您已订阅{titles}",
            (
                "有人（希望是您本人）在 {site} 上申请将{titles}发送到本邮箱。",
                "您已经订阅，一切照旧。以下链接仅供您本人使用：",
                DIGESTS,
                "如果不是您本人申请，请不必理会。",
                _FOOT,
            ),
            "{title}\n更改订阅内容：{preferences}\n退订：{unsubscribe}",
        ),
        "welcome": Text(
            "欢迎订阅{titles}",
            (
                "{greeting}",
                "您已确认订阅{titles}。谢谢！",
                DIGESTS,
                "您收到本邮件，是因为您在 {site} 上订阅了我们的通讯。",
                _FOOT,
            ),
            "{title}\n最新一期：{latest}\n更改订阅内容：{preferences}\n退订：{unsubscribe}",
        ),
        "change_old": Text(
            "您的邮件将改寄到另一个邮箱",
            (
                "有人（希望是您本人）在 {site} 上申请将{titles}改寄到 {new}，不再寄到本邮箱。",
                "如果同意，请打开以下页面并按下按钮。我们也会询问另一个邮箱。链接七天内有效：",
                "{link}",
                "如果不是您本人申请，请在该页面上选择“不同意”，或不必理会：一切照旧。",
                _FOOT,
            ),
        ),
        "change_new": Text(
            "请确认您的新邮箱",
            (
                "有人（希望是您本人）在 {site} 上申请将{titles}从 {old} 改寄到本邮箱。",
                "如果同意，请打开以下页面并按下按钮。我们也会询问另一个邮箱。链接七天内有效：",
                "{link}",
                "如果不是您本人申请，请在该页面上选择“不同意”，或不必理会：不会给您寄送任何邮件。",
                _FOOT,
            ),
        ),
        "data": Text(
            "您的数据",
            (
                "有人（希望是您本人）在 {site} 上申请获取我们保存的有关您的全部内容。",
                "如果是您本人申请，请打开以下页面并按下按钮获取文件。链接 {hours} 小时内有效：",
                "{link}",
                "如果不是您本人申请，请不必理会：没有人会得到这些内容。",
                "持有此链接的人都能获取，因此请勿转发本邮件。",
                _FOOT,
            ),
        ),
        "erase": Text(
            "删除有关您的一切？",
            (
                "有人（希望是您本人）在 {site} 上申请删除我们保存的有关您的全部内容。",
                "如果是您本人申请，请打开以下页面并按下按钮。此操作无法撤销。链接 {hours} 小时内有效：",
                "{link}",
                "如果不是您本人申请，请不必理会：一切照旧。",
                "持有此链接的人都能删除，因此请勿转发本邮件。",
                _FOOT,
            ),
        ),
    },
)
