"""What mailboxes and providers answered: bounces, complaints, automatic answers, mails that ask to leave, with their evidence.
And the mailboxes that are read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from publisher.core.crypto import EncryptedJSONField


class Report(models.Model):
    """One answer, taken once: `fingerprint` (SHA-256 of the message, or of a provider's event) keeps it from counting twice.

    Deliveries and subscribers are named by id alone: both may be forgotten before their evidence.
    """

    class Kind(models.TextChoices):
        BOUNCE = "bounce", _("Bounce")
        COMPLAINT = "complaint", _("Complaint")
        LEAVE = "leave", _("Mail that asks to leave")
        AUTOMATIC = "automatic", _("Automatic answer")
        CHALLENGE = "challenge", _("Asks the sender to prove something")
        DELIVERED = "delivered", _("Delivered")
        DELAYED = "delayed", _("Delayed; the other side goes on trying")
        OTHER = "other", _("A mail from a person, or of an unknown kind")

    class Cause(models.TextChoices):
        NONE = "", _("None")
        UNKNOWN_USER = "unknown_user", _("No such mailbox")
        UNKNOWN_DOMAIN = "unknown_domain", _("No such domain")
        DISABLED = "disabled", _("Mailbox closed")
        FULL = "full", _("Mailbox full")
        POLICY = "policy", _("Refused by policy")
        REPUTATION = "reputation", _("Refused for the sender’s name")
        CONTENT = "content", _("Refused for its content")
        SIZE = "size", _("Too large")
        TEMPORARY = "temporary", _("Could not be reached for the time being")
        LOOP = "loop", _("Goes round in circles")
        UNCLEAR = "unclear", _("Unclear")

    class Outcome(models.TextChoices):
        NOTHING = "nothing", _("Nothing was changed")
        MARKED = "marked", _("Only the delivery was marked")
        COUNTED = "counted", _("Counted against the address")
        SUPPRESSED = "suppressed", _("The address was suppressed")
        LEFT = "left", _("Unsubscribed")
        DELIVERED = "delivered", _("The delivery was confirmed")
        UNMATCHED = "unmatched", _("It names nobody we wrote to")

    fingerprint = models.BinaryField(max_length=32, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    cause = models.CharField(max_length=16, choices=Cause.choices, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    source = models.CharField(
        max_length=100, help_text="mailbox, listener, pipe, or provider that brought it"
    )
    code = models.CharField(
        max_length=20, blank=True, help_text="enhanced status code (RFC 3463), else SMTP code"
    )
    said = models.TextField(blank=True, help_text="the other side's words, shortened")
    why = models.TextField(blank=True, help_text="the rule that decided, in English")
    address_key = models.CharField(max_length=320, blank=True)
    delivery_id = models.BigIntegerField(null=True, blank=True)
    subscriber_id = models.BigIntegerField(null=True, blank=True)
    digest_id = models.BigIntegerField(null=True, blank=True)
    reported_at = models.DateTimeField(
        null=True, blank=True, help_text="when the other side says it happened"
    )
    received_at = models.DateTimeField()
    evidence = models.BinaryField(
        null=True, blank=True, help_text="the message or event itself, compressed (zlib)"
    )
    owed = models.CharField(
        max_length=10,
        blank=True,
        db_default="",
        help_text="the state that its delivery gets once its sender has settled it",
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], name="report_owed", condition=~models.Q(owed="")),
            models.Index(fields=["address_key", "received_at"], name="report_of_address"),
            models.Index(
                fields=["delivery_id"],
                name="report_of_delivery",
                condition=models.Q(delivery_id__isnull=False),
            ),
            models.Index(
                fields=["subscriber_id"],
                name="report_of_subscriber",
                condition=models.Q(subscriber_id__isnull=False),
            ),
            models.Index(fields=["received_at"], name="report_age"),
            models.Index(
                fields=["received_at"],
                name="report_message_age",
                condition=models.Q(evidence__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ProviderDoor(models.Model):
    """Where one mail provider tells what became of mails. `path` is the secret part of its address.

    `secrets`: the present one and, until `old_secret_until`, the one before. A topic of Amazon SNS stands there, too.
    """

    provider = models.CharField(max_length=20, unique=True)
    path = models.CharField(max_length=43, unique=True)
    secrets = EncryptedJSONField()
    old_secret_until = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    called_at = models.DateTimeField(null=True, help_text="the last call that was its provider's")
    event_at = models.DateTimeField(null=True, help_text="when the last event was taken")
    event = models.CharField(max_length=12, choices=Report.Kind.choices, blank=True)
    taken = models.BigIntegerField(default=0)
    left_out = models.BigIntegerField(default=0, help_text="opened, clicked, and the like")
    unread = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.provider


class ProviderCall(models.Model):
    """A call that is its provider's, until its events are taken. `identity`: the call's own id, where the provider has one."""

    door = models.ForeignKey(ProviderDoor, on_delete=models.CASCADE, related_name="calls")
    body = models.BinaryField(help_text="compressed (zlib)")
    identity = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True, help_text="a worker that holds it puts this off")
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"call {self.pk}"


class ProviderMark(models.Model):
    """A call that was taken, known again for as long as its signature would be accepted."""

    door = models.ForeignKey(ProviderDoor, on_delete=models.CASCADE, related_name="marks")
    mark = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["door", "mark"], name="provider_mark_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="provider_mark_age")]

    def __str__(self) -> str:
        return f"mark {self.pk}"


class RefusedCall(models.Model):
    """A call that was not proved to be its provider's. The last few of a door are kept, and nothing of what they said."""

    door = models.ForeignKey(ProviderDoor, on_delete=models.CASCADE, related_name="refusals")
    reason = models.CharField(max_length=200)
    size = models.PositiveIntegerField(help_text="bytes")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"refused {self.pk}"


class Mailbox(models.Model):
    """A mailbox that answers come to. `mailboxes.py` writes how it is set up, `reader.py` how it fares.

    `secret` holds `password`, or `refresh_token` and `client_secret`. `memory` is what its way needs to find what is new
    (`ways/base.py`). One process at a time reads it: the one named in `reader`, until `lease_until`.
    """

    class Security(models.TextChoices):
        TLS = "tls", _("TLS from the first byte")
        STARTTLS = "starttls", _("STARTTLS")
        NONE = "none", _("None (only on this machine)")

    class Login(models.TextChoices):
        PASSWORD = "password", _("Password")
        OAUTH = "oauth", _("OAuth 2.0 (Microsoft 365, Google Workspace)")

    class After(models.TextChoices):
        MOVE = "move", _("Move it to a folder")
        SEEN = "seen", _("Mark it as read, and leave it")
        DELETE = "delete", _("Delete it")
        KEEP = "keep", _("Leave it as it is")

    name = models.CharField(max_length=80, unique=True)
    way = models.CharField(max_length=20, help_text="a file of ways/")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    security = models.CharField(max_length=8, choices=Security.choices, default=Security.TLS)
    certificate = models.TextField(
        blank=True, help_text="PEM of the authority that may vouch for it; empty: the system's authorities"
    )
    login = models.CharField(max_length=8, choices=Login.choices, default=Login.PASSWORD)
    username = models.CharField(max_length=320)
    secret = EncryptedJSONField()
    token_url = models.CharField(max_length=500, blank=True)
    client_id = models.CharField(max_length=200, blank=True)
    scope = models.CharField(max_length=500, blank=True)
    folder = models.CharField(max_length=200, default="INBOX")
    after = models.CharField(max_length=8, choices=After.choices, default=After.MOVE)
    taken_folder = models.CharField(max_length=200, default="Publisher/taken")
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()

    memory: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    taken = models.PositiveBigIntegerField(default=0, help_text="messages that it brought first")
    last_message_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True, help_text="when it was last read to its end")
    waits_by_idle = models.BooleanField(default=False, help_text="its server says at once when mail comes")
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    said = models.TextField(blank=True, help_text="the last trouble, in English")
    todo = models.TextField(blank=True)
    next_at = models.DateTimeField(null=True, help_text="when it is looked at again")
    reader = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
