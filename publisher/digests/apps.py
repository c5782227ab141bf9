"""The app of digests: what they hold may be asked for in segments."""

from __future__ import annotations

from django.apps import AppConfig


class DigestsConfig(AppConfig):
    """Django's configuration of this room."""

    name = "publisher.digests"

    def ready(self) -> None:
        """The condition by topic becomes known to segments, which are of a lower room."""
        from publisher.digests import receiving  # noqa: PLC0415 - models are ready only now

        receiving.add()
