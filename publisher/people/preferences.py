"""What a person prefers: the language the desk speaks to them, and the zone of its times."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.errors import UserError
from publisher.people.models import Profile
from publisher.people.persons import profile_of


@transaction.atomic
def prefer(user: User, *, language: str, zone: str) -> Profile:
    """Remember both; "" leaves it to the browser. Raises UserError for a language or zone that is not known."""
    if language and language not in dict(settings.LANGUAGES):
        raise UserError(_("The desk does not speak this language."), _("Choose one of the list."))
    if zone and zone not in zoneinfo.available_timezones():
        raise UserError(
            _("“%(zone)s” is not a zone.") % {"zone": zone[:60]},
            _("Choose one of the list, such as Asia/Shanghai."),
        )
    profile = profile_of(user)
    before = {"language": profile.language, "zone": profile.zone}
    profile.language, profile.zone = language, zone
    profile.save(update_fields=["language", "zone"])
    after = {"language": language, "zone": zone}
    if after != before:
        audit.record(user, "person.preferences_changed", user, before, after)
    return profile
