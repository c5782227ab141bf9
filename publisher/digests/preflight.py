"""Whether an edition is fit to be sent: what each check makes of what was seen. Pure; `delivery/preflighting.py` looks.

A finding has a key instead of a sentence, so that each reader is told in their own language (`preflight_words.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from publisher.digests.mail_outline import Outline
from publisher.digests.models import Edition
from publisher.digests.subject_hints import hint
from publisher.render.digest import GMAIL_CLIP

NEARLY: Final = 92_160
"""Bytes of HTML (90 KB) from which on an edition is told that little room is left."""
SUSPICIOUS, SPAM = 2.0, 5.0
"""Points of the filter from which on it is a warning, and what most servers call spam."""
MOST_NAMED: Final = 12


class Level(StrEnum):
    OK = "ok"
    SKIPPED = "skipped"
    WARN = "warn"
    BLOCK = "block"


CHECKS: Final = (
    *("items", "subject", "size", "unsubscribe", "sender", "address", "translations"),
    *("pictures", "accessibility", "links", "spam"),
)
"""In the order in which they are shown."""


@dataclass(frozen=True)
class Finding:
    """What one check says. `final`: no reason that a person gives makes it go all the same."""

    check: str
    level: Level
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    details: tuple[str, ...] = ()
    final: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "level": self.level.value, "values": dict(self.values)}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Finding:
        return cls(**{**stored, "level": Level(stored["level"]), "details": tuple(stored["details"])})


def current(edition: Edition) -> list[Finding] | None:
    """What was found of the edition as it is now; None when that was not looked at."""
    row = getattr(edition, "preflight", None)
    if row is None or row.version != edition.version:
        return None
    return [Finding.read(each) for each in row.findings]


def blocking(edition: Edition) -> list[Finding]:
    """What keeps it from being approved."""
    return [each for each in current(edition) or [] if each.level == Level.BLOCK]


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among them; ok when there is none."""
    levels = {each.level for each in findings}
    return next((level for level in (Level.BLOCK, Level.WARN, Level.SKIPPED) if level in levels), Level.OK)


@dataclass(frozen=True)
class HeldItem:
    """An item of the edition as it is now. `group` is the same for an item and its translations."""

    title: str
    language: str
    group: int
    outdated: bool = False
    retracted: bool = False
    embargo_until: datetime | None = None
    undescribed_picture: bool = False


@dataclass(frozen=True)
class Mail:
    """The fullest mail in a language as it goes on the wire. `headers` by their names in small letters; `unsubscribe_url` is
    the link that both parts should hold."""

    language: str
    subject: str
    html: str
    text: str
    headers: Mapping[str, str]
    outline: Outline
    unsubscribe_url: str


def items(held: Sequence[HeldItem], *, recipients: int, now: datetime) -> list[Finding]:
    """Whether what it holds may go out, and goes to anybody."""
    found = []
    if gone := [each.title for each in held if each.retracted]:
        found.append(_finding("items", Level.BLOCK, "items-retracted", gone, final=True))
    if early := [each.title for each in held if each.embargo_until and each.embargo_until > now]:
        found.append(_finding("items", Level.BLOCK, "items-embargo", early, final=True))
    if old := [each.title for each in held if each.outdated]:
        found.append(_finding("items", Level.WARN, "items-outdated", old))
    if not recipients:
        found.append(Finding("items", Level.WARN, "items-nobody"))
    return found or [Finding("items", Level.OK, "items-ok", {"n": len(held), "recipients": recipients})]


def subject(mails: Sequence[Mail]) -> list[Finding]:
    """Whether each language has one that can be read in a list of mails."""
    if empty := [mail.language for mail in mails if not mail.subject.strip()]:
        return [_finding("subject", Level.BLOCK, "subject-empty", empty, final=True)]
    found = []
    if raw := [
        f"{mail.language}: {mail.subject}" for mail in mails if "{{" in mail.subject or "{%" in mail.subject
    ]:
        found.append(_finding("subject", Level.BLOCK, "subject-raw", raw))
    if long := [f"{mail.language}: {mail.subject}" for mail in mails if hint(mail.subject).level == "cut"]:
        found.append(_finding("subject", Level.WARN, "subject-long", long))
    return found or [Finding("subject", Level.OK, "subject-ok")]


def size(html_bytes: Mapping[str, int]) -> list[Finding]:
    """By language the largest mail's bytes of HTML, with all that a reader's own words may add."""
    largest = max(html_bytes.values(), default=0)
    told = [f"{language}: {n / 1024:.0f} KB" for language, n in sorted(html_bytes.items())]
    values = {"kb": round(largest / 1024), "most": round(GMAIL_CLIP / 1024)}
    if largest > GMAIL_CLIP:
        return [_finding("size", Level.WARN, "size-over", told, values)]
    if largest > NEARLY:
        return [_finding("size", Level.WARN, "size-nearly", told, values)]
    return [_finding("size", Level.OK, "size-ok", told, values)]


def unsubscribe(mails: Sequence[Mail]) -> list[Finding]:
    """The way out: a link in both parts, the header, and one click (RFC 8058), which needs https."""
    without = [
        f"{mail.language} ({part})"
        for mail in mails
        for part, found in (("HTML", mail.outline.links), ("text", mail.text))
        if mail.unsubscribe_url not in found
    ]
    if without:
        return [_finding("unsubscribe", Level.BLOCK, "unsubscribe-link", without, final=True)]
    if no_header := [mail.language for mail in mails if "list-unsubscribe" not in mail.headers]:
        return [_finding("unsubscribe", Level.BLOCK, "unsubscribe-header", no_header, final=True)]
    if any("list-unsubscribe-post" not in mail.headers for mail in mails):
        return [Finding("unsubscribe", Level.WARN, "unsubscribe-https")]
    return [Finding("unsubscribe", Level.OK, "unsubscribe-ok")]


def sender(domain: str, *, signs: bool, by_provider: bool) -> list[Finding]:
    """Whether the mail is signed in its sender's name. What DNS says of it is asked by `publisher doctor`."""
    if by_provider:
        return [Finding("sender", Level.OK, "sender-provider", {"domain": domain})]
    if signs:
        return [Finding("sender", Level.OK, "sender-ok", {"domain": domain})]
    return [Finding("sender", Level.WARN, "sender-unsigned", {"domain": domain})]


def address(missing: Mapping[str, Sequence[str]]) -> list[Finding]:
    """`missing`: languages without an `organisation` and without a `postal_address`."""
    found = [
        _finding("address", Level.WARN, f"address-no-{name}", languages)
        for name, languages in missing.items()
        if languages
    ]
    return found or [Finding("address", Level.OK, "address-ok")]


def translations(held: Sequence[HeldItem], spoken: Sequence[str]) -> list[Finding]:
    """Which readers miss an item that others get, since there is no translation of it. One language misses nothing."""
    if len(spoken) < 2:
        return [Finding("translations", Level.OK, "translations-one")]
    groups: dict[int, dict[str, str]] = {}
    for each in held:
        groups.setdefault(each.group, {})[each.language] = each.title
    found = []
    for language in spoken:
        missing = [next(iter(by.values())) for by in groups.values() if language not in by]
        if missing and len(missing) == len(groups):
            found.append(Finding("translations", Level.WARN, "translations-none", {"language": language}))
        elif missing:
            values = {"language": language, "n": len(missing)}
            found.append(_finding("translations", Level.WARN, "translations-missing", missing, values))
    return found or [Finding("translations", Level.OK, "translations-ok")]


def pictures(held: Sequence[HeldItem], gone: Sequence[str], late: Sequence[str] = ()) -> list[Finding]:
    """Whether pictures are described, and there; `late` had not answered when the time was over."""
    found = []
    if gone:
        found.append(_finding("pictures", Level.WARN, "pictures-gone", gone))
    if bare := [each.title for each in held if each.undescribed_picture]:
        found.append(_finding("pictures", Level.WARN, "pictures-undescribed", bare))
    if late:
        found.append(_finding("pictures", Level.SKIPPED, "pictures-late", late))
    return found or [Finding("pictures", Level.OK, "pictures-ok")]


def accessibility(mails: Sequence[Mail]) -> list[Finding]:
    """What can be told from the markup: language, title, headings, tables that only lay out, texts of links and pictures."""
    wrong = [f"{mail.language}: {said}" for mail in mails for said in _barriers(mail)]
    if wrong:
        return [_finding("accessibility", Level.WARN, "accessibility-wrong", wrong)]
    return [Finding("accessibility", Level.OK, "accessibility-ok")]


def _barriers(mail: Mail) -> Iterable[str]:
    seen = mail.outline
    checks = {
        "lang": seen.language.partition("-")[0].lower() != mail.language.partition("-")[0].lower(),
        "title": not seen.title.strip(),
        "h1": seen.headings.count(1) != 1,
        "h1–h6": seen.skips_a_level,
        "role=presentation": bool(seen.bare_tables),
        "alt": bool(seen.undescribed),
        "a": bool(seen.silent_links),
    }
    return [name for name, is_wrong in checks.items() if is_wrong]


def links(
    count: int, gone: Mapping[str, str], unsure: Mapping[str, str], late: Sequence[str] = ()
) -> list[Finding]:
    """Of so many links that were asked: those that their servers say do not exist, and those that gave no clear answer. `late`
    were not asked any more."""
    found = []
    if gone:
        found.append(_finding("links", Level.BLOCK, "links-gone", [*gone.values()], {"n": len(gone)}))
    if unsure:
        found.append(_finding("links", Level.WARN, "links-unsure", [*unsure.values()], {"n": len(unsure)}))
    if late:
        found.append(_finding("links", Level.SKIPPED, "links-late", late))
    return found or [Finding("links", Level.OK, "links-ok", {"n": count})]


def spam(scores: Mapping[str, tuple[float, Sequence[str]]]) -> list[Finding]:
    """By language the filter's points, and the rules that gave any."""
    worst_score = max((score for score, _rules in scores.values()), default=0.0)
    told = [
        f"{language}: {score:.1f} ({', '.join(rules) or '–'})" for language, (score, rules) in scores.items()
    ]
    level = Level.BLOCK if worst_score >= SPAM else Level.WARN if worst_score >= SUSPICIOUS else Level.OK
    key = {Level.BLOCK: "spam-is", Level.WARN: "spam-nearly", Level.OK: "spam-ok"}[level]
    return [_finding("spam", level, key, told, {"score": f"{worst_score:.1f}", "most": f"{SPAM:.0f}"})]


def not_asked(check: str, why: str) -> Finding:
    """A check that was not made: `not-yet`, `no-filter`, `no-answer` or `unread`."""
    return Finding(check, Level.SKIPPED, f"{check}-{why}")


def _finding(
    check: str,
    level: Level,
    key: str,
    details: Sequence[str],
    values: Mapping[str, Any] | None = None,
    *,
    final: bool = False,
) -> Finding:
    named = [
        *details[:MOST_NAMED],
        *([f"+ {len(details) - MOST_NAMED}"] if len(details) > MOST_NAMED else []),
    ]
    return Finding(check, level, key, {"n": len(details)} | dict(values or {}), tuple(named), final)
