"""The app of reviewing: it hears what intake stores."""

from __future__ import annotations

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Django's configuration of this room."""

    name = "publisher.review"

    def ready(self) -> None:
        """Items get their clearance tags in the transaction that stores them."""
        from publisher.items.store import stored  # noqa: PLC0415 - models are ready only now
        from publisher.review.arriving import after_store  # noqa: PLC0415

        stored.connect(after_store)
