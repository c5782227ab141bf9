"""Topic rows kept in step with `config/topics.yaml`. Runs after each migration (`apps.py`)."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from publisher.items.models import Topic
from publisher.items.topics import TopicRule, load_topics

log = logging.getLogger(__name__)


@lru_cache(maxsize=4)
def rules(path: Path) -> tuple[TopicRule, ...]:
    """The rules of the file, read once a process. Raises UserError that names what is wrong in it."""
    return load_topics(path)


@transaction.atomic
def sync() -> int:
    """Make and update the rows of all topics in the file, retire those that it lacks; how many it holds. Repeatable.

    A retired topic keeps its place in items and choices, and is suggested no more.
    """
    wanted = load_topics(settings.TOPICS_FILE)
    Topic.objects.bulk_create(
        [
            Topic(
                slug=rule.slug,
                kind=rule.kind,
                name_en=rule.name_en,
                name_zh=rule.name_zh,
                names=dict(rule.names),
                tag_en=rule.tag_en,
                tag_zh=rule.tag_zh,
                color=rule.color,
                position=rule.position,
            )
            for rule in wanted
        ],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=[
            *("kind", "name_en", "name_zh", "names", "tag_en", "tag_zh", "color", "position", "retired")
        ],
    )
    retired = Topic.objects.exclude(slug__in=[rule.slug for rule in wanted]).update(retired=True)
    log.debug("topics.synced", extra={"topics": len(wanted), "retired": retired})
    return len(wanted)


def after_migrate(**_signal: Any) -> None:
    """Django's `post_migrate`. Migrating backwards may have taken the table away."""
    if Topic._meta.db_table in connection.introspection.table_names():
        sync()
