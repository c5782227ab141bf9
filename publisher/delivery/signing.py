"""The keys that mail is signed with (DKIM): made, switched on and off, and opened for an edition's letters.

`publisher dkim` calls the first three, `Letters` the last. The signature itself is made in email/dkim.py.
"""

from __future__ import annotations

import re
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import UserError
from publisher.delivery.email import dkim
from publisher.delivery.email.address import BadAddress, ascii_domain
from publisher.delivery.models import SigningKey

SELECTOR = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


class CannotSign(UserError, ValueError):
    """A key cannot be opened. Mail of its domain waits while it is on: unsigned it could be taken for forged."""


def key_domain(text: str) -> str:
    """The domain as keys are stored under it: ASCII, small letters. Raises UserError."""
    try:
        domain = ascii_domain(text.strip().rstrip(".")).lower()
    except BadAddress:
        domain = ""
    if "." not in domain:
        raise UserError(
            _("%(text)s is no domain.") % {"text": f"{text!r}"},
            _("It is what stands behind the @ of the sender's address."),
        )
    return domain


@transaction.atomic
def make_key(domain: str, selector: str, *, bits: int, now: datetime, actor: Actor = None) -> SigningKey:
    """Make a key, switched off. Raises UserError when the domain has one of this selector."""
    if SigningKey.objects.filter(domain=domain, selector=selector).exists():
        raise UserError(
            _("%(domain)s has a key with the selector %(selector)s already.")
            % {"domain": domain, "selector": selector},
            _("See it with `publisher dkim show`, or make another with --selector."),
        )
    key = SigningKey.objects.create(
        domain=domain, selector=selector, private_key=dkim.new_key(bits), created_at=now
    )
    audit.record(actor, "signingkey.created", key, {}, {"domain": domain, "selector": selector, "bits": bits})
    return key


@transaction.atomic
def switch_on(key: SigningKey, *, actor: Actor = None) -> None:
    """Sign the domain's mail with this key from now on, and with no other."""
    SigningKey.objects.select_for_update().filter(domain=key.domain, active=True).update(active=False)
    key.active = True
    key.save(update_fields=["active"])
    audit.record(actor, "signingkey.on", key, {}, {"domain": key.domain, "selector": key.selector})


@transaction.atomic
def switch_off(domain: str, *, actor: Actor = None) -> bool:
    """Sign the domain's mail no more; whether it was signed."""
    key = SigningKey.objects.select_for_update().filter(domain=domain, active=True).first()
    if key is None:
        return False
    key.active = False
    key.save(update_fields=["active"])
    audit.record(actor, "signingkey.off", key, {}, {"domain": domain, "selector": key.selector})
    return True


@transaction.atomic
def remove(key: SigningKey, *, actor: Actor = None) -> None:
    """Delete a key that is off. Mail that it signed can be checked as long as DNS shows its record. Raises UserError."""
    row = SigningKey.objects.select_for_update().filter(pk=key.pk).first()
    if row is None:
        return
    if row.active:
        raise UserError(
            _("%(row)s signs the mail of %(domain)s.") % {"row": row, "domain": row.domain},
            _("Switch another key on, or this one off."),
        )
    audit.record(actor, "signingkey.removed", row, {"domain": row.domain, "selector": row.selector})
    row.delete()


def checked_selector(text: str) -> str:
    """A key's name in DNS. Raises UserError."""
    text = text.strip().lower()
    if not re.fullmatch(SELECTOR, text):
        raise UserError(
            _("%(text)s cannot name a key.") % {"text": f"{text!r}"},
            _("Small letters, digits and hyphens, at most 63."),
        )
    return text


def private_key(key: SigningKey) -> RSAPrivateKey:
    """The key itself. Raises CannotSign when it cannot be opened."""
    try:
        return dkim.opened_key(opened(key.private_key))
    except (CannotDecrypt, ValueError) as error:
        raise CannotSign(
            gettext_noop("The DKIM key %(key)s cannot be opened.") % {"key": key},
            gettext_noop(
                "Put the former secret key into PUBLISHER_SECRET_KEY_FALLBACKS, or make a new key for the domain."
            ),
        ) from error


def signer_for(domain: str) -> dkim.Signer | None:
    """What signs the mail of a sender's domain; None when none is on. Raises CannotSign."""
    key = SigningKey.objects.filter(domain=domain.lower(), active=True).first()
    return dkim.Signer(key.domain, key.selector, private_key(key)) if key else None
