"""People who were erased at their wish: known again by a salted hash of their address, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from publisher.audience import addresses, hashes
from publisher.audience.models import Erased
from publisher.core.errors import UserError


def is_erased(key: str) -> bool:
    """Whether the owner of this address (by its key) was erased and has not signed up again."""
    return Erased.objects.exists() and Erased.objects.filter(hash=hashes.of_address(key)).exists()


def check(address: str) -> None:
    """Raises `UserError` for an address whose owner was erased: nobody but them brings it back."""
    if is_erased(addresses.key(address)):
        raise UserError(
            _("Somebody with this address was erased at their own wish."),
            _("Only they can come back, by the sign-up page."),
        )


def remember(keys: Iterable[str], *, now: datetime) -> None:
    """Keep the hashes of a person's addresses, so that no import brings them back."""
    rows = [Erased(hash=hashes.of_address(key), at=now) for key in sorted(set(keys))]
    Erased.objects.bulk_create(rows, ignore_conflicts=True)


def salt_if_any() -> bytes | None:
    """The salt when somebody was erased; else there is nobody to look for."""
    return hashes.salt() if Erased.objects.exists() else None
