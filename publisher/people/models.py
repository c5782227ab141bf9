"""People: what they may do, their preferences, invitations, the letters to them, and the keys of the API."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from publisher.people.permissions import PERMISSIONS, ROLES, codename


class Access(models.Model):
    """No table: it gives Django the permissions of `permissions.py`."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions: ClassVar = [(codename(name), codename(name)) for name in PERMISSIONS]


class CalendarAddress(models.Model):
    """A person's secret address of the calendar, for a calendar program. Only a hash of its token is kept."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="calendar_address",
    )
    token_hash = models.BinaryField(max_length=32, unique=True, help_text="SHA-256 of the token")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Calendar address of {self.user}"


class Profile(models.Model):
    """What a person chose for themselves, and the version of what admins decide about them (role, state)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    language = models.CharField(
        max_length=20, blank=True, help_text="of settings.LANGUAGES; empty: the browser's"
    )
    zone = models.CharField(max_length=60, blank=True, help_text="IANA name; empty: the browser's")
    version = models.PositiveIntegerField(default=1)


class Invitation(models.Model):
    """Somebody asked to come in. The link's token is kept as a hash; each sending makes a new one, and the old one is dead."""

    email = models.EmailField()
    role = models.CharField(max_length=20, choices=[(role.name, role.label) for role in ROLES])
    token_hash = models.BinaryField(max_length=32, null=True, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    invited_by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="invitation_open_once",
                condition=models.Q(accepted_at=None, withdrawn_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.email


class Letter(models.Model):
    """A mail to one person with a link that only they may see. The text and its token are made when it is sent, never stored."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("Invitation")
        RESET = "reset", _("New password")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Going out")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unclear")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    invitation = models.ForeignKey(Invitation, null=True, on_delete=models.CASCADE, related_name="letters")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    to = models.CharField(max_length=320)
    language = models.CharField(max_length=20)
    message_key = models.CharField(max_length=32)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(blank=True)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], name="letter_due", condition=models.Q(state__in=["queued", "sending"])
            )
        ]


class ApiKey(models.Model):
    """A key by which a program uses the API in the name of who made it. The secret itself is nowhere: only its SHA-256."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(
        max_length=16, unique=True, help_text="shown, so that people know the key again"
    )
    secret_hash = models.BinaryField(max_length=32)
    scopes = models.JSONField(help_text="codenames of permissions.py")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text="to five minutes")
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
