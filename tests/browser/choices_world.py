"""The pages of a reader who has several newsletters in Arabic, is changing their address, and has paused: for `world.py`."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.audience import address_change, letters, pauses, rights, tokens
from publisher.audience.models import AddressChange, ReaderLetter, Subscriber
from publisher.core import clock
from tests.builders import a_digest, a_subscriber

_ARABIC = {"en": "The month in Almaria", "ar": "الشهر في ألماريا", "zh": "阿尔马里亚一月"}


def pages() -> dict[str, str]:
    """Paths by name."""
    now = clock.now()
    weekly = a_digest(
        slug="family-weekly",
        family="family",
        languages=["ar", "en", "zh"],
        title=_ARABIC,
        created_at=now,
        enabled=False,
    )
    for rhythm in ("each", "daily", "monthly"):
        a_digest(
            slug=f"family-{rhythm}",
            family="family",
            rhythm=rhythm,
            languages=["ar", "en", "zh"],
            title=_ARABIC,
            created_at=now,
        )
    other = a_digest(slug="alerts-ar", languages=["ar"], title=_ARABIC, layout="alert", created_at=now)
    reader = a_subscriber(weekly, "arabic@example.net", language="ar").subscriber
    a_subscriber(other, "arabic@example.net", language="ar")
    pauses.pause(reader.pk, 4, how="test", now=now)
    ids = reader.pk, weekly.pk
    preferences = tokens.write(tokens.Purpose.PREFERENCES, *ids)
    return {
        "preferences-ar": f"/p/{preferences}",
        "ask-data-ar": f"/p/{preferences}/data",
        "ask-erase-ar": f"/p/{preferences}/erase",
        "data-ar": f"/d/{_letter(reader, ReaderLetter.Kind.DATA)}",
        "erase-ar": f"/x/{_letter(reader, ReaderLetter.Kind.ERASE)}",
        "rights-over": f"/d/{_letter(reader, ReaderLetter.Kind.DATA, left=now - timedelta(days=2))}",
        "gone": f"/x/{tokens.write(tokens.Purpose.ERASE, 999_999_999, 1)}",
        "unsubscribe-several": f"/u/{tokens.write(tokens.Purpose.UNSUBSCRIBE, *ids)}",
        **_changes(reader),
    }


def _letter(reader: Subscriber, kind: ReaderLetter.Kind, left: datetime | None = None) -> str:
    """The token of a letter that has left."""
    letter = letters.queue(kind, to=reader.email, language="ar", subscriber=reader, now=clock.now())
    letter.state, letter.settled_at = "sent", left or clock.now()
    letter.save()
    return rights.token(letter)


def _changes(reader: Subscriber) -> dict[str, str]:
    """A change of address in each of its stages."""
    now = clock.now()
    found = {}
    for stage in ("open", "waiting", "changed", "taken", "over"):
        change = AddressChange.objects.create(
            subscriber=reader,
            email=f"{stage}.arabic@example.org",
            email_key=f"{stage}.arabic@example.org",
            language="ar",
            created_at=now,
            expires_at=now + timedelta(days=7),
            new_confirmed_at=None if stage == "open" else now,
            ended_at=None if stage in ("open", "waiting") else now,
            outcome=stage if stage in ("changed", "taken") else "",
        )
        found[f"address-{stage}"] = f"/a/{address_change.token(change, new=True)}"
    return found
