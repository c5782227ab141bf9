"""Keys of the API: made, shown once, found again by their hash, revoked.

A key can do what it was made for and its owner may still do: who loses a permission takes it from their keys, and the keys of
a closed account are dead.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.crypto import fingerprint
from publisher.core.errors import UserError
from publisher.people.models import ApiKey
from publisher.people.permissions import APP, PERMISSIONS, with_included

BEGINS: Final = "pub_"
SECRET_BYTES: Final = 32
COARSE: Final = timedelta(minutes=5)
"""How often a key's last use is written: a busy key would otherwise be a row written at every request."""
LONGEST: Final = 200
LONGEST_NAME: Final = 100
_NOBODY: Final = bytes(32)


def held_by(user: User) -> frozenset[str]:
    """The permissions that a person holds now, as named in `permissions.py`; none when the account is closed."""
    return with_included(name for name in PERMISSIONS if user.has_perm(name))


@transaction.atomic
def make(
    name: str,
    scopes: Collection[str],
    *,
    user: User,
    held: Collection[str],
    expires_at: datetime | None,
    now: datetime,
    by_key: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """Make a key of `user`; gives it and the secret, which nobody can read again.

    `scopes` are codenames (`publish`). `held` are the permissions of whoever asks: `held_by(user)` in the desk, `permissions_of`
    of the key in the API (`by_key`), so that no key makes a stronger one, nor one that outlives it. Raises UserError.
    """
    name = name.replace("\0", "").strip()
    if not name or len(name) > LONGEST_NAME:
        raise UserError(
            _("The key needs a name of 1 to %(most)s characters.") % {"most": LONGEST_NAME},
            _("Name it after the program that will use it."),
        )
    wanted = sorted(set(scopes))
    if not wanted:
        raise UserError(_("The key would be allowed to do nothing."), _("Choose what it may do."))
    beyond = [
        scope for scope in wanted if f"{APP}.{scope}" not in PERMISSIONS or f"{APP}.{scope}" not in held
    ]
    if beyond:
        raise UserError(
            _("A key may not do more than you: %(scopes)s.") % {"scopes": ", ".join(beyond)},
            _("Choose only what you may do yourself."),
        )
    if expires_at is not None and expires_at <= now:
        raise UserError(_("The key would have ended already."), _("Choose an end in the future, or none."))
    last = by_key.expires_at if by_key else None
    if last is not None and (expires_at is None or expires_at > last):
        raise UserError(
            _("A key that ends makes none that lives longer."),
            _("Choose an end until %(last)s, or make the key in the desk.") % {"last": last.isoformat()},
        )
    prefix = secrets.token_hex(4)
    secret = f"{BEGINS}{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        secret_hash=fingerprint(secret),
        scopes=wanted,
        created_by=user,
        created_at=now,
        expires_at=expires_at,
    )
    ends = expires_at.isoformat() if expires_at else ""
    after = {"name": name, "prefix": shown_prefix(key), "scopes": ", ".join(wanted), "expires_at": ends}
    if by_key:
        after["by_key"] = shown_prefix(by_key)
    audit.record(user, "apikey.created", key, after=after)
    return key, secret


def find(secret: str, now: datetime) -> ApiKey | None:
    """The living key of this secret, its owner loaded (`key.created_by`), and its use noted; else None.

    The comparison takes the same time whether the prefix is known or not. Dead: revoked, ended, or its owner's account closed.
    """
    well_formed = (
        secret.isascii() and secret.isprintable() and len(secret) <= LONGEST and secret.startswith(BEGINS)
    )
    if not well_formed:
        return None
    prefix = secret.removeprefix(BEGINS).partition("_")[0]
    key = ApiKey.objects.select_related("created_by").filter(prefix=prefix).first()
    same = hmac.compare_digest(bytes(key.secret_hash) if key else _NOBODY, fingerprint(secret))
    if key is None or not same or not lives(key, now):
        return None
    ApiKey.objects.filter(pk=key.pk).filter(Q(last_used_at=None) | Q(last_used_at__lt=now - COARSE)).update(
        last_used_at=now
    )
    return key


def lives(key: ApiKey, now: datetime) -> bool:
    """Whether the key opens anything at `now`."""
    ended = key.expires_at is not None and key.expires_at <= now
    return not ended and key.revoked_at is None and key.created_by.is_active


def permissions_of(key: ApiKey) -> frozenset[str]:
    """What the key may do now: its scopes, as far as its owner still may (`people.publish`)."""
    return with_included(f"{APP}.{scope}" for scope in key.scopes) & held_by(key.created_by)


@transaction.atomic
def revoke(key_id: int, *, user: User, now: datetime) -> ApiKey:
    """End a key at once; one that is revoked stays as it is. Raises ApiKey.DoesNotExist."""
    key = ApiKey.objects.select_for_update().get(pk=key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        audit.record(user, "apikey.revoked", key, after={"name": key.name, "prefix": shown_prefix(key)})
    return key


def shown_prefix(key: ApiKey) -> str:
    """The beginning of the secret, by which people know it again."""
    return f"{BEGINS}{key.prefix}"
