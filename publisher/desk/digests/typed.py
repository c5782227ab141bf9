"""The form of a digest between the browser and `DigestIn`: what was typed, what is wrong with it, what a digest shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http.request import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from publisher.digests import readers
from publisher.digests.forming import DAYS, DigestIn
from publisher.digests.models import Digest
from publisher.items.languages import normalise_tag, primary

TEXTS: Final = ("title", "from_name", "subject", "intro", "organisation", "postal_address", "about")
"""Fields with a text for each language."""
ONE_OR_MANY: Final = ("organisation", "postal_address")
"""Of these one text may stand for all languages."""
PLAIN: Final = (
    *(
        "slug",
        "from_address",
        "reply_to",
        "accent",
        "zone",
        "rhythm",
        "weekday",
        "monthday",
        "family",
        "at",
        "layout",
        "priority",
    ),
    *("send_from", "send_until", "window_days", "max_age_days", "most_items", "approvals", "on_unknown"),
    *("counting", "segment"),
)
TICKS: Final = ("local_time", "needs_approval", "archived", "open_to_all", "enabled")
MOST_LANGUAGES: Final = 20
LONGEST: Final = 2_000
"""Characters of a text."""
LONGEST_SEEDS: Final = 20_000

WORDS: Final[dict[str, Promise]] = {
    "missing": _("This must be given."),
    "string_pattern_mismatch": _("Small letters, digits and hyphens, such as weekly-2."),
    "string_too_long": _("%(max_length)s characters are the most."),
    "int_parsing": _("This must be a whole number."),
    "greater_than_equal": _("%(ge)s or more."),
    "less_than_equal": _("%(le)s or less."),
    "time_parsing": _("This is not a time. Write it like 08:00."),
    "time_type": _("This is not a time. Write it like 08:00."),
    "literal_error": _("Choose from the list."),
    "too_long": _("%(max_length)s are the most."),
}


@dataclass
class Typed:
    """The values of the form as texts: `texts` by field and language, `plain` by field, `lists` of ticks and addresses."""

    languages: list[str]
    texts: dict[str, dict[str, str]]
    plain: dict[str, str]
    ticks: set[str]
    kinds: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    seeds: str = ""

    @property
    def tags(self) -> list[str]:
        """By which texts are kept: `zh` of `zh-Hans`."""
        return list(dict.fromkeys(map(primary, self.languages)))

    def as_given(self) -> dict[str, Any]:
        """For `DigestIn`."""
        unchosen = {name for name in ("rhythm", "monthday") if not self.plain[name]}
        given: dict[str, Any] = {name: value for name, value in self.plain.items() if name not in unchosen}
        given |= {name: self.plain[name] or None for name in ("send_from", "send_until")}
        given["approvals"] = self.plain["approvals"] or 0
        given["counting"] = self.plain["counting"] or Digest.Counting.OFF.value
        given |= {name: name in self.ticks for name in TICKS}
        given |= {name: self._text(name) for name in TEXTS}
        given |= {"languages": self.languages, "kinds": self.kinds, "topics": self.topics}
        return given | {"seeds": [each for each in self.seeds.replace(",", "\n").split("\n") if each.strip()]}

    def _text(self, name: str) -> dict[str, str] | str:
        texts = {tag: self.texts[name].get(tag, "").strip() for tag in self.tags}
        texts = {tag: text for tag, text in texts.items() if text}
        same = len(set(texts.values())) <= 1 and len(texts) in (0, len(self.tags))
        if name in ONE_OR_MANY and same:
            return next(iter(texts.values()), "")
        return texts


def from_post(data: QueryDict) -> Typed:
    """What the browser sent."""
    languages = [tag for tag in map(normalise_tag, data.getlist("languages")) if tag][:MOST_LANGUAGES]
    tags = dict.fromkeys(map(primary, languages))

    def one(name: str) -> str:
        return data.get(name, "").replace("\0", "").replace("\r\n", "\n").strip()

    return Typed(
        languages=list(dict.fromkeys(languages)),
        texts={name: {tag: one(f"{name}-{tag}") for tag in tags} for name in TEXTS},
        plain={name: one(name) for name in PLAIN},
        ticks={name for name in TICKS if data.get(name)},
        kinds=data.getlist("kinds"),
        topics=data.getlist("topics"),
        seeds=one("seeds"),
    )


def from_digest(digest: Digest, slugs: Mapping[int, str]) -> Typed:
    """What a digest is, for its form."""
    languages = list(digest.languages)
    tags = list(dict.fromkeys(map(primary, languages)))
    plain = {name: getattr(digest, name) for name in PLAIN}
    for name in ("at", "send_from", "send_until"):
        plain[name] = f"{plain[name]:%H:%M}" if plain[name] else ""
    return Typed(
        languages=languages,
        texts={name: {tag: _own(digest, name, tag) for tag in tags} for name in TEXTS},
        plain={name: str(value) for name, value in plain.items()}
        | {"weekday": DAYS[digest.weekday], "segment": readers.name_of(digest.segment)},
        ticks={name for name in TICKS if getattr(digest, name)},
        kinds=list(digest.kinds),
        topics=[slugs[pk] for pk in digest.topics if pk in slugs],
        seeds="\n".join(digest.seeds),
    )


def empty() -> Typed:
    """The form of a new digest."""
    plain = dict.fromkeys(PLAIN, "") | {
        name: str(DigestIn.model_fields[name].default)
        for name in (
            *(
                "accent",
                "zone",
                "rhythm",
                "weekday",
                "monthday",
                "layout",
                "priority",
                "window_days",
                "max_age_days",
            ),
        )
    }
    plain |= {
        "most_items": "12",
        "approvals": "0",
        "on_unknown": "resend",
        "at": "08:00",
        "counting": "off",
    }
    return Typed(["en"], {name: {"en": ""} for name in TEXTS}, plain, {"enabled", "needs_approval"})


def _own(digest: Digest, name: str, tag: str) -> str:
    """What stands there for a language, and not what stands in for it."""
    texts: dict[str, str] | str = getattr(digest, name)
    if isinstance(texts, str):
        return texts
    return texts.get(tag) or next((text for key, text in texts.items() if primary(key) == tag), "")


def too_long(form: Typed) -> dict[str, str]:
    """By the field's name in the form which texts are too long: they are refused, and never cut."""
    lengths = {f"{name}-{tag}": len(text) for name, by in form.texts.items() for tag, text in by.items()}
    lengths |= {name: len(value) for name, value in form.plain.items()}
    most = dict.fromkeys(lengths, LONGEST) | {"seeds": LONGEST_SEEDS}
    lengths["seeds"] = len(form.seeds)
    said = str(WORDS["string_too_long"])
    return {
        name: said % {"max_length": most[name]} for name, length in lengths.items() if length > most[name]
    }


def mistakes(error: ValidationError) -> dict[str, str]:
    """By the field's name in the form what is wrong with it."""
    found: dict[str, str] = {}
    for each in error.errors():
        name = str(each["loc"][0]) if each["loc"] else "form"
        words = WORDS.get(each["type"])
        if name == "accent":
            said = str(_("A colour such as #0b6e99."))
        elif words:
            said = str(words) % each.get("ctx", {})
        else:
            said = each["msg"].removeprefix("Value error, ")
        found.setdefault(name, said)
    return found


def beside(fields: Mapping[str, str], tags: Iterable[str]) -> dict[str, str]:
    """Mistakes of a field with a text for each language, beside the text in the first."""
    first = next(iter(tags), "")
    return {f"{name}-{first}" if name in TEXTS and first else name: said for name, said in fields.items()}
