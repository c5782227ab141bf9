"""The fixed words of mails in each language: kinds of items, greetings, the footer. One table; English
where one lacks.

To add a language, add one entry to KINDS, PHRASES and GREETINGS, and its date in render/dates.py.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

Direction = Literal["ltr", "rtl"]

KIND_NAMES: Final = ("story", "press_release", "speech", "video", "publication", "event", "podcast", "other")

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("Story", "Press release", "Speech", "Video", "Publication", "Event", "Podcast", "News"),
    "zh": ("报道", "新闻稿", "讲话", "视频", "出版物", "活动", "播客", "消息"),
    "fr": (
        *("Récit", "Communiqué de presse", "Discours", "Vidéo"),
        *("Publication", "Événement", "Podcast", "Actualité"),
    ),
    "es": (
        *("Historia", "Comunicado de prensa", "Discurso", "Vídeo"),
        *("Publicación", "Evento", "Pódcast", "Noticia"),
    ),
    "ar": ("قصة", "بيان صحفي", "كلمة", "فيديو", "منشور", "فعالية", "بودكاست", "خبر"),
}

# What a language calls the fixed parts of a mail; {braces} are filled by `phrase`.
PHRASES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "read": "Read: {title}",
        "topics": "Topics",
        "web": "Read this mail on the web",
        "preferences": "Change what you receive",
        "unsubscribe": "Unsubscribe from {title}",
        "why": "You receive this mail because you subscribed to {title}.",
        "colon": ": ",
    },
    "zh": {
        "read": "阅读：{title}",
        "topics": "主题",
        "web": "在网页上阅读本邮件",
        "preferences": "更改订阅内容",
        "unsubscribe": "退订《{title}》",
        "why": "您收到本邮件，是因为您订阅了《{title}》。",
        "colon": "：",
    },
    "fr": {
        "read": "Lire : {title}",
        "topics": "Thèmes",
        "web": "Lire ce message sur le web",
        "preferences": "Modifier ce que vous recevez",
        "unsubscribe": "Se désabonner de « {title} »",
        "why": "Vous recevez ce message parce que vous êtes abonné(e) à « {title} ».",
        "colon": " : ",
    },
    "es": {
        "read": "Leer: {title}",
        "topics": "Temas",
        "web": "Leer este mensaje en la web",
        "preferences": "Cambiar lo que recibe",
        "unsubscribe": "Darse de baja de «{title}»",
        "why": "Recibe este mensaje porque se suscribió a «{title}».",
        "colon": ": ",
    },
    "ar": {
        "read": "اقرأ: {title}",
        "topics": "المواضيع",
        "web": "اقرأ هذه الرسالة على الويب",
        "preferences": "غيّر ما يصلك",
        "unsubscribe": "إلغاء الاشتراك في «{title}»",
        "why": "تصلك هذه الرسالة لأنك مشترك في «{title}».",
        "colon": ": ",
    },
}

# With a name, and without one.
GREETINGS: Final[dict[str, tuple[str, str]]] = {
    "en": ("Dear {name},", "Dear reader,"),
    "zh": ("{name}，您好！", "您好！"),
    "fr": ("Bonjour {name},", "Bonjour,"),
    "es": ("Hola, {name}:", "Hola:"),
    "ar": (
        "\u200f{name}، تحية طيبة،",
        "تحية طيبة،",
    ),  # the mark: so that a Latin name does not turn the line in a text part
}

_RIGHT_TO_LEFT = frozenset({"ar", "he", "iw", "fa", "ur", "ps", "sd", "ug", "yi", "ckb", "dv"})


def kind_label(kind: str, language: str) -> str:
    """What `language` calls an item of `kind`; a kind that is not in the table is called news."""
    labels = KINDS.get(base(language), KINDS["en"])
    return labels[KIND_NAMES.index(kind) if kind in KIND_NAMES else -1]


def phrase(key: str, language: str, **values: str) -> str:
    """The fixed phrase `key`, its braces filled as they are (values with braces of their own are safe)."""
    text = PHRASES.get(base(language), PHRASES["en"])[key]
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def greeting(language: str, name: str = "") -> str:
    """The greeting line for one recipient: the value of the slot `greeting`."""
    named, nameless = _greetings(language)
    name = " ".join(name.split())
    return named.replace("{name}", name) if name else nameless


@lru_cache(maxsize=64)  # asked for every recipient
def _greetings(language: str) -> tuple[str, str]:
    return GREETINGS.get(base(language), GREETINGS["en"])


def direction(language: str) -> Direction:
    """Which way `language` (BCP 47) is written. A script subtag decides before the language does."""
    subtags = language.lower().replace("_", "-").split("-")
    script = next((subtag for subtag in subtags[1:] if len(subtag) == 4 and subtag.isalpha()), "")
    if script:
        return "rtl" if script in {"arab", "hebr", "thaa", "syrc", "nkoo"} else "ltr"
    return "rtl" if subtags[0] in _RIGHT_TO_LEFT else "ltr"


def base(language: str) -> str:
    """The language without script and region: `zh` of `zh-Hans-CN`."""
    return language.lower().replace("_", "-").partition("-")[0]
