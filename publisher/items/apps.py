"""The items app: its topics are brought up to date whenever its tables are."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ItemsConfig(AppConfig):
    name = "publisher.items"

    def ready(self) -> None:
        from publisher.items.topic_sync import after_migrate  # noqa: PLC0415 - models exist only from here on

        post_migrate.connect(after_migrate, sender=self)
