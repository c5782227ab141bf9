"""The tail of a press item: contact block, notes to editors, boilerplate and “originally published by”, each found by table.

Lines are judged one by one; phrases of all languages apply to every text. `content.py` calls this, with lines of text or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from publisher.items.contacts import holds_contact


class Part(Enum):
    BODY = "body"
    CONTACT = "contact"
    NOTES = "notes"
    ATTRIBUTION = "attribution"
    MARKER = "marker"


@dataclass(frozen=True)
class Tails:
    """The four texts, paragraphs parted by blank lines, and the part of each given line."""

    body: str
    contact: str
    notes: str
    attribution: str
    parts: tuple[Part, ...]


# The end of a press text, on a line of its own.
_HARD_MARKER = re.compile(
    r"[-–—*#\s(（]*(?:ends?|fin|-?30-?|完|全文完|正文完|结束)[-–—*#\s)）.。]*|#(?:\s?#){2,}", re.IGNORECASE
)
# A rule is the end only if a tail follows it: it also parts the sections of a body.
_SOFT_MARKER = re.compile(r"(?:[-–—_*=~•·]\s?){3,}")
_CONTACT = re.compile(
    r"""
      (?:for\s+(?:further|more|additional|any|all|general|media|press|interviews?)\b|to\s+(?:request|arrange)\b).{0,60}?(?:information|enquir\w+|inquir\w+|interviews?|queries|details)\b
        (?:.{0,60}?\b(?:please|contact|e-?mail|reach|call|write)|\s*[:：])
    | (?:for\s+)?(?:media|press)\s+(?:enquir\w+|inquir\w+|queries|requests)\b.{0,40}?[:：]
    | (?:(?:media|press|news)\s+)?
        (?:contacts?|contact\s+(?:details?|persons?|information)|enquir(?:y|ies)|inquir(?:y|ies))\s*(?:details?)?\s*(?:[:：].*)?$
    | (?:media|press)\s+(?:office|team|contact\w*)\s*[:：]
    | please\s+contact\b
    | (?:新闻|媒体|采访)?(?:联系|联络|垂询|咨询)(?:人|方式|我们|信息)?\s*(?:[:：].*)?$
    | (?:媒体|新闻)(?:联系|联络|垂询|问询|咨询)
    | (?:如需|欲|如欲|若需|更多).{0,24}(?:联系|联络|垂询|致电)
    | pour\ (?:plus|de\ plus|toute|tout|davantage).{0,60}?(?:contact|écri|adress|veuillez)
    | contacts?\s+(?:presse|médias?)\b | (?:service|relations?|attachée?)\s+(?:de\s+)?presse\s*[:：]
    | (?:para|si\ desea)\ .{0,16}?(?:más|mayor|mayores|obtener)\b.{0,60}?(?:contact|comun|escrib|póngase|dirig)
    | contactos?\s+(?:de|para|con)\s+(?:la\s+)?(?:prensa|medios|los\s+medios)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NOTES = re.compile(
    r"""
      notes?\s+(?:to|for)\s+(?:the\s+)?(?:editors?|journalists?|media|broadcasters?)\b | editors?['’]?s?\s+notes?\b
    | background(?:\s+(?:information|note))?\s*[:：]?$
    | 编辑(?:注意|须知|备注|参考|说明)|编者[注按]|致编辑|背景(?:资料|信息|介绍)\s*[:：]?$|备注\s*[:：]
    | notes?\s+(?:à\s+l['’]|aux?\s+|pour\s+(?:les\s+|la\s+)?)(?:attention\s+des\s+)?(?:rédact\w*|éditeurs?|journalistes)
    | notas?\s+(?:para|a|al|de)\s+(?:los\s+|las\s+|la\s+|el\s+)?(?:editor\w*|redacc\w*|periodistas|prensa)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ABOUT = re.compile(
    r"(?:about\s+\S|关于\S|有关\S|à\s+propos\s+d|acerca\s+de\s|sobre\s+(?:el|la|los|las|[A-ZÁÉÍÓÚ]))",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(
    r"""
      (?:an?\s+(?:earlier\s+)?version\s+of\s+)?this\s+(?:[\w-]+\s+)?(?:story|article|piece|text|post|blog|interview|feature|release|op-?ed)
        \s+(?:was|has\ been|is)\s+(?:\w+\s+)?(?:(?:re)?published|issued|posted|released)\b
        .{0,12}\b(?:by|on|in|at|with)\b
    | (?:this|the|it)\s+(?:[\w-]+\s+){0,3}?(?:(?:was|is)\s+)?(?:first|originally|initially|previously)\s+
        (?:published|issued|posted|released|appeared)\b
    | (?:first|originally|previously)\s+(?:published|issued|posted|released|appeared)\b
    | reproduced\s+(?:from|with)\b | (?:re)?posted\s+from\b
    | (?:本文|本稿|此文|该文|原文|文章)\s*(?:最初|最早|首次|首|原|曾)?\s*
        (?:[由于].{1,40}?(?:发布|发表|刊登|刊载|提供)|(?:发表|刊登|刊载|发布|载|刊|来源|转载|出自)(?:于|自|[:：]))
    | (?:原文|原载|首发|转载|转自|来源)(?:于|自|[:：])
    | (?:cet(?:te)?|ce)\s+(?:article|texte|récit|histoire|reportage|communiqué|tribune)\s+a\s+
        (?:été\s+)?(?:\S+\s+)?(?:été\s+)?(?:initialement\s+|d['’]abord\s+)?(?:re)?publiée?
    | (?:publiée?\s+(?:initialement|à\s+l['’]origine|d['’]abord))\b
    | (?:este|esta)\s+(?:artículo|historia|nota|texto|reportaje|relato|comunicado)\s+
        (?:fue|se|ha\s+sido)\s+(?:\S+\s+)?(?:re)?public
    | publicad[oa]\s+originalmente\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SHORT = 220  # a line of a contact block: a name, an office, an address
_ATTRIBUTION_LENGTH = 300
_MARKER_LENGTH = 40
_LONGEST_TAIL = 1_200  # of a text shorter than its tail
_HEAD = 240  # a phrase that opens a block stands at the start of its line


def split_tails(lines: Sequence[str]) -> Tails:
    """Judges non-blank lines in order. Nothing is lost: each line is in one part, markers in none of the texts."""
    parts = _classify(lines)

    def joined(part: Part) -> str:
        return "\n\n".join(line for line, its in zip(lines, parts, strict=True) if its is part)

    return Tails(
        joined(Part.BODY), joined(Part.CONTACT), joined(Part.NOTES), joined(Part.ATTRIBUTION), tuple(parts)
    )


def _classify(lines: Sequence[str]) -> list[Part]:
    parts: list[Part] = []
    state = Part.BODY
    past_marker = past_tail = False
    markers = _markers(lines)
    for line, marker in zip(lines, markers, strict=True):
        if _is_attribution(line):
            parts.append(Part.ATTRIBUTION)
            continue
        if marker is _Marker.SURE or (marker is _Marker.BEHIND_A_TAIL and past_tail):
            parts.append(Part.MARKER)
            past_marker = past_tail = True
            state = Part.NOTES
            continue
        state = _next_state(line, state, past_marker, past_tail)
        past_tail = past_tail or state is not Part.BODY
        parts.append(state)
    return parts


class _Marker(Enum):
    SURE = 1
    BEHIND_A_TAIL = 2
    NONE = 3


def _markers(lines: Sequence[str]) -> list[_Marker]:
    """A hard marker is sure in the last two thirds of the text, or where a tail follows it; a rule if a tail (or nothing)
    does. One pass."""
    found = [_Marker.NONE] * len(lines)
    total = sum(map(len, lines))
    behind, following = 0, ""
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        hard, soft = _is_hard(line), _is_soft(line)
        if hard:
            before = total - behind - len(line)
            sure = behind <= 2 * before or (
                before and behind <= _LONGEST_TAIL and _is_tail(lines[index + 1 :])
            )
            found[index] = _Marker.SURE if sure else _Marker.BEHIND_A_TAIL
        elif soft:
            found[index] = _Marker.SURE if not following or _starts_tail(following) else _Marker.BEHIND_A_TAIL
        behind += len(line)
        following = following if soft else line
    return found


def _next_state(line: str, state: Part, past_marker: bool, past_tail: bool) -> Part:
    opened = _opens(line)
    if opened is not None:
        return opened
    if past_tail and _ABOUT.match(line):
        return Part.NOTES
    if state is Part.CONTACT and len(line) > _SHORT and not holds_contact(line):
        return Part.NOTES if past_marker else Part.BODY
    return state


def _opens(line: str) -> Part | None:
    """Which block this line opens. A long paragraph opens a contact block only if a phone number or address is in it."""
    if _NOTES.match(line) and len(line) <= _HEAD:
        return Part.NOTES
    if _CONTACT.match(line) and (len(line) <= _SHORT or holds_contact(line)):
        return Part.CONTACT
    return None


def _is_attribution(line: str) -> bool:
    return len(line) <= _ATTRIBUTION_LENGTH and _ATTRIBUTION.match(line) is not None


def _is_hard(line: str) -> bool:
    return len(line) <= _MARKER_LENGTH and _HARD_MARKER.fullmatch(line) is not None


def _is_soft(line: str) -> bool:
    return len(line) <= _MARKER_LENGTH and _SOFT_MARKER.fullmatch(line) is not None


def _is_tail(lines: Sequence[str]) -> bool:
    """These lines are a tail: one begins it, or all are short and one of them is a contact."""
    if not lines or _starts_tail(lines[0]):
        return bool(lines)
    return all(len(line) <= _SHORT for line in lines) and any(holds_contact(line) for line in lines)


def _starts_tail(line: str) -> bool:
    short_about = len(line) <= 80 and _ABOUT.match(line) is not None
    return _opens(line) is not None or _is_attribution(line) or short_about or _is_hard(line)
