"""The app of people: after a migration the roles' groups are there."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PeopleConfig(AppConfig):
    """Django's configuration of this room."""

    name = "publisher.people"

    def ready(self) -> None:
        """After `auth` has made the permissions, since its app stands before this one."""
        from publisher.people.roles import keep_roles  # noqa: PLC0415 - models are ready only now

        post_migrate.connect(keep_roles, sender=self)
