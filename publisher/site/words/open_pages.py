"""The words of the public archive and of counting, in each language: one block, since they came together."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "archive_title": "Newsletter archive",
        "archive_explain": "Past editions of our newsletters, open to everybody.",
        "archive_none": "There is no open archive here yet.",
        "archive_empty": "No edition in this language has been sent yet.",
        "archive_subscribe": "Subscribe to this newsletter",
        "archive_all_editions": "All editions",
        "archive_all_digests": "All newsletters",
        "archive_feed": "Atom feed",
        "archive_search": "Search the editions",
        "archive_search_button": "Search",
        "archive_found": "Editions with “{words}”.",
        "archive_found_none": "No edition has “{words}”.",
        "archive_older": "Older editions",
        "archive_newest": "The newest editions",
        "archive_before": "The edition before",
        "archive_after": "The next edition",
        "archive_beside": "Other editions",
        "archive_left_out": "Something that this edition held was withdrawn or is not public at present, and is left out.",
        "archive_corrected": "Corrected on {day}, after this edition was sent.",
        "archive_nothing_left": "Nothing of this edition is public any more.",
        "archive_missing_title": "There is no such page",
        "archive_missing_explain": "Perhaps the address is not complete, or this newsletter has no open archive.",
        "archive_public": "This edition for everybody, to share",
        "counting_title": "May we count what you open?",
        "counting_text": (
            "If you agree, we keep which of our mails you open and which links in them you follow, each with its time. "
            "Only our staff see it, to learn what is useful to you. You can withdraw at any time on this page; then it is "
            "deleted. Without your agreement nothing of this is kept about you. If your browser asks not to be tracked, we "
            "follow that too."
        ),
        "counting_on": "You agreed to this.",
        "counting_off": "You have not agreed, so nothing of this is kept about you.",
        "counting_agree": "I agree",
        "counting_withdraw": "Withdraw, and delete it",
        "counting_saved": "Saved.",
    },
    "zh": {
        "archive_title": "往期通讯",
        "archive_explain": "我们通讯的往期内容，向所有人开放。",
        "archive_none": "这里还没有公开的往期内容。",
        "archive_empty": "这种语言还没有发送过任何一期。",
        "archive_subscribe": "订阅本通讯",
        "archive_all_editions": "全部各期",
        "archive_all_digests": "全部通讯",
        "archive_feed": "Atom 订阅源",
        "archive_search": "搜索各期内容",
        "archive_search_button": "搜索",
        "archive_found": "含有“{words}”的各期。",
        "archive_found_none": "没有一期含有“{words}”。",
        "archive_older": "更早的各期",
        "archive_newest": "最新的各期",
        "archive_before": "上一期",
        "archive_after": "下一期",
        "archive_beside": "其他各期",
        "archive_left_out": "本期原有的部分内容已被撤回，或目前不公开，因此未显示。",
        "archive_corrected": "本期发送后，此内容于{day}更正。",
        "archive_nothing_left": "本期已没有可公开的内容。",
        "archive_missing_title": "没有这个页面",
        "archive_missing_explain": "也许网址不完整，也许这份通讯没有公开的往期内容。",
        "archive_public": "本期的公开网页，可以分享",
        "counting_title": "可以统计您打开的内容吗？",
        "counting_text": (
            "如果您同意，我们会记录您打开了哪些邮件、点击了其中哪些链接以及时间。只有我们的工作人员能看到，用来了解什么对您有用。"
            "您随时可以在本页撤回同意，届时这些记录会被删除。未经您同意，我们不会保存这些关于您的记录。如果您的浏览器要求不被跟踪，我们同样遵守。"
        ),
        "counting_on": "您已同意。",
        "counting_off": "您没有同意，因此我们没有保存这些关于您的记录。",
        "counting_agree": "我同意",
        "counting_withdraw": "撤回并删除",
        "counting_saved": "已保存。",
    },
    "ar": {
        "archive_title": "أرشيف النشرات",
        "archive_explain": "الأعداد السابقة من نشراتنا، متاحة للجميع.",
        "archive_none": "لا يوجد أرشيف مفتوح هنا بعد.",
        "archive_empty": "لم يُرسل بعد أي عدد بهذه اللغة.",
        "archive_subscribe": "اشترك في هذه النشرة",
        "archive_all_editions": "كل الأعداد",
        "archive_all_digests": "كل النشرات",
        "archive_feed": "موجز Atom",
        "archive_search": "ابحث في الأعداد",
        "archive_search_button": "بحث",
        "archive_found": "الأعداد التي ورد فيها «{words}».",
        "archive_found_none": "لم يرد «{words}» في أي عدد.",
        "archive_older": "أعداد أقدم",
        "archive_newest": "أحدث الأعداد",
        "archive_before": "العدد السابق",
        "archive_after": "العدد التالي",
        "archive_beside": "أعداد أخرى",
        "archive_left_out": "سُحب شيء مما تضمنه هذا العدد أو لم يعد متاحا للجميع حاليا، ولذلك لا يظهر هنا.",
        "archive_corrected": "صُحح في {day} بعد إرسال هذا العدد.",
        "archive_nothing_left": "لم يبق من هذا العدد ما هو متاح للجميع.",
        "archive_missing_title": "لا توجد صفحة كهذه",
        "archive_missing_explain": "ربما كان العنوان غير مكتمل، أو ليس لهذه النشرة أرشيف مفتوح.",
        "archive_public": "هذا العدد متاح للجميع ويمكن مشاركته",
        "counting_title": "هل تسمح لنا بإحصاء ما تفتحه؟",
        "counting_text": (
            "إذا وافقت، سنحفظ أي رسائلنا تفتح وأي الروابط فيها تتبع، ووقت ذلك. لا يطلع على ذلك إلا موظفونا، لمعرفة ما "
            "يفيدك. يمكنك سحب موافقتك في أي وقت من هذه الصفحة، وعندئذ يُحذف كل ذلك. من دون موافقتك لا نحفظ شيئا من هذا "
            "عنك. وإذا طلب متصفحك عدم التتبع التزمنا بذلك أيضا."
        ),
        "counting_on": "لقد وافقت على ذلك.",
        "counting_off": "لم توافق، ولذلك لا نحفظ شيئا من هذا عنك.",
        "counting_agree": "أوافق",
        "counting_withdraw": "أسحب موافقتي، واحذفوا ما حُفظ",
        "counting_saved": "تم الحفظ.",
    },
}
