"""Making, rotating and removing a provider's door. A secret that is made here is shown once; one that was entered, never."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import ChannelDown, UserError
from publisher.core.webhook_signing import signature_headers
from publisher.feedback.models import ProviderDoor
from publisher.feedback.webhooks import proofs, sns
from publisher.feedback.webhooks.proofs import Refused
from publisher.feedback.webhooks.table import INTAKES, name_of

OVERLAP: Final = timedelta(days=3)
"""How long the former secret is good, too: time to enter the new one there, also over a weekend."""
LONGEST: Final = 2000
SHORTEST: Final = 8


def address(door: ProviderDoor) -> str:
    """Where the provider calls."""
    return f"{settings.BASE_URL.rstrip('/')}{path_of(door.provider, door.path)}"


def path_of(provider: str, path: str) -> str:
    """The address without its host."""
    return f"/hooks/mail/{provider}/{path}"


@transaction.atomic
def make(provider: str, *, secret: str, user: Actor, now: datetime) -> tuple[ProviderDoor, str]:
    """A door, and its secret where it was made here. Raises UserError for a secret that cannot be."""
    if provider not in INTAKES:
        raise UserError(_("There is no such provider."), _("Choose from the list."))
    kept = _secret(provider, secret)
    made_by = user if isinstance(user, User) else None
    fields: dict[str, Any] = {"secrets": [kept], "created_at": now, "created_by": made_by}
    door, made = ProviderDoor.objects.get_or_create(
        provider=provider, defaults={"path": secrets.token_urlsafe(32), **fields}
    )
    if not made:
        raise UserError(
            _("%(name)s has an address here already.") % {"name": name_of(provider)},
            _("Enter a new secret for it, or remove it."),
        )
    audit.record(user, "providerdoor.created", door, after={"provider": provider})
    return door, kept if INTAKES[provider].answers_with_login else ""


@transaction.atomic
def rotate(door_id: int, *, secret: str, user: Actor, now: datetime) -> tuple[ProviderDoor, str]:
    """A new secret; the former one is good for three days more. Raises UserError, DoesNotExist."""
    door = ProviderDoor.objects.select_for_update(of=("self",)).get(pk=door_id)
    new = _secret(door.provider, secret)
    try:
        former = opened(door.secrets)[0]
        if former == new:
            raise UserError(_("This is the secret that is stored already."), _("Enter the new one."))
        door.secrets, door.old_secret_until = [new, former], now + OVERLAP
    except CannotDecrypt:  # written with a key that is lost: there is nothing to overlap with
        door.secrets, door.old_secret_until = [new], None
    door.save(update_fields=["secrets", "old_secret_until"])
    audit.record(user, "providerdoor.rotated", door, after={"provider": door.provider})
    return door, new if INTAKES[door.provider].answers_with_login else ""


@transaction.atomic
def remove(door_id: int, *, user: Actor) -> str:
    """Its address answers nobody from now on. What was stored and not yet taken goes, too. Gives its provider."""
    door = ProviderDoor.objects.select_for_update(of=("self",)).get(pk=door_id)
    provider = door.provider
    audit.record(user, "providerdoor.removed", door, before={"provider": provider})
    door.delete()
    return provider


def secrets_of(door: ProviderDoor, now: datetime) -> list[str]:
    """Those that are good at `now`, the newest first. Raises CannotDecrypt."""
    both: list[str] = opened(door.secrets)
    overlaps = door.old_secret_until is not None and now < door.old_secret_until
    return both if overlaps else both[:1]


def _secret(provider: str, given: str) -> str:
    """The secret to be stored. Raises UserError."""
    wanted = INTAKES[provider].secret
    if wanted == "made":
        return secrets.token_urlsafe(24)
    text = given.strip()
    if wanted == "topic":
        if not sns.TOPIC.fullmatch(text):
            raise UserError(
                _("This is no topic of Amazon SNS."), _("Enter its ARN: arn:aws:sns:REGION:ACCOUNT:NAME.")
            )
        return text
    if not SHORTEST <= len(text) <= LONGEST or "\0" in text:
        raise UserError(_("The secret is missing, or it is none."), _("Copy it from the provider’s page."))
    if wanted == "public":
        try:
            proofs.loaded(text)
        except Refused:
            raise UserError(
                _("This is no public key."), _("Copy the whole key from the provider’s page.")
            ) from None
    if INTAKES[provider].proof is proofs.svix:
        try:
            signature_headers(text, "", 0, b"")
        except (ChannelDown, UnicodeError):
            raise UserError(_("This is no signing secret."), _("It begins with whsec_.")) from None
    return text
