"""The app of the desk: every process learns how the audit trail is exported."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Django's configuration of this room."""

    name = "publisher.desk"

    def ready(self) -> None:
        """Workers write the files, in words that only the desk has."""
        from publisher.delivery.exports import kinds  # noqa: PLC0415 - models are ready only now
        from publisher.delivery.models import Export  # noqa: PLC0415
        from publisher.desk.audit.export import KIND  # noqa: PLC0415
        from publisher.desk.suppressions import exporting  # noqa: PLC0415

        kinds.add(Export.Kind.AUDIT, KIND)
        kinds.add(Export.Kind.SUPPRESSIONS, exporting.KIND)
