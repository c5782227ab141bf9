"""Making, changing, switching and removing endpoints. Whatever changes what is wanted renews the table that the triggers ask."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import UserError
from publisher.core.webhook_signing import PREFIX
from publisher.digests.models import Digest
from publisher.hooks import kinds, targets
from publisher.hooks.models import Endpoint, Wanted
from publisher.people.permissions import SEE_ADDRESSES
from publisher.social.approval import Stale
from publisher.social.models import Channel

SECRET_BYTES: Final = 32
OLD_SECRET: Final = timedelta(hours=24)
"""How long requests bear the signature of the former secret, too."""
LONGEST_NAME: Final = 100
MOST: Final = 100
"""Endpoints: every change is held against each of them."""


@dataclass(frozen=True)
class Wishes:
    """What an endpoint is told, and where. With channels or digests, only what is about one of them."""

    name: str
    url: str
    events: Sequence[str]
    channel_ids: Sequence[int] = ()
    digest_ids: Sequence[int] = ()
    batched: bool = False
    with_addresses: bool = False


def shown() -> Any:
    """Every endpoint that is not removed."""
    return Endpoint.objects.filter(removed_at=None).select_related("created_by")


@transaction.atomic
def create(wishes: Wishes, *, user: User, held: Collection[str], now: datetime) -> tuple[Endpoint, str]:
    """Make one, switched on; gives it and its secret. `held`: the permissions of whoever asks. Raises UserError."""
    fields = _checked(wishes, held)
    if shown().count() >= MOST:
        raise UserError(
            _("There are %(most)s webhooks already.") % {"most": MOST}, _("Remove one that nobody needs.")
        )
    secret = _new_secret()
    made: dict[str, Any] = {"secrets": [secret], "created_by": user, "created_at": now}
    endpoint = Endpoint.objects.create(**fields, **made)
    renew_wanted()
    audit.record(user, "endpoint.created", endpoint, after=_told(endpoint))
    return endpoint, secret


@transaction.atomic
def change(endpoint_id: int, wishes: Wishes, *, user: User, held: Collection[str], version: int) -> Endpoint:
    """Change what it is told. What waits already is sent as it is, to the new address. Raises Stale, UserError, DoesNotExist."""
    endpoint = _locked(endpoint_id)
    if endpoint.version != version:
        raise Stale(
            _("%(name)s was changed since you opened it.") % {"name": endpoint.name},
            _("Look at what it is now, then change it again."),
        )
    fields = _checked(wishes, held)
    before = _told(endpoint)
    if fields["url"] != endpoint.url:
        endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None
    moved = fields["url"] != endpoint.url
    for name, value in fields.items():
        setattr(endpoint, name, value)
    endpoint.version += 1
    endpoint.save()
    renew_wanted()
    after = _told(endpoint) | ({"address": _("another one")} if moved else {})
    changed = [name for name in after if after[name] != before.get(name)]
    audit.record(
        user,
        "endpoint.changed",
        endpoint,
        {name: before[name] for name in changed if name in before},
        {name: after[name] for name in changed},
    )
    return endpoint


@transaction.atomic
def switch(endpoint_id: int, *, on: bool, user: User, now: datetime) -> Endpoint:
    """On: what waited goes on, and its past failures are forgotten. Off: nothing is sent and nothing is written down for it."""
    endpoint = _locked(endpoint_id)
    if endpoint.active == on:
        return endpoint
    endpoint.active = on
    endpoint.off_reason, endpoint.off_at = "", None if on else now
    endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None
    endpoint.version += 1
    endpoint.save()
    renew_wanted()
    audit.record(user, "endpoint.on" if on else "endpoint.off", endpoint, {"active": not on}, {"active": on})
    return endpoint


@transaction.atomic
def switch_off_by_itself(endpoint_id: int, *, reason: str, now: datetime) -> None:
    """By Publisher, for `reason`, which its page and Today tell. One that is off already stays as it is."""
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
    if not endpoint.active:
        return
    endpoint.active, endpoint.off_reason, endpoint.off_at = False, reason, now
    endpoint.version += 1
    endpoint.save(update_fields=["active", "off_reason", "off_at", "version"])
    renew_wanted()
    audit.record(None, "endpoint.off", endpoint, {"active": True}, {"active": False, "reason": reason})


@transaction.atomic
def rotate(endpoint_id: int, *, user: User, now: datetime) -> tuple[Endpoint, str]:
    """Make a new secret; for a day requests are signed with the former one, too. The one before that is dead now."""
    endpoint = _locked(endpoint_id)
    secret = _new_secret()
    try:
        endpoint.secrets = [secret, opened(endpoint.secrets)[0]]
        endpoint.old_secret_until = now + OLD_SECRET
    except CannotDecrypt:  # written with a key that is lost: then there is nothing to overlap with
        endpoint.secrets, endpoint.old_secret_until = [secret], None
    endpoint.version += 1
    endpoint.save(update_fields=["secrets", "old_secret_until", "version"])
    audit.record(user, "endpoint.rotated", endpoint, after={"name": endpoint.name})
    return endpoint, secret


@transaction.atomic
def remove(endpoint_id: int, *, user: User, now: datetime) -> Endpoint:
    """It is told nothing more and no list shows it; its log is forgotten bit by bit (`retention.py`)."""
    endpoint = _locked(endpoint_id)
    endpoint.active, endpoint.removed_at = False, now
    endpoint.version += 1
    endpoint.save(update_fields=["active", "removed_at", "version"])
    renew_wanted()
    audit.record(user, "endpoint.removed", endpoint, before=_told(endpoint))
    return endpoint


def signing_secrets(endpoint: Endpoint, now: datetime) -> str:
    """The secrets that are valid at `now`, the newest first, with a space between. Raises CannotDecrypt."""
    both: list[str] = opened(endpoint.secrets)
    overlaps = endpoint.old_secret_until is not None and now < endpoint.old_secret_until
    return " ".join(both if overlaps else both[:1])


@transaction.atomic
def renew_wanted() -> None:
    """Make the table of what is wanted fit the active endpoints, in the caller's transaction if there is one. Triggers go on
    reading it."""
    with connection.cursor() as cursor:
        # Whoever else changes an endpoint waits here, and then reads what this one has committed.
        cursor.execute("LOCK TABLE hooks_wanted IN SHARE ROW EXCLUSIVE MODE")
    wanted: set[tuple[str, str]] = set()
    for events in Endpoint.objects.filter(active=True).values_list("events", flat=True):
        wanted |= kinds.wanted(events)
    present = {(row.kind, row.state): row for row in Wanted.objects.all()}
    Wanted.objects.filter(pk__in=[present[each].pk for each in present.keys() - wanted]).delete()
    Wanted.objects.bulk_create(
        [Wanted(kind=kind, state=state) for kind, state in sorted(wanted - present.keys())]
    )


def _locked(endpoint_id: int) -> Endpoint:
    return Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint_id, removed_at=None)


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _checked(wishes: Wishes, held: Collection[str]) -> dict[str, Any]:
    name = wishes.name.replace("\0", "").strip()
    if not name or len(name) > LONGEST_NAME:
        raise UserError(
            _("The webhook needs a name of 1 to %(most)s characters.") % {"most": LONGEST_NAME},
            _("Name it after the program that is told."),
        )
    url = targets.checked(wishes.url)
    unknown = [event for event in wishes.events if event not in kinds.patterns()]
    if unknown:
        raise UserError(
            _("There is no event %(name)s.") % {"name": unknown[0][:40]},
            _("docs/webhooks.md lists all of them."),
        )
    if not wishes.events:
        raise UserError(_("The webhook would be told nothing."), _("Choose at least one event."))
    if wishes.with_addresses and SEE_ADDRESSES not in held:
        raise UserError(
            _("You may not read the addresses of subscribers, so no webhook of yours may."),
            _("Leave them out, or ask an admin."),
        )
    channels, digests = sorted(set(wishes.channel_ids)), sorted(set(wishes.digest_ids))
    if len(Channel.objects.filter(pk__in=channels)) < len(channels):
        raise UserError(_("One of the channels is not there."), _("Choose from the list."))
    if len(Digest.objects.filter(pk__in=digests)) < len(digests):
        raise UserError(_("One of the digests is not there."), _("Choose from the list."))
    return {
        "name": name,
        "url": url,
        "events": kinds.without_doubles(wishes.events),
        "channel_ids": channels,
        "digest_ids": digests,
        "batched": wishes.batched,
        "with_addresses": wishes.with_addresses,
    }


def _told(endpoint: Endpoint) -> dict[str, Any]:
    """What the audit trail says of it: of its address the host alone, as the rest may hold a token."""
    return {
        "name": endpoint.name,
        "host": targets.host_of(endpoint.url),
        "events": ", ".join(endpoint.events),
        "channels": ", ".join(map(str, endpoint.channel_ids)),
        "digests": ", ".join(map(str, endpoint.digest_ids)),
        "batched": endpoint.batched,
        "with_addresses": endpoint.with_addresses,
    }
