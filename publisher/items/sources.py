"""Sources by name and by key: found, made on their first entry, given a key. Polling is in `polling.py`."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.crypto import fingerprint
from publisher.core.errors import UserError
from publisher.items.models import Source
from publisher.items.text import one_line

UNNAMED: Final = "unnamed"
"""The source of entries that name none."""
KEY_PREFIX: Final = "pub_"


def by_name(names: Iterable[str], *, now: datetime) -> dict[str, Source]:
    """The sources of these names; those not known yet are made."""
    wanted = set(names)
    found = {source.name: source for source in Source.objects.filter(name__in=wanted)}
    missing = sorted(wanted - found.keys())
    if missing:
        Source.objects.bulk_create(
            (Source(name=name, created_at=now) for name in missing), ignore_conflicts=True
        )
        found |= {source.name: source for source in Source.objects.filter(name__in=missing)}
    return found


def by_key(key: str) -> Source | None:
    """The source that this API key belongs to, if it is switched on."""
    if not key.startswith(KEY_PREFIX):
        return None
    return Source.objects.filter(api_key_fingerprint=fingerprint(key), enabled=True).first()


@transaction.atomic
def add(
    name: str,
    *,
    now: datetime,
    label: str = "",
    language: str = "en",
    feed_url: str = "",
    actor: Actor = None,
) -> Source:
    """A new source. With a feed it is polled from now on. Raises UserError when there is one of that name."""
    name = one_line(name)
    if not name or len(name) > 200:
        raise UserError(
            _("A source needs a name of 1 to 200 characters."), _("Producers write it in each event.")
        )
    source, made = Source.objects.get_or_create(
        name=name,
        defaults={
            "label": label,
            "language": language,
            "feed_url": feed_url,
            "next_poll_at": now if feed_url else None,
            "created_at": now,
        },
    )
    if not made:
        raise UserError(
            _("There is a source %(name)s already.") % {"name": name}, _("See `publisher sources`.")
        )
    audit.record(actor, "source.added", source, after={"name": name, "feed_url": feed_url})
    return source


@transaction.atomic
def set_country(source: Source, code: str, *, actor: Actor) -> None:
    """Say whose office it is: a pause of that country holds back what it brings. `code` as `audience/regions.py` knows it."""
    before, source.country = source.country, code
    source.save(update_fields=["country"])
    audit.record(actor, "source.country", source, {"country": before}, {"country": code})


@transaction.atomic
def give_key(source: Source, *, actor: Actor = None) -> str:
    """A new API key for the source, in place of any other. It is shown once: only its SHA-256 is kept."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    source.api_key_fingerprint = fingerprint(key)
    source.save(update_fields=["api_key_fingerprint"])
    audit.record(actor, "source.key_given", source)
    return key
