"""The link of a post: the item's address for readers in the channel's region, with the channel's UTM parameters. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote_plus

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from publisher.items.urls import MAX_URL, host_of

NAMES: Final = ("channel", "network", "kind", "language", "date")
"""What the values of a rule may hold in braces."""

_NAME: Final = re.compile(r"\{([^{}]*)\}")
_GAPS: Final = re.compile(r"[^\w]+|_+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def _known_names(value: str) -> str:
    value = value.strip()
    unknown = [name for name in _NAME.findall(value) if name not in NAMES]
    if unknown or "{" in _NAME.sub("", value) or "}" in _NAME.sub("", value):
        raise ValueError(
            _("may name %(names)s in braces and nothing else")
            % {"names": ", ".join(f"{{{name}}}" for name in NAMES)}
        )
    if _CONTROL.search(value):
        raise ValueError(_("must be one line of text"))
    return value


def _ascii_host(value: str) -> str:
    host = host_of(f"https://{value.strip()}/")
    if not host or "/" in value or ":" in value or "@" in value:
        raise ValueError(_("must be the name of a host, such as example.org"))
    return host


Value = Annotated[str, Field(max_length=100), AfterValidator(_known_names)]


class UtmRule(BaseModel):
    """What a channel adds to links to `hosts` (kept in ASCII) and all below them. One that comes out empty is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hosts: list[Annotated[str, AfterValidator(_ascii_host)]] = Field(min_length=1, max_length=50)
    source: Value = "{network}"
    medium: Value = "social"
    campaign: Value = ""
    content: Value = ""


def rule_of(stored: Mapping[str, Any]) -> UtmRule | None:
    """The rule as a channel stores it; None for none."""
    return UtmRule.model_validate(stored) if stored else None


def values_of(
    *, channel: str, network: str, kind: str, language: str, published_at: datetime
) -> dict[str, str]:
    """What the names in a rule stand for. `date` is the item's day in UTC, YYYY-MM-DD, like `date` in templates."""
    return {
        "channel": slug(channel),
        "network": network,
        "kind": kind,
        "language": language.lower(),
        "date": published_at.astimezone(UTC).date().isoformat(),
    }


def slug(name: str) -> str:
    """“Almaria Office” → almaria-office: statistics tell capitals apart, and show blanks in several ways."""
    return _GAPS.sub("-", name.lower()).strip("-")


def with_utm(url: str, rule: UtmRule, values: Mapping[str, str]) -> str:
    """`url` with the rule's parameters behind its own, before the fragment; every other character as it was.

    Unchanged: an address of another host; one that has a utm_ parameter, which somebody meant; one that would get too long.
    """
    host = host_of(url)
    if not host or not any(host == own or host.endswith(f".{own}") for own in rule.hosts):
        return url
    address, hash_sign, fragment = url.partition("#")
    path, _, query = address.partition("?")
    if any(unquote_plus(piece).lower().startswith("utm_") for piece in re.split("[&;]", query)):
        return url
    filled = (
        (name, _filled(getattr(rule, name), values)) for name in ("source", "medium", "campaign", "content")
    )
    added = "&".join(f"utm_{name}={quote(value, safe='-._~')}" for name, value in filled if value)
    if not added:
        return url
    path += "" if "/" in path.partition("://")[2] else "/"
    between = "" if not query or query.endswith("&") else "&"
    made = f"{path}?{query}{between}{added}{hash_sign}{fragment}"
    return made if len(made) <= MAX_URL else url


def of_region(url: str, links: Mapping[str, str], region: str) -> str:
    """The address for readers in `region` (ISO 3166 or UN M49, any case), else the item's own."""
    return (region and links.get(region.upper())) or url


def shown_in(texts: Sequence[str], *, new: str, before: str) -> str:
    """The link of texts that a person wrote: `before` as long as they show that one and not the new one. A network's preview of
    the page must not lead elsewhere than the text."""
    written = "\n".join(texts)
    return before if before and before in written and new not in written else new


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _NAME.sub(lambda name: values[name[1]], template).strip()
