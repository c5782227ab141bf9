"""Texts in which scripts, emoji, links, mentions and odd characters meet without a space between them. The same for each seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

# First and last code point of what is drawn letter by letter.
SCRIPTS = (
    (0x61, 0x7A),  # Latin
    (0xC0, 0x24F),  # Latin with accents
    (0x391, 0x3C9),  # Greek
    (0x410, 0x44F),  # Cyrillic
    (0x5D0, 0x5EA),  # Hebrew
    (0x620, 0x64A),  # Arabic
    (0x905, 0x94D),  # Devanagari, with its joiner
    (0xE01, 0xE3A),  # Thai
    (0x3041, 0x3096),  # Hiragana
    (0x4E00, 0x9FA5),  # Han
    (0xAC00, 0xD7A3),  # Hangul syllables
    (0x1100, 0x11FF),  # Hangul letters
    (0x20000, 0x2A6DF),  # Han beyond the basic plane
    (0x1F300, 0x1F64F),  # pictures
    (0x1F1E6, 0x1F1FF),  # halves of flags
)
EMOJI = (
    "👩‍👩‍👧‍👦", "🏳️‍🌈", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "👍🏽", "👩🏿‍🚒", "🇨🇳", "🇩🇪🇫🇷", "❤️", "☎",
    "1️⃣", "©", "®️", "🧑🏻‍🤝‍🧑🏿", "👨‍", "‍👩", "🏽", "⌚︎", "🫱🏼‍🫲🏾",
)  # fmt: skip
LINKS = (
    "https://example.org", "http://example.org/a",
    "HTTPS://EXAMPLE.ORG/A?b=c", "example.com", "www.example.co.uk/x",
    "https://example.org/rain_(heavy)", "https://example.org/a_(b_(c))",
    "https://example.org/a.", "https://example.org/a,b;c",
    "https://example.org/?q=a&b=%E6%B0%94#top",
    "https://example.org:8080/p", "https://münchen.example.de/straße",
    "https://例子.中国/气候", "https://مثال.com/طقس",
    "https://xn--fiqs8s.cn/", "https://example.org/气候。", "https://e.org",
    "https://example.org/a?b=气。", "https://localhost/a",
    "https://a.b", "ftp://example.org", "gemini://example.org/x",
    "https://user@example.org/x", "https://example.org/@ana@e.org",
    "https://www.example.museum/" + "long/" * 20, "t.co/abc",
    "https://sub.domain.example.travel/path?x=1/2", "https://example.org/a!b*c'd\"e",
    "https://-bad.org", "https://example.notatld/x",
    "//example.org", "https://", "http://1.2.3.4/x", "https://example.org/「引」", "https://example.org/a<b",
)  # fmt: skip
NAMES = (
    "@ana", "@ana@e.org", "@a.b-c@sub.example.org", "@ana@例子.中国",
    "@Ana_1@e.org.", "@@ana@e.org", "@ana@e.org@x", "@-a@e.org",
    "@ana@e.org://x", "@ana@e.orgé", "＠ana@e.org", "ana@e.org", "=@ana@e.org",
    "@ana@", "#rain", "#气候行动", "#مناخ", "＃rain", "$CASH",
    "#1", "#a_b", "#a-b",
)  # fmt: skip
ODD = (
    "\u0301", "e\u0301", "e\u0301\u0323", "\u20dd", "क्षि", "ஸ்ரீ",
    "กำ", "각", "\u1100\u1161\u11a8", "\u200d", "\u200c", "\u200b", "\u200e",
    "\u202e", "\u2066", "\ufe0f", "\ufe0e", "\ufeff", "\ufffe",
    "\uffff", "\ufffd", "\u00ad", "\u2028", "\u0085", "\u00a0", "\u3000",
    "\t", "\x00", "\x1f", "\x7f", "\ue000", "\U000e0041", "\U0010ffff", "ﬁ", "ǅ",
    "Å", "Ω", "가", "ſ", "K", "ⅷ", "Ⓐ", "‿", "٣", "०",
)  # fmt: skip
MARKS = (
    " ", " ", " ", "\n", "\n\n", "\r\n", "\r", ". ", ".", "。", "，", "、",
    "：", "！", "？", "「", "」", "（", "）", "(", ")", "[", "]", "<", ">",
    "...", "…", "–", "—", "'", "’", "“", "”", "/", "\\", "&", "%", "*",
    "~", "_", "{", "}", "|", "·", "•", "‰", ":", ";", ",", "?", "!", "¿",
)  # fmt: skip


def samples(count: int, seed: int) -> list[str]:
    """`count` texts of 0 to some 1,200 characters."""
    random = Random(seed)
    return [_sample(random) for _ in range(count)]


def _sample(random: Random) -> str:
    # Most are short, where each meeting counts; the rest come close to the limits of the networks.
    most = random.choice((4, 8, 8, 20, 60, 120, 250))
    return "".join(_piece(random) for _ in range(random.randint(0, most)))


def _piece(random: Random) -> str:
    kinds = (_letters, _any_of(MARKS), _any_of(EMOJI), _any_of(LINKS), _link, _any_of(NAMES), _any_of(ODD))
    (kind,) = random.choices(kinds, weights=(36, 26, 12, 8, 2, 8, 8))
    return kind(random)


def _any_of(pieces: tuple[str, ...]) -> Callable[[Random], str]:
    return lambda random: random.choice(pieces)


def _letters(random: Random) -> str:
    first, last = random.choice(SCRIPTS)
    return "".join(chr(random.randint(first, last)) for _ in range(random.randint(1, 6)))


def _link(random: Random) -> str:
    """One whose path and query are made of anything."""
    return f"https://example.org/{_piece(random)}{_piece(random)}{random.choice(('', '?a='))}{_piece(random)}"
