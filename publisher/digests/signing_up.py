"""What somebody agrees to who signs up for a digest, and the form that other sites may show, by the pages' languages.

The words stand here and not among those of the public pages, since the desk shows the form, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from publisher.audience.evidence import mark
from publisher.digests.models import Digest
from publisher.render.words import base, direction

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "one": "I want to receive “{title}” from {organisation} by e-mail. "
        "I can change or end this at any time by a link in every mail.",
        "several": "I want to receive the newsletters that I chose above from {organisation} by e-mail. "
        "I can change or end this at any time by a link in every mail.",
        "between": ", ",
        "email": "E-mail address",
        "button": "Subscribe",
    },
    "zh": {
        "one": "我希望通过电子邮件接收{organisation}发送的《{title}》。我可以随时用每封邮件中的链接更改或退订。",
        "several": "我希望通过电子邮件接收{organisation}发送的、我在上面选择的通讯。我可以随时用每封邮件中的链接更改或退订。",
        "between": "、",
        "email": "电子邮箱",
        "button": "订阅",
    },
    "ar": {
        "one": "أريد أن أتلقى «{title}» من {organisation} عبر البريد الإلكتروني. "
        "يمكنني تغيير ذلك أو إنهاؤه في أي وقت برابط في كل رسالة.",
        "several": "أريد أن أتلقى عبر البريد الإلكتروني النشرات التي اخترتها أعلاه من {organisation}. "
        "يمكنني تغيير ذلك أو إنهاؤه في أي وقت برابط في كل رسالة.",
        "between": "، ",
        "email": "عنوان البريد الإلكتروني",
        "button": "اشترك",
    },
}


def consent(digests: Sequence[Digest], language: str) -> str:
    """What the owner of an address agrees to by a form that offers these digests, in one of the languages above."""
    words = WORDS[language]
    known = filter(
        None, (each.text("organisation", language) or each.text("from_name", language) for each in digests)
    )
    by = words["between"].join(dict.fromkeys(known))
    text = (
        words["one"].replace("{title}", digests[0].text("title", language))
        if len(digests) == 1
        else words["several"]
    )
    return text.replace("{organisation}", by)


def snippet(digest: Digest, language: str, *, base_url: str) -> SafeString:
    """The form of one digest as plain HTML, to be copied into a page of another site. No script, no style, no cookie."""
    words, text = WORDS[language], consent([digest], language)
    return format_html(
        '<form method="post" action="{action}" lang="{language}" dir="{way}">\n'
        '  <p><label>{email} <input type="text" inputmode="email" name="email" required maxlength="254" '
        'autocomplete="email" dir="ltr"></label></p>\n'
        "  <p>{text}</p>\n"
        '  <input type="hidden" name="lang" value="{language}">\n'
        '  <input type="hidden" name="text" value="{text}">\n'
        '  <input type="hidden" name="shown" value="{shown}">\n'
        '  <p><button type="submit">{button}</button></p>\n'
        "</form>\n",
        action=f"{base_url}/subscribe/{digest.slug}",
        language=base(language),
        way=direction(language),
        email=words["email"],
        text=text,
        shown=mark(digest.slug, language, text),
        button=words["button"],
    )
