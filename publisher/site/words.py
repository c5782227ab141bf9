"""The words of the public pages in each language. To add one, add an entry with the same keys."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "skip": "Skip to the content",
        "unsubscribe_title": "Unsubscribe",
        "unsubscribe_ask": "Stop receiving “{title}”?",
        "unsubscribe_explain": "One press is enough. You will get no more mail of this newsletter.",
        "unsubscribe_button": "Unsubscribe",
        "unsubscribe_instead": "Or choose what you receive",
        "left_title": "You are unsubscribed",
        "left_explain": "You will get no more mail of “{title}”. A mail that is on its way may still arrive.",
        "left_close": "You can close this page.",
        "preferences_title": "What you receive",
        "preferences_explain": "These choices are for “{title}” only.",
        "language": "Language",
        "kinds": "Kinds of content",
        "topics": "Topics",
        "none_means_all": "Nothing ticked means everything.",
        "save": "Save",
        "saved": "Saved. Your next mail follows these choices.",
        "not_subscribed": "You are not subscribed to “{title}” at present, so there is nothing to choose.",
        "choose_language": "Choose one of the languages.",
        "stale_title": "This link is not complete",
        "stale_explain": (
            "Perhaps a part was lost when it was copied. Open it again from your mail, "
            "or answer that mail and a person will help you."
        ),
        "gone_title": "This edition is no longer here",
        "gone_explain": "The link is good, but the edition it names is not kept any more or was withdrawn.",
        "personal_title": "Personal links",
        "personal_explain": (
            "This page was opened from a copy of a mail that can be shared. The links to change or end a subscription "
            "work from your own mail only, so that nobody else can use them for you."
        ),
        "landing_explain": "This service sends newsletters and publishes posts for a communications team.",
        "landing_desk": "Open the desk",
        "landing_readers": (
            "Do you receive our mail? Each one has a link at its end to change what you receive, or to unsubscribe."
        ),
    },
    "zh": {
        "skip": "跳到正文",
        "unsubscribe_title": "退订",
        "unsubscribe_ask": "不再接收《{title}》？",
        "unsubscribe_explain": "按一次即可。您将不再收到这份通讯的邮件。",
        "unsubscribe_button": "退订",
        "unsubscribe_instead": "或者更改订阅内容",
        "left_title": "您已退订",
        "left_explain": "您将不再收到《{title}》。已经发出的邮件仍可能到达。",
        "left_close": "您可以关闭本页。",
        "preferences_title": "您订阅的内容",
        "preferences_explain": "以下选择只适用于《{title}》。",
        "language": "语言",
        "kinds": "内容类型",
        "topics": "主题",
        "none_means_all": "不选表示全部接收。",
        "save": "保存",
        "saved": "已保存。下一封邮件将按此发送。",
        "not_subscribed": "您目前没有订阅《{title}》，因此没有可更改的内容。",
        "choose_language": "请选择一种语言。",
        "stale_title": "链接不完整",
        "stale_explain": "复制时可能缺了一部分。请从邮件中重新打开，或直接回复该邮件，我们会有人协助您。",
        "gone_title": "本期内容已不在此处",
        "gone_explain": "链接有效，但所指的这一期不再保存或已撤回。",
        "personal_title": "个人链接",
        "personal_explain": "本页来自一份可以转发的邮件副本。更改或退订的链接只能从您自己的邮件中使用，以免他人代您操作。",
        "landing_explain": "本服务为传播团队发送通讯并发布帖子。",
        "landing_desk": "打开工作台",
        "landing_readers": "您收到过我们的邮件吗？每封邮件末尾都有更改订阅内容或退订的链接。",
    },
}
