"""The names by which people call an edition: `weekly#8`, and `weekly@2026-06-01T06:00` before it has its number.

An id has thirteen digits once a database was restored. What is between `@` and the end is the time when the edition is due, in
UTC; its beginning is enough where no other edition of the digest begins so.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core.errors import UserError
from publisher.digests.models import Digest, Edition

_ID: Final = re.compile(r"[0-9]+")
_NUMBERED: Final = re.compile(r"(?P<slug>[\w-]+)#(?P<number>[0-9]{1,9})", re.ASCII)
_TIMED: Final = re.compile(r"(?P<slug>[\w-]+)@(?P<time>\d{4}-\d\d-\d\d(?:[T ][\d:.]*)?)Z?", re.ASCII)
_MOST_NAMED: Final = 5
SHOWN: Final = gettext_noop("`publisher edition list` shows them.")


def is_a_name(text: str) -> bool:
    """Whether it can name an edition: an id, `weekly#8` or `weekly@2026-06-01T06:00`."""
    return any(form.fullmatch(text) for form in (_ID, _NUMBERED, _TIMED))


def named(text: str) -> Edition:
    """The edition that is called so, with its digest. Raises UserError when there is none, and when there are several."""
    editions = Edition.objects.select_related("digest")
    if _ID.fullmatch(text):
        found = list(editions.filter(pk=int(text)))
    elif match := _NUMBERED.fullmatch(text):
        found = list(editions.filter(digest=digest_named(match["slug"]), number=int(match["number"])))
    elif match := _TIMED.fullmatch(text):
        begins = match["time"].replace(" ", "T")
        of_digest = editions.filter(digest=digest_named(match["slug"])).order_by("-due_at")
        found = [each for each in of_digest if _time(each.due_at).startswith(begins)]
    else:
        found = []
    if not found:
        raise UserError(_("There is no edition %(text)s.") % {"text": text}, _(SHOWN))
    if len(found) > 1:
        names = ", ".join(f"{each.short_name} (ID {each.pk})" for each in found[:_MOST_NAMED])
        raise UserError(
            _("%(text)s can be %(count)s editions.") % {"text": text, "count": len(found)},
            _("Say which: %(names)s.") % {"names": names},
        )
    return found[0]


def digest_named(slug: str) -> Digest:
    """The digest with this slug. Raises UserError that names those there are."""
    found = Digest.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Digest.objects.values_list("slug", flat=True)) or _(
            "none yet: see `publisher apply`"
        )
        raise UserError(
            _("There is no digest %(slug)s.") % {"slug": slug}, _("Digests: %(known)s.") % {"known": known}
        )
    return found


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat()
