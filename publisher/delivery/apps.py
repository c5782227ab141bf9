"""The app of delivering: what it knows of subscribers may be asked for in segments."""

from __future__ import annotations

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """Django's configuration of this room."""

    name = "publisher.delivery"

    def ready(self) -> None:
        """Conditions by what was sent become known to segments, which are of a lower room."""
        from publisher.delivery import behaviour  # noqa: PLC0415 - models are ready only now

        behaviour.add()
