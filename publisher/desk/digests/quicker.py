"""What two people wrote into the form of one digest at the same time: field by field what was typed, and what is stored now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publisher.desk.digests.typed import ONE_OR_MANY, PLAIN, TEXTS, TICKS, Typed

NAMES: Final[dict[str, Promise]] = {
    "title": _("Title"),
    "from_name": _("Sender’s name"),
    "subject": _("Subject"),
    "intro": _("Introduction above the items"),
    "organisation": _("Organisation"),
    "postal_address": _("Postal address"),
    "about": _("What it is, in a sentence, for the sign-up page"),
    "slug": _("Short name"),
    "from_address": _("From address"),
    "reply_to": _("Replies go to"),
    "accent": _("Accent colour"),
    "zone": _("Time zone"),
    "rhythm": _("Rhythm"),
    "weekday": _("Day"),
    "monthday": _("Day of the month, of a monthly digest"),
    "family": _("Family"),
    "at": _("Time"),
    "layout": _("What it is"),
    "priority": _("Priority (−100 to 100, higher goes first)"),
    "send_from": _("Mail leaves from"),
    "send_until": _("until"),
    "window_days": _("Days that the first edition looks back"),
    "max_age_days": _("Items older than so many days are no news"),
    "most_items": _("Most items in each language"),
    "approvals": _("How many persons, none of whom changed it"),
    "on_unknown": _("When nobody can tell whether a mail arrived"),
    "local_time": _("Each reader gets it at that time by their own clock"),
    "needs_approval": _("A person approves each edition before it is sent"),
    "archived": _("Its editions stand in the public archive"),
    "counting": _("Clicks and opens"),
    "segment": _("Who gets it"),
    "open_to_all": _("Anybody may subscribe to it on the sign-up page"),
    "enabled": _("It begins editions by itself"),
    "languages": _("Languages"),
    "kinds": _("Kinds"),
    "topics": _("Topics"),
    "seeds": _("Copies for the office, one address a line"),
}
"""As the form calls its fields."""


@dataclass(frozen=True)
class Difference:
    """A field whose value was typed as `mine` and is stored as `now`."""

    field: str
    mine: str
    now: str


def differing(mine: Typed, now: Typed, choices: Mapping[str, Mapping[str, str]]) -> list[Difference]:
    """Every field in which they differ. `choices`: by field what its values are called."""
    return list(_differing(mine, now, choices))


def _differing(mine: Typed, now: Typed, choices: Mapping[str, Mapping[str, str]]) -> Iterator[Difference]:
    def told(name: str, value: str) -> str:
        return choices.get(name, {}).get(value, value)

    for name in ("languages", "kinds", "topics"):
        ours, theirs = getattr(mine, name), getattr(now, name)
        if sorted(ours) != sorted(theirs):
            yield Difference(
                str(NAMES[name]), *(", ".join(told(name, v) for v in each) for each in (ours, theirs))
            )
    tags = list(dict.fromkeys((*mine.tags, *now.tags)))
    for name in TEXTS:
        for tag in tags:
            ours, theirs = (each.texts[name].get(tag, "") for each in (mine, now))
            if ours != theirs and not (name in ONE_OR_MANY and tag not in mine.tags):
                yield Difference(f"{NAMES[name]} ({tag})", ours, theirs)
    for name in PLAIN:
        ours, theirs = mine.plain[name] or "", now.plain[name] or ""
        if ours != theirs:
            yield Difference(str(NAMES[name]), told(name, ours), told(name, theirs))
    for name in TICKS:
        if (name in mine.ticks) != (name in now.ticks):
            ours, theirs = (gettext("yes") if name in each.ticks else gettext("no") for each in (mine, now))
            yield Difference(str(NAMES[name]), ours, theirs)
    if mine.seeds.split() != now.seeds.split():
        yield Difference(str(NAMES["seeds"]), mine.seeds, now.seeds)
