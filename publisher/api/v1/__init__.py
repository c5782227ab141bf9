"""The API, version 1. One file a resource; `frame.py` says how an operation is declared.

No file here decides anything: each operation calls the service of a lower room that the desk calls too.
"""

from __future__ import annotations

from publisher.api.v1 import (  # noqa: F401 - resources declare their operations when they are imported
    access,
    again,
    audit,
    bulk,
    channels,
    clearance,
    clearance_tags,
    contents,
    corrections,
    deliveries,
    digests,
    drafts,
    editions,
    figures,
    hooks,
    imports,
    items,
    labels,
    mail,
    mail_server,
    people,
    pictures,
    posts,
    producing,
    readings,
    reference,
    retention,
    review,
    rights,
    schedules,
    segments,
    sign_ups,
    staff,
    stops,
    subscribers,
    suppression_imports,
    suppressions,
    templates,
)
from publisher.api.v1.frame import api

__all__ = ["api"]
