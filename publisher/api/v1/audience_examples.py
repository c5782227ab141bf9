"""Examples of what is sent about the audience, and answered. As those of `examples.py`."""

from __future__ import annotations

from typing import Any, Final

AT: Final = "2026-06-01T12:00:00Z"
PRESS: Final[dict[str, Any]] = {"who": {"segment": 4}, "action": "tag", "tag": "Press"}
CONDITION: Final[dict[str, Any]] = {"field": "attribute:city", "op": "contains", "value": "Kisumu"}
BOUNCED: Final[dict[str, Any]] = {
    "since": "2026-06-01T06:00:00Z",
    "until": "2026-06-01T14:00:00Z",
    "domain": "example.com",
}

AUDIENCE: Final[dict[str, Any]] = {
    "DeedIn": PRESS,
    "BulkIn": {**PRESS, "expected": 240},
    "BulkOut": {
        "id": 8,
        "state": "running",
        "action": "tag",
        "who": [[{**CONDITION, "within_weeks": None, "negated": False}]],
        "tag": "Press",
        "attribute": None,
        "value": None,
        "digest": None,
        "how": "",
        "expected": 240,
        "total": 241,
        "done": 100,
        "changed": 97,
        "undone": 0,
        "problem": "",
        "asked_by": "mira",
        "undone_by": "",
        "at": AT,
        "finished_at": None,
        "undone_at": None,
        "undo_until": "2026-06-08T12:00:00Z",
        "why_not_undo": "It is being done.",
    },
    "SegmentIn": {"name": "Readers in Kisumu", "groups": [[CONDITION]]},
    "SegmentChangeIn": {"version": 3, "groups": [[CONDITION, {"field": "state", "value": "active"}]]},
    "GroupsOnlyIn": {"groups": [[CONDITION]]},
    "NewTagIn": {"name": "Press"},
    "TagRenameIn": {"name": "Journalists", "name_before": "Press"},
    "AttributeIn": {"key": "job_title", "label": "Job title", "kind": "text"},
    "AttributeChangeIn": {"version": 3, "label": "Position"},
    "CheckIn": {
        "version": 3,
        "digest": "weekly",
        "consent": "List at the open day, 1 June 2026",
        "columns": {"1": "email", "2": "name", "3": "ignore"},
        "tag": "Open day",
    },
    "EraseIn": {"confirm": "r…@example.net", "how": "Asked by letter, 1 June 2026"},
    "SuppressionImportOut": {
        "id": 3,
        "name": "old.csv",
        "by": "mira",
        "at": AT,
        "read": 1200,
        "added": 1100,
        "changed": 20,
        "unchanged": 70,
        "refused": 10,
        "refused_held": True,
    },
    "BouncedIn": BOUNCED,
    "LiftBouncedIn": {**BOUNCED, "expected": 3, "because": "Their outage of 1 June"},
}
