"""What stands against a post before a person approves it: blocks, warnings, and what is in order. Pure.

`delivery/preflight.py` gathers the facts. What blocks here is refused by `approval.approve` and by sending too: this says it
sooner, and all at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from publisher.core.told import told
from publisher.items.languages import primary
from publisher.render.measure import Measure
from publisher.social import endings
from publisher.social.link_checks import LinkCheck, Outcome

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_TAG: Final = re.compile(r"(?<!\w)[#＃]\w+")
_NEAR: Final = 0.97


class Level(Enum):
    """How much a finding matters."""

    BLOCK = "block"
    WARN = "warn"
    OK = "ok"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `code` is the same in every language; `strong`: a warning that nobody should pass unread."""

    level: Level
    code: str
    text: str
    strong: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known of a post, as it would leave. Moments are aware.

    `measures`: of each message. `link` is our own address of the item, and `links` are all in the texts. `checks`: what became of
    asking them; a link that nobody asked is not in there. `budget`, `pictures`, `channel`: what is wrong there, "" for nothing.
    """

    texts: Sequence[str]
    measures: Sequence[Measure]
    language: str
    channel_language: str
    link: str = ""
    links: Sequence[str] = ()
    checks: Mapping[str, LinkCheck] = field(default_factory=dict)
    pictures: str = ""
    picture_count: int = 0
    pictures_wait: bool = False
    alts_missing: int = 0
    most_hashtags: int | None = None
    takes_threads: bool = True
    cost: str = ""
    budget: str = ""
    embargo_until: datetime | None = None
    retracted: bool = False
    cannot_leave: str = ""
    channel: str = ""
    access_ends: datetime | None = None
    leaves_at: datetime | None = None


def findings(facts: Facts, *, now: datetime) -> tuple[Finding, ...]:
    """Everything that was looked at, the gravest first."""
    found = [
        *_item(facts, now),
        *_text(facts),
        *_pictures(facts),
        *_links(facts),
        *_channel(facts, now),
        *_money(facts),
    ]
    order = (Level.BLOCK, Level.WARN, Level.OK)
    return tuple(sorted(found, key=lambda each: (order.index(each.level), not each.strong)))


def is_ready(found: Sequence[Finding]) -> bool:
    """Whether the post may be approved together with others: nothing blocks it, and no strong warning needs a look."""
    return not any(each.level is Level.BLOCK or each.strong for each in found)


def _item(facts: Facts, now: datetime) -> list[Finding]:
    if facts.retracted:
        return [
            Finding(Level.BLOCK, "retracted", _("The item was retracted, so nothing about it is published."))
        ]
    if facts.embargo_until and facts.embargo_until > now:
        return [
            Finding(
                Level.WARN, "embargo", _("The item is under embargo: the post leaves when it has lifted.")
            )
        ]
    return []


def _text(facts: Facts) -> list[Finding]:
    if not any(text.strip() for text in facts.texts):
        return [Finding(Level.BLOCK, "length", _("The post has no text."))]
    found = []
    total = len(facts.texts)
    if total > 1 and not facts.takes_threads:
        found.append(
            Finding(Level.BLOCK, "threads", _("This channel takes no posts of several messages. Join them."))
        )
    for number, measure in enumerate(facts.measures, 1):
        which = _("Message %(number)s: ") % {"number": number} if total > 1 else ""
        if not measure.fits:
            found.append(Finding(Level.BLOCK, "length", f"{which}{told(measure.why)}"))
    if all(measure.fits for measure in facts.measures):
        tight = any(each.limit and each.length > _NEAR * each.limit for each in facts.measures)
        text = _("The text fits, with hardly any room left.") if tight else _("The text fits.")
        found.append(Finding(Level.OK, "length", text))
    return [*found, *_language(facts), *_hashtags(facts)]


def _language(facts: Facts) -> list[Finding]:
    if primary(facts.language) != primary(facts.channel_language):
        values = {"language": facts.language, "channel": facts.channel_language}
        text = _("The post is in %(language)s, and the channel's readers expect %(channel)s.") % values
        return [Finding(Level.WARN, "language", text, strong=True)]
    written = "".join(facts.texts)
    letters, han = len(_LETTER.findall(written)), len(_HAN.findall(written))
    chinese = primary(facts.language) == "zh"
    if letters > 40 and (han < 0.1 * letters if chinese else han > 0.5 * letters):
        text = _("The text does not look like the post's language (%(language)s).") % {
            "language": facts.language
        }
        return [Finding(Level.WARN, "language", text)]
    return [Finding(Level.OK, "language", _("The language is the channel's."))]


def _hashtags(facts: Facts) -> list[Finding]:
    count = len(_TAG.findall("\n".join(facts.texts)))
    if facts.most_hashtags is not None and count > facts.most_hashtags:
        text = ngettext(
            "There is %(count)s hashtag, and the channel wants %(most)s at most.",
            "There are %(count)s hashtags, and the channel wants %(most)s at most.",
            count,
        )
        return [Finding(Level.WARN, "hashtags", text % {"count": count, "most": facts.most_hashtags})]
    return []


def _pictures(facts: Facts) -> list[Finding]:
    if facts.pictures:
        return [Finding(Level.BLOCK, "pictures", told(facts.pictures))]
    found = []
    if facts.pictures_wait:
        found.append(
            Finding(
                Level.WARN,
                "pictures",
                _("A picture is still being fetched: the post leaves when it is there."),
            )
        )
    if facts.alts_missing:
        text = ngettext(
            "%(num)s picture has no description for those who cannot see it.",
            "%(num)s pictures have no description for those who cannot see them.",
            facts.alts_missing,
        )
        found.append(Finding(Level.WARN, "alt", text % {"num": facts.alts_missing}))
    if facts.picture_count and not found:
        found.append(Finding(Level.OK, "pictures", _("The pictures are stored and described.")))
    return found


def _links(facts: Facts) -> list[Finding]:
    if not facts.links:
        return [Finding(Level.WARN, "links", _("The text has no link."))]
    found, good = [], 0
    for link in facts.links:
        check = facts.checks.get(link)
        if check is None:
            continue
        good += check.outcome is Outcome.GOOD
        own = link == facts.link
        if check.outcome is Outcome.GONE:
            said = _("There is no page at %(url)s (%(status)s).") % {"url": link, "status": check.status}
            found.append(Finding(Level.WARN, "links", said, strong=own))
        elif check.outcome is Outcome.GUARDED:
            said = _("%(url)s lets no machine in (%(status)s): open it yourself.") % {
                "url": link,
                "status": check.status,
            }
            found.append(Finding(Level.WARN, "links", said))
        elif check.outcome is not Outcome.GOOD:
            found.append(
                Finding(
                    Level.WARN,
                    "links",
                    _("%(url)s did not answer as it should: %(why)s")
                    % {"url": link, "why": told(check.said)},
                )
            )
    if good and good == len(facts.links):
        found.append(
            Finding(
                Level.OK,
                "links",
                ngettext("The link answers.", "All %(num)s links answer.", good) % {"num": good},
            )
        )
    return found


def _channel(facts: Facts, now: datetime) -> list[Finding]:
    if facts.cannot_leave:
        return [Finding(Level.BLOCK, "channel", told(facts.cannot_leave))]
    found = []
    if facts.channel:
        found.append(Finding(Level.WARN, "channel", told(facts.channel)))
    ends, leaves = facts.access_ends, max(facts.leaves_at or now, now)
    if ends and ends <= leaves + timedelta(hours=1):
        text = _("The access to the account ends %(date)s, before the post leaves.") % {
            "date": f"{ends:%Y-%m-%d}"
        }
        found.append(Finding(Level.WARN, "access", text, strong=True))
    elif warning := endings.warning(ends, now):
        found.append(Finding(Level.WARN, "access", told(warning)))
    return found


def _money(facts: Facts) -> list[Finding]:
    if facts.budget:
        return [Finding(Level.WARN, "budget", told(facts.budget), strong=True)]
    if facts.cost:
        return [Finding(Level.OK, "budget", _("It costs %(cost)s.") % {"cost": facts.cost})]
    return []
