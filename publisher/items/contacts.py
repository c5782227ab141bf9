"""Finding phone numbers, e-mail addresses and link teasers in text: what a summary must not hold."""

from __future__ import annotations

import re

_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:，；：]{1,64}\s?(?:@|＠|\[at\]|\(at\))\s?[^\s@<>()\[\],;]{1,190}\.[^\W\d_]{2,24}",
    re.IGNORECASE,
)
# Grouped digits that are labelled as a telephone, begin with + or 00 or 86, or have an area code as in China or France; with the
# extension behind them. Digits touch Chinese characters without a word boundary between them, so they are bounded by digits only.
_LABELS = (
    r"(?:\b(?:tel|phone|telephone|tél|téléphone|teléfono|fax|mobile|mob|cell|whatsapp|hotline)\b\.?\s*[:：]?"
    r"|(?:电话|手机|传真|热线|致电|拨打)\s*[:：]?)"
)
_NUMBERS = (
    _LABELS + r"\s*[+(]?\d[\d\s().\-–/]{4,24}\d",
    r"(?:\+|(?<!\d)00)\s?\d{1,3}[\s().\-–]{0,3}\d(?:[\s().\-–]{0,2}\d){5,13}",
    r"(?<![\d(])\(?86[\s)\-]{0,2}(?:10|2\d|[3-9]\d{2})[\s)\-]{1,2}\d{4}[\s\-]?\d{3,4}(?!\d)",
    r"\(\d{2,5}\)[\s.\-–]{0,2}\d{3,4}[\s.\-–]{0,2}\d{3,4}",
    r"(?<!\d)0\d{2,3}[\s\-–]\d{3,4}[\s\-–]?\d{4}(?!\d)",
    r"(?<!\d)0\d(?:[\s.]\d\d){4}(?!\d)",
    r"(?<!\d)400[\s\-]?\d{3}[\s\-]?\d{4}(?!\d)",
    r"(?<!\d)\d{3}[\-.]\d{3}[\-.]\d{4}(?!\d)",
    r"(?<!\d)1[3-9]\d[\s\-]?\d{4}[\s\-]?\d{4}(?!\d)",
)
_PHONE = re.compile(
    r"(?:" + "|".join(_NUMBERS) + r")(?:\s*(?:ext\.?|extension|转|分机)\s?\d{1,6}(?!\d))?", re.IGNORECASE
)
# Lines that only point at a link which the text no longer has.
_POINTER = re.compile(
    r"(?:please\s+)?(?:click|tap)\s+(?:on\s+)?(?:this|the|here)\b|click here|this link\s*\.?$|请?点击(?:此|这|以下|下方)|点此"
    r"|cliquez (?:ici|sur ce lien)|haga clic (?:aquí|en este enlace)|pulse aquí",
    re.IGNORECASE,
)
_POINTER_LENGTH = 160


def holds_contact(text: str) -> bool:
    """Whether a phone number or an e-mail address stands in the text."""
    return _EMAIL.search(text) is not None or _PHONE.search(text) is not None


def contact_spans(text: str) -> list[tuple[int, int]]:
    """Where phone numbers and e-mail addresses stand, in order."""
    return sorted(found.span() for pattern in (_EMAIL, _PHONE) for found in pattern.finditer(text))


def is_pointer(line: str) -> bool:
    """Whether a short line only sends the reader to a link (“For users in …, please click this link”)."""
    return len(line) <= _POINTER_LENGTH and _POINTER.search(line) is not None
