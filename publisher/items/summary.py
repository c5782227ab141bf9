"""The summary of an item: the producer's, else the first sentences of the body. Pure; `content.py` calls it."""

from __future__ import annotations

import regex

from publisher.items.contacts import contact_spans, holds_contact, is_pointer
from publisher.items.languages import is_unspaced
from publisher.items.sentences import sentence_ends
from publisher.items.text import one_line

LIMIT = 280
# A producer's summary is kept whole up to here; a longer one (a feed's whole text as its description) is shortened.
KEPT_WHOLE = 500
_LONGEST = 5_000  # characters of a paragraph that are looked at
_ENOUGH = 3  # a first paragraph shorter than a third of the limit is continued with the next one
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}　-〿＀-￯]")
_GRAPHEME = regex.compile(r"\X")
_LOOSE_END = " \t,;:–—-(“‘«、，；：（"


def summarise(producer_summary: str, body_text: str, language: str, limit: int = LIMIT) -> str:
    """One line without phone number or e-mail address, "" when nothing is left.

    `body_text` has paragraphs parted by blank lines. Whole sentences up to `limit` characters; a first sentence longer
    than that is cut between words (Chinese: between characters) and gets “…”.
    """
    given = _without_contacts(one_line(producer_summary))
    if given:
        return given if len(given) <= max(KEPT_WHOLE, limit) else _shorten(given, limit)
    return _lead(body_text, language, limit)


def first_sentences(text: str, limit: int) -> str:
    """The longest prefix of whole sentences within `limit` characters; "" if even the first is longer."""
    end = 0
    for offset in sentence_ends(text):
        if offset > limit:
            break
        end = offset
    return text[:end]


def cut(text: str, limit: int) -> str:
    """`text`, or its longest prefix that cuts no word, with “…”, together at most `limit` characters.

    A single word longer than the limit is cut between graphemes: there is no other way to keep the limit.
    """
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    end = limit - 1
    while end > 0 and not _is_word_border(text, end):
        end -= 1
    if not text[:end].rstrip(_LOOSE_END):
        end = _last_grapheme_end(text, limit - 1)
    return text[:end].rstrip(_LOOSE_END) + "…"


def _lead(body_text: str, language: str, limit: int) -> str:
    lead = ""
    for paragraph in body_text.split("\n\n"):
        line = one_line(paragraph[:_LONGEST])
        if not line or is_pointer(line) or holds_contact(line):
            line = _without_contacts(line) if line and not is_pointer(line) else ""
        if not line or (lead and not _is_prose(line)):
            continue
        joint = "" if not lead or is_unspaced(language) else " "
        more = first_sentences(line, limit - len(lead) - len(joint)) or (
            line if _fits(lead, joint, line, limit) else ""
        )
        if not lead:
            lead = more or cut(line, limit)
            if len(lead) >= limit // _ENOUGH or lead.endswith("…"):
                break
            continue
        return lead + joint + more if more else lead
    return lead


def _fits(lead: str, joint: str, line: str, limit: int) -> bool:
    """A paragraph without any end of a sentence (a caption, a one-line body) counts as one sentence."""
    return len(lead) + len(joint) + len(line) <= limit


def _is_prose(line: str) -> bool:
    """Sub-heads have no end of a sentence; they do not belong in a summary."""
    return any(True for _ in sentence_ends(line))


def _shorten(text: str, limit: int) -> str:
    return first_sentences(text, limit) or cut(text, limit)


def _without_contacts(line: str) -> str:
    """The line without the sentences that hold a phone number or an address; all of it when none does."""
    spans = contact_spans(line)
    if not spans:
        return line
    ends = [0, *sentence_ends(line), len(line)]
    kept, position = [], 0
    for start, end in spans:
        opens = (
            start if line[:start].rstrip().endswith((".", "!", "?")) else max(e for e in ends if e <= start)
        )
        kept.append(line[position : max(opens, position)])
        position = max(min(e for e in ends if e >= end), position)
    rest = " ".join("".join([*kept, line[position:]]).split())
    return "" if holds_contact(rest) else rest


def _is_word_border(text: str, end: int) -> bool:
    before, after = text[end - 1], text[end]
    if before.isspace() or after.isspace():
        return True
    return bool(_UNSPACED.match(before) or _UNSPACED.match(after)) and not regex.match(r"[\p{M}\p{P}]", after)


def _last_grapheme_end(text: str, limit: int) -> int:
    end = 0
    for found in _GRAPHEME.finditer(text, 0, limit + 1):
        if found.end() > limit:
            break
        end = found.end()
    return end or limit
