"""What a browser says of where its reader is: the time zone (by a script), and the country."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global
from django.utils.translation.trans_real import parse_accept_lang_header

from publisher.audience.regions import region_code


def zone(named: str) -> str:
    """The zone that the browser named, if there is one of that name; else ""."""
    return named if named in _zones() else ""


@cache
def _zones() -> frozenset[str]:
    """Looked up once: it opens six hundred files."""
    return frozenset(available_timezones())


def region(zone: str, accept_language: str) -> str:
    """The country of a zone; else that of the browser's first language that names one (`zh-CN`); else ""."""
    territory = get_global("zone_territories").get(zone, "")
    if found := region_code(str(territory)):
        return found
    for tag, _quality in parse_accept_lang_header(accept_language):
        for part in tag.split("-")[1:]:
            if len(part) == 2 and (found := region_code(part)):
                return found
    return ""
