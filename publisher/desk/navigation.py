"""The desk's navigation: which areas there are, in which groups, and who sees each.

An area is a folder of `publisher/desk/`. The page that is open belongs to the area in whose folder its view stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.people.permissions import (
    DESIGN,
    INTEGRATE,
    MANAGE_AUDIENCE,
    MANAGE_PEOPLE,
    SEE_ADDRESSES,
    SEE_AUDIT,
    SEE_DESK,
    SEE_SYSTEM,
    SET_UP,
)


@dataclass(frozen=True)
class Section:
    """One entry. `area` is its folder; several entries may share one, then the address tells them apart."""

    label: Promise
    url_name: str
    icon: str
    area: str
    permission: str = SEE_DESK


@dataclass(frozen=True)
class Group:
    """Entries under one heading; the first group has none."""

    label: Promise | str
    sections: tuple[Section, ...]


GROUPS = (
    Group(
        "",
        (
            Section(_("Today"), "desk:home", "today", "today"),
            Section(_("Calendar"), "desk:calendar", "calendar", "calendar"),
            Section(_("Items"), "desk:items", "items", "items"),
            Section(_("Posts"), "desk:posts", "posts", "posts"),
            Section(_("Editions"), "desk:editions", "editions", "editions"),
            Section(_("Forecast"), "desk:forecast", "forecast", "forecast"),
        ),
    ),
    Group(
        _("Set up"),
        (
            Section(_("Digests"), "desk:digests", "digests", "digests"),
            Section(_("Channels"), "desk:channels", "channels", "channels"),
            Section(_("Clearance"), "desk:clearance", "clearance", "clearance"),
            Section(_("Mail servers"), "desk:mail", "mail", "mail", SET_UP),
            Section(_("Schedules"), "desk:schedules", "schedules", "schedules", DESIGN),
            Section(_("Templates"), "desk:templates", "templates", "templates", DESIGN),
        ),
    ),
    Group(
        _("Audience"),
        (
            Section(_("Subscribers"), "desk:subscribers", "people", "audience"),
            Section(_("Sign-ups"), "desk:sign-ups", "people", "sign_ups", MANAGE_AUDIENCE),
            Section(_("Segments"), "desk:segments", "segment", "audience"),
            Section(_("Tags and attributes"), "desk:tags", "tag", "audience"),
            Section(_("Bulk actions"), "desk:bulks", "bulk", "audience", MANAGE_AUDIENCE),
            Section(_("Imports"), "desk:imports", "import", "audience", MANAGE_AUDIENCE),
        ),
    ),
    Group(
        _("Watch"),
        (
            Section(_("Dashboard"), "desk:dashboard", "chart", "dashboard"),
            Section(_("Delivery log"), "desk:deliveries", "log", "log"),
            Section(_("Suppression list"), "desk:suppressions", "out", "suppressions"),
            Section(_("What came back"), "desk:reports", "back", "reports", SEE_ADDRESSES),
            Section(_("Pause"), "desk:pauses", "pause", "stops"),
            Section(_("Sending"), "desk:sending", "sending", "stops"),
        ),
    ),
    Group(
        _("Administration"),
        (
            Section(_("People"), "desk:people", "people", "people", MANAGE_PEOPLE),
            Section(_("API keys"), "desk:api-keys", "key", "keys", INTEGRATE),
            Section(_("Webhooks"), "desk:webhooks", "hook", "hooks", INTEGRATE),
            Section(_("Audit trail"), "desk:audit", "audit", "audit", SEE_AUDIT),
            Section(_("Retention"), "desk:retention", "retention", "retention", SEE_AUDIT),
            Section(_("System"), "desk:system", "system", "system", SEE_SYSTEM),
        ),
    ),
)


def area_of(view: Callable[..., object]) -> str:
    """The area of a view: `items` for one in `publisher/desk/items/`; "" for a view from elsewhere."""
    module = view.__module__.split(".")
    return module[2] if module[:2] == ["publisher", "desk"] and len(module) > 3 else ""


def shown(may: Callable[[str], bool]) -> list[Group]:
    """What a person sees who may do what `may` says; a group without entries is left out."""
    groups = [
        Group(group.label, tuple(each for each in group.sections if may(each.permission))) for group in GROUPS
    ]
    return [group for group in groups if group.sections]


def current(groups: list[Group], url_name: str, area: str) -> str:
    """The `url_name` of the entry that is marked: the page itself, else that of its area whose name begins alike (`segments` of
    `segment-new`), else the first of its area."""
    names = [section.url_name for group in groups for section in group.sections if section.area == area]
    exact = [name for name in names if name == f"desk:{url_name}"]
    alike = [name for name in names if name.startswith(f"desk:{url_name.partition('-')[0]}")]
    return next(iter([*exact, *alike, *names]), "")
