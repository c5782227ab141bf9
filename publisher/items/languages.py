"""Language tags (BCP 47, RFC 5646): checking, normal form, and a guess by script. No dictionary of words."""

from __future__ import annotations

import re

from publisher.items.text import words

MAX_TAG = 35

# ISO 639-1. Three-letter codes are taken as given: the list of them changes every year.
_TWO_LETTER = words(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de "
    "dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id "
    "ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu "
    "lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu "
    "rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to "
    "tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_OLD_CODES = {"iw": "he", "in": "id", "ji": "yi", "mo": "ro", "jw": "jv"}
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?P<extlang>-[a-z]{3})?(?P<script>-[a-z]{4})?(?P<region>-(?:[a-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?)",
    re.IGNORECASE,
)
_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", "\u3040-\u30ff"),
    ("ko", "\uac00-\ud7af\u1100-\u11ff"),
    ("zh", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"),
    ("ar", "\u0600-\u06ff\u0750-\u077f"),
    ("he", "\u0590-\u05ff"),
    ("ru", "\u0400-\u04ff"),
    ("el", "\u0370-\u03ff"),
    ("hi", "\u0900-\u097f"),
    ("th", "\u0e00-\u0e7f"),
)
# Which languages a script may stand for, so that a default among them wins over the guess.
_SHARED = {
    "ar": {"ar", "fa", "ur", "ps", "ug", "ckb", "sd"},
    "ru": {"ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg"},
    "zh": {"zh", "yue", "ja"},
    "hi": {"hi", "ne", "mr"},
    "he": {"he", "yi"},
}
_COUNTED = {name: re.compile(f"[{ranges}]") for name, ranges in _SCRIPTS}
_LETTER = re.compile(r"[^\W\d_]")
_SAMPLE = 2000


def normalise_tag(tag: str) -> str | None:
    """`ZH_hans-cn` → `zh-Hans-CN`; None if it is no language tag. Grandfathered and private-use-only tags are refused."""
    found = _TAG.fullmatch(tag.strip().replace("_", "-"))
    if found is None or len(tag) > MAX_TAG:
        return None
    language = found["language"].lower()
    language = _OLD_CODES.get(language, language)
    if len(language) == 2 and language not in _TWO_LETTER:
        return None
    return (
        language
        + (found["extlang"] or "").lower()
        + (found["script"] or "").title()
        + (found["region"] or "").upper()
        + (found["rest"] or "").lower()
    )


def primary(tag: str) -> str:
    """`zh-Hans-CN` → `zh`."""
    return tag.partition("-")[0].lower()


def is_unspaced(tag: str) -> bool:
    """Written without spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese."""
    return primary(tag) in {"zh", "yue", "ja", "th", "lo", "km", "my"}


def guess_language(text: str, default: str) -> str:
    """The language that the script of the text shows, else `default`. Latin letters never overrule a Latin default.

    A script must hold a third of the letters; kana need only a twentieth, as Japanese is written with Chinese characters too.
    """
    sample = text[:_SAMPLE]
    if sample.isascii():
        return _latin(default) if _LETTER.search(sample) else default
    letters = len(_LETTER.findall(sample))
    if not letters:
        return default
    shares = {name: len(pattern.findall(sample)) / letters for name, pattern in _COUNTED.items()}
    if shares["ja"] >= 0.05 and shares["ja"] + shares["zh"] >= 0.3:
        return default if primary(default) == "ja" else "ja"
    best = max(shares, key=lambda name: shares[name])
    if shares[best] < 1 / 3:
        return _latin(default)
    return (
        default
        if primary(default) in _SHARED.get(best, {best}) - ({"ja"} if best == "zh" else set())
        else best
    )


def _latin(default: str) -> str:
    """A text in Latin letters on a page whose default is written otherwise is taken for English."""
    non_latin = {name for name, _ in _SCRIPTS} | set().union(*_SHARED.values())
    return "en" if primary(default) in non_latin - {"kk", "sr", "uz"} else default
