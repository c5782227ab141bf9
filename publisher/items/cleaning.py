"""Markup from outside: an allow-list through nh3 (ammonia), text out of HTML and HTML out of text.

The sanitiser's tree takes quadratic time in the depth (200,000 nested `<div>` took two minutes), so nothing is parsed
before `check_markup` has counted: `MAX_TAGS` is the sound bound (a second at worst), `MAX_DEPTH` the one for people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

import nh3
from django.utils.translation import gettext_noop

from publisher.items.text import one_line, paragraphs, without_controls, words

MAX_DEPTH = 100
MAX_TAGS = 20_000
MAX_REFERENCES = 50_000
MAX_LINES = 10_000

_BLOCKS = words(
    "p div section article header footer main aside figure figcaption blockquote pre ul ol li dl dt dd h1 "
    "h2 h3 h4 h5 h6 table caption thead tbody tfoot tr hr address"
)
_INLINE = words("a abbr b br cite code em i img mark q s small span strong sub sup td th time u bdi")
_DROPPED = words(
    "script style noscript template iframe object embed svg math title textarea select button audio video "
    "canvas xmp noembed noframes"
)
_ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
_VOID = words("area base br col embed hr img input link meta param source track wbr")
# Elements that HTML closes by itself when the next one opens: open ones of these do not add up.
_SELF_CLOSING = words("p li dt dd tr td th option optgroup thead tbody tfoot rt rp")
_MARK = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_TOKEN = re.compile(r"<[^>]*>|[^<]+")
_TAG_NAME = re.compile(r"</?([a-z0-9]+)")
_EMPTY = re.compile(
    r"<(p|div|section|article|figure|h[1-6]|li|ul|ol|blockquote|a|strong|em|b|i|span|u|small)(?: [^>]*)?>\s*</\1>"
)
_LOOSE_BREAKS = re.compile(
    r"(?:<br>\s{0,9}){1,9}(?=</(?:p|div|li|td|th|blockquote|h[1-6])>)|(?<=<p>)(?:\s{0,9}<br>){1,9}"
)
_REFERENCE = re.compile(r"&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,5}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_TOP_HEADING = re.compile(r"(</?)h1(?=[ >])")
_LOOKS_LIKE_HTML = re.compile(
    r"<(?:!doctype|!--|/?(?:html|body|head|p|div|br|ul|ol|li|h[1-6]|a|strong|em|span|table|img|b|i|u|sub|sup|small|script|style)\b)",
    re.IGNORECASE,
)


_LINES: Final = gettext_noop("%(number)s lines, the limit is %(limit)s")
_REFERENCES: Final = gettext_noop("%(number)s times the character &, the limit is %(limit)s")
_TAGS: Final = gettext_noop("%(number)s tags, the limit is %(limit)s")
_NESTED: Final = gettext_noop("elements nested %(number)s deep, the limit is %(limit)s")


class MarkupError(ValueError):
    """Markup too deep or with too many tags; the message says what was counted and the limit."""


@dataclass(frozen=True)
class HtmlLine:
    """One line of text in cleaned HTML, the tokens (tags and texts) from which it came, and whether a block began there."""

    text: str
    tokens: tuple[int, ...]
    opens_block: bool


def clean_html(html: str, base_url: str = "") -> str:
    """Only allowed elements and attributes; links http, https and mailto; relative ones against `base_url` or dropped.

    Raises MarkupError. Text comes out in NFC without control characters; h1 becomes h2, as the title stands above it.
    """
    check_markup(html)
    cleaned = nh3.clean(
        without_controls(html),
        tags=set(_BLOCKS | _INLINE),
        clean_content_tags=set(_DROPPED),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto"},
        url_relative=("rewrite_with_base", base_url) if base_url else "deny",
        link_rel="noopener noreferrer",
    )
    plain = without_controls(cleaned)
    if plain != cleaned:  # controls written as character references came out just now
        return clean_html(plain, base_url)
    return _drop_empty(_TOP_HEADING.sub(r"\1h2", cleaned)).strip()


def html_to_text(html: str) -> str:
    """The readable text: blocks become paragraphs parted by a blank line, `<br>` a line end. Raises MarkupError."""
    return lines_to_text(html_lines(clean_html(html)))


def lines_to_text(lines: Sequence[HtmlLine]) -> str:
    """The text of these lines as `paragraphs` gives it."""
    return paragraphs("".join(("\n\n" if line.opens_block else "\n") + line.text for line in lines))


def html_lines(html: str) -> list[HtmlLine]:
    """The lines of already cleaned HTML, in order, each with its tokens, for `drop_lines`. A block tag or `<br>` ends a line."""
    lines: list[HtmlLine] = []
    text: list[str] = []
    used: list[int] = []
    opens_block = True
    for index, token in enumerate([*_TOKEN.findall(html), "</p>"]):
        name = _tag_name(token)
        if name in {"td", "th"}:
            text.append(" ")
        elif name in {"", "br", "img"}:
            text.append(unescape(token) if not name else "")
            used.append(index)
        if name in _BLOCKS or name == "br":
            line = one_line("".join(text))
            if line:
                lines.append(HtmlLine(line, tuple(used), opens_block))
            opens_block = name != "br" or (opens_block and not line)
            text, used = [], []
    return lines


def drop_lines(html: str, lines: Sequence[HtmlLine]) -> str:
    """The cleaned HTML without the texts of these lines (from `html_lines` of the same HTML) and what is empty then."""
    gone = {index for line in lines for index in line.tokens}
    kept = [token for index, token in enumerate(_TOKEN.findall(html)) if index not in gone]
    return _drop_empty("".join(kept)).strip()


def plain_line(text: str) -> str:
    """A title or summary as plain text on one line: tags and character references that a site left in it are taken out.

    Raises MarkupError.
    """
    if looks_like_html(text):
        return one_line(html_to_text(text))
    return one_line(unescape(text)) if _REFERENCE.search(text) else text


def text_to_html(text: str) -> str:
    """Plain text as paragraphs: a blank line parts them, a single line end becomes `<br>`. Nothing is made a link."""
    parts = [part for part in paragraphs(text).split("\n\n") if part]
    return "\n".join("<p>" + escape(part, quote=False).replace("\n", "<br>") + "</p>" for part in parts)


def check_text(text: str) -> None:
    """Raises MarkupError for a plain text that would make too many paragraphs."""
    lines = text.count("\n") + 1
    if lines > MAX_LINES:
        raise MarkupError(_LINES % {"number": f"{lines:,}", "limit": f"{MAX_LINES:,}"})


def check_markup(html: str) -> None:
    """Raises MarkupError for markup that would cost too much to parse: one linear pass over the tags."""
    references = html.count("&")
    if references > MAX_REFERENCES:
        raise MarkupError(_REFERENCES % {"number": f"{references:,}", "limit": f"{MAX_REFERENCES:,}"})
    tags = _MARK.findall(html)
    if len(tags) > MAX_TAGS:
        raise MarkupError(_TAGS % {"number": f"{len(tags):,}", "limit": f"{MAX_TAGS:,}"})
    depth = nesting_depth(tags)
    if depth > MAX_DEPTH:
        raise MarkupError(_NESTED % {"number": f"{depth:,}", "limit": f"{MAX_DEPTH:,}"})


def nesting_depth(tags: Sequence[tuple[str, str]]) -> int:
    """How deep these tags ("/" or "", name) nest. Elements that HTML closes by itself do not add up, nor do void ones.

    An estimate: tags in comments and scripts count too. `MAX_TAGS` bounds what a false count could let through.
    """
    depth = deepest = 0
    for slash, written in tags:
        name = written.lower()
        if name in _VOID or name in _SELF_CLOSING or not _NAME.fullmatch(name):
            continue
        depth = max(depth - 1, 0) if slash else depth + 1
        deepest = max(deepest, depth)
    return deepest


def is_html(body: str, body_format: str | None) -> bool:
    """Whether a body is HTML: as its producer says, else by its looks."""
    return body_format == "html" or (body_format is None and looks_like_html(body))


def looks_like_html(text: str) -> bool:
    """Whether a body of undeclared format holds tags that HTML uses."""
    return _LOOKS_LIKE_HTML.search(text) is not None


def _tag_name(token: str) -> str:
    found = _TAG_NAME.match(token)
    return found.group(1) if found else ""


def _drop_empty(html: str) -> str:
    """Elements without content removed, from the inside out (a wrapper whose only child went is empty then too)."""
    if "<br>" in html:
        html = _LOOSE_BREAKS.sub("", html)
    for _ in range(4):
        html, count = _EMPTY.subn("", html)
        if not count:
            break
    return html
