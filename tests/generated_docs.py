"""The parts of docs/ that are made from the code's own tables. `make docs` writes them; a test says when they are stale."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import django
from django.conf import settings

from config.environment import SETTINGS
from publisher.delivery.states import TRANSITIONS, State
from publisher.items.schema import event_json_schema, item_json_schema
from publisher.people.permissions import PERMISSIONS, ROLES, codename

ROOT = Path(__file__).resolve().parent.parent


PLACE, HOLE = re.compile(r"%\((\w+)\)s"), r"{\1}"
REJECTIONS = "<!-- What follows is written by `make docs` from publisher/items/refusals.py -->\n"
ROLES_BEGIN = "<!-- The table is written by `make docs` from publisher/people/permissions.py -->\n"
ROLES_END = EVENTS_END = "<!-- end of the table -->\n"
KNOWN_BEGIN = "<!-- What follows is written by `make docs` from publisher/retention/known/ -->\n"
KNOWN_END = "<!-- end of what is written -->\n"
EVENTS_BEGIN = "<!-- The table is written by `make docs` from publisher/hooks/kinds.py -->\n"


def configuration() -> str:
    """docs/configuration.md, whole."""
    lines = [
        "# Configuration",
        "",
        "Every setting comes from the environment and is read once, at start. A name that begins with `PUBLISHER_` and is not in",
        "this list is refused, so that a typing error is found at once. Times are in UTC unless a setting says otherwise.",
        "",
        "This page is written from `config/environment/` by `make docs`.",
        "",
    ]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "empty"
        lines += [
            f"## {setting.name}",
            "",
            setting.meaning,
            "",
            f"- Unit: {setting.unit}",
            f"- Default: {default}",
            f"- Example: `{setting.name}={setting.example}`",
            "",
        ]
    return "\n".join(lines)


def states() -> str:
    """docs/states.md, whole: the states of a delivery, drawn from the transition table."""
    lines = [
        "# The states of a delivery",
        "",
        "This page is written from `publisher/delivery/states.py` by `make docs`.",
        "",
        "| state | meaning | may become |",
        "|---|---|---|",
    ]
    for state in State:
        following = ", ".join(f"`{new.value}`" for new in State if new in TRANSITIONS[state]) or "(final)"
        lines.append(f"| `{state.value}` | {state.label} | {following} |")
    lines += [
        "",
        "`handed` is for [networks whose posts a person publishes](networks.md#posts-that-a-person-publishes).",
        "Only there may what was cancelled or expired become `sent`: a person had posted it before it was stopped.",
    ]
    lines += [
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> queued",
        "    [*] --> handed",
        "    [*] --> suppressed",
    ]
    lines += [f"    {old.value} --> {new.value}" for old in State for new in State if new in TRANSITIONS[old]]
    lines += ["```", ""]
    return "\n".join(lines)


def intake() -> str:
    """docs/intake.md: written by hand, but for the table of all reasons for which an entry is refused."""
    from publisher.items.refusals import CODES

    by_hand, heading, _ = (ROOT / "docs/intake.md").read_text(encoding="utf-8").partition(REJECTIONS)
    table = ["", "| code | what it says | what to do |", "|---|---|---|"]
    table += [f"| `{code}` | {PLACE.sub(HOLE, reason)} | {hint} |" for code, (reason, hint) in CODES.items()]
    return by_hand + heading + "\n".join(table) + "\n"


def item_schema() -> str:
    """docs/schema/item.schema.json"""
    return json.dumps(item_json_schema(), indent=2, ensure_ascii=False) + "\n"


def event_schema() -> str:
    """docs/schema/event.schema.json"""
    return json.dumps(event_json_schema(), indent=2, ensure_ascii=False) + "\n"


def people() -> str:
    """docs/people.md: written by hand, but for the table of what each role may do."""
    text = (ROOT / "docs/people.md").read_text(encoding="utf-8")
    before, heading, rest = text.partition(ROLES_BEGIN)
    _, end, after = rest.partition(ROLES_END)
    weakest_first = tuple(reversed(ROLES))
    names = [role.name for role in weakest_first]
    table = [f"| permission | what | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    table += [
        f"| `{codename(name)}` | {label} | "
        + " | ".join("yes" if name in role.permissions else "" for role in weakest_first)
        + " |"
        for name, label in PERMISSIONS.items()
    ]
    return before + heading + "\n" + "\n".join(table) + "\n\n" + end + after


def webhooks() -> str:
    """docs/webhooks.md: written by hand, but for the table of events."""
    from publisher.hooks import kinds

    text = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
    before, heading, rest = text.partition(EVENTS_BEGIN)
    _, end, after = rest.partition(EVENTS_END)
    table = ["| kind | what | events |", "|---|---|---|"]
    table += [
        f"| `{kind}` | {kinds.MEANINGS[kind]} | {', '.join(f'`{kind}.{state}`' for state in states)} |"
        for kind, states in kinds.KINDS.items()
    ]
    return before + heading + "\n" + "\n".join(table) + "\n\n" + end + after


def privacy() -> str:
    """docs/privacy.md: written by hand, but for the tables of what is known of people and how long it is kept."""
    from publisher.retention.known import BESIDES, GROUPS

    text = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
    before, heading, rest = text.partition(KNOWN_BEGIN)
    _, end, after = rest.partition(KNOWN_END)
    table = []
    for title, rows in GROUPS:
        table += ["", f"## {title}"]
        for name, row in rows.items():
            fields = ", ".join(f"`{field}`" for field in row.fields.split())
            table += [
                "",
                f"### {name}",
                "",
                f"{row.what[:1].upper()}{row.what[1:]}.",
                "",
                f"- Purpose: {row.why}",
                f"- From: {row.since}",
                f"- Kept: {row.kept}",
                f"- Read by: {row.read}",
                f"- Fields: {fields}",
            ]
    table += ["", "## What is no table", "", "| where | what | why | how long |", "|---|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in BESIDES]
    return before + heading + "\n".join(table) + "\n\n" + end + after


PAGES: dict[str, Callable[[], str]] = {
    "docs/configuration.md": configuration,
    "docs/states.md": states,
    "docs/intake.md": intake,
    "docs/people.md": people,
    "docs/webhooks.md": webhooks,
    "docs/privacy.md": privacy,
    "docs/schema/item.schema.json": item_schema,
    "docs/schema/event.schema.json": event_schema,
}


def write() -> None:
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(), encoding="utf-8")


ROOMS = (
    "core",
    "people",
    "schedule",
    "items",
    "review",
    "audience",
    "digests",
    "social",
    "delivery",
    "hooks",
)
"""The models of these are read; no environment and no database is."""

if __name__ == "__main__":
    settings.configure(
        USE_I18N=False,  # texts of the code's tables as they stand there
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            *(f"publisher.{room}" for room in ROOMS),
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    write()
