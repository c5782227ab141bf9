"""The parts of docs/ that are made from the code's own tables. `make docs` writes them; a test says when they are stale."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from config.environment import SETTINGS
from publisher.delivery.states import TRANSITIONS, State
from publisher.items.refusals import CODES
from publisher.items.schema import event_json_schema, item_json_schema

ROOT = Path(__file__).resolve().parent.parent


REJECTIONS = "<!-- What follows is written by `make docs` from publisher/items/refusals.py -->\n"


def configuration() -> str:
    """docs/configuration.md, whole."""
    lines = [
        "# Configuration",
        "",
        "Every setting comes from the environment and is read once, at start. A name that begins with `PUBLISHER_` and is not in",
        "this list is refused, so that a typing error is found at once. Times are in UTC unless a setting says otherwise.",
        "",
        "This page is written from `config/environment.py` by `make docs`.",
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
    by_hand, heading, _ = (ROOT / "docs/intake.md").read_text(encoding="utf-8").partition(REJECTIONS)
    table = ["", "| code | what it says | what to do |", "|---|---|---|"]
    table += [f"| `{code}` | {reason} | {hint} |" for code, (reason, hint) in CODES.items()]
    return by_hand + heading + "\n".join(table) + "\n"


def item_schema() -> str:
    """docs/schema/item.schema.json"""
    return json.dumps(item_json_schema(), indent=2, ensure_ascii=False) + "\n"


def event_schema() -> str:
    """docs/schema/event.schema.json"""
    return json.dumps(event_json_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/configuration.md": configuration,
    "docs/states.md": states,
    "docs/intake.md": intake,
    "docs/schema/item.schema.json": item_schema,
    "docs/schema/event.schema.json": event_schema,
}


def write() -> None:
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
