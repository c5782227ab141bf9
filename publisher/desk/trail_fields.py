"""What the audit trail calls the fields of an entry, and values that are names of the code."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publisher.core.marking import gettext_noop
from publisher.delivery.models import Export
from publisher.desk.differences import LABELS
from publisher.desk.hooks.words import FIELDS as FIELDS_OF_HOOKS
from publisher.desk.mail.words import FIELDS as FIELDS_OF_MAILBOXES
from publisher.desk.people.deeds import FIELDS as FIELDS_OF_PEOPLE
from publisher.desk.review.words import FIELDS as FIELDS_OF_REVIEW
from publisher.digests.models import Digest
from publisher.items.models import ItemTopic
from publisher.people.permissions import ROLES
from publisher.review.models import ItemTag

Words = dict[str, str | Promise]

_FIELDS: Final[Words] = {
    **LABELS,
    "state": _("State"),
    "reason": _("Reason"),
    "problem": _("Problem"),
    "text": _("Text"),
    "texts": _("Texts"),
    "parts": _("Text"),
    "pictures": _("Pictures"),
    "topic": _("Topic"),
    "slot_at": _("Time"),
    "moved": _("Posts that moved"),
    "override": _("Why against the rules"),
    "rules": _("Rules set aside"),
    "stood_since": _("Stood still since"),
    "made_at": _("Backup of"),
    "was_published": _("It is there"),
    "arrived": _("Counts as arrived"),
    "mails": _("Mails"),
    "by": _("By"),
    "because": _("Stopped because"),
    "how": _("Posts that waited"),
    "since": _("Since"),
    "name": _("Name"),
    "window_from": _("Holds what came from"),
    "window_to": _("Until"),
    "like": _("As this reader gets it"),
    "fields": _("What changed"),
    "owner": _("Owner"),
    "deed": _("Correction"),
    "part": _("Message"),
    "was_done": _("It was done"),
    "of": _("Of"),
    "query": _("Filter"),
    "provider": _("Provider"),
    "read": _("Rows"),
    "added": _("Added"),
    "changed": _("Changed"),
    "unchanged": _("Unchanged"),
    "refused": _("Refused"),
    "to": _("To"),
    "result": _("Result"),
    "form": _("As"),
    "delivery": _("The new delivery"),
    "enabled": _("Switched on"),
    "feed_url": _("Feed"),
    "country": _("Country"),
    "domain": _("Domain"),
    "selector": _("Selector"),
    "bits": _("Bits"),
    "account": _("Account"),
    "credentials": _("Credentials"),
    "settings": _("Settings"),
    "template_version": _("Template version"),
    "expected": _("Subscribers meant"),
    "digest": _("Digest"),
    "segment": _("Segment"),
    "disposable": _("Disposable"),
    "done": _("Done"),
    "failed": _("Failed"),
    "key": _("Key"),
    "label": _("Label"),
    "size": _("Size"),
    **FIELDS_OF_PEOPLE,
    **FIELDS_OF_HOOKS,
    **FIELDS_OF_MAILBOXES,
}
_OF_DIGESTS: Final[Words] = {
    "intro": _("Introduction above the items"),
    "subject": _("Subject"),
    "languages": _("Languages"),
    "from_name": _("Sender’s name"),
    "from_address": _("From address"),
    "reply_to": _("Replies go to"),
    "organisation": _("Organisation"),
    "postal_address": _("Postal address"),
    "accent": _("Accent colour"),
    "zone": _("Time zone"),
    "weekday": _("Day"),
    "at": _("Time"),
    "local_time": _("By each reader’s own clock"),
    "layout": _("What it is"),
    "priority": _("Priority"),
    "seeds": _("Copies to"),
    "send_from": _("Mail leaves from"),
    "send_until": _("Mail leaves until"),
    "window_days": _("Days that the first edition looks back"),
    "kinds": _("Kinds"),
    "most_items": _("Most items in each language"),
    "max_age_days": _("Oldest item, in days"),
    "needs_approval": _("A person approves each edition"),
    "approvals": _("Persons who approve"),
    "on_unknown": _("When nobody can tell whether a mail arrived"),
    "enabled": _("Begins editions by itself"),
    "rhythm": _("How often"),
    "monthday": _("Day of the month"),
    "family": _("Family"),
    "open_to_all": _("Anybody may subscribe"),
    "about": _("What it is, in a sentence"),
    "archived": _("In the public archive"),
    "counting": _("Counting"),
}
_OF_CHANNELS: Final[Words] = {
    "network": _("Network"),
    "region": _("Region"),
    "schedule": _("Schedule"),
    "kinds": _("Kinds"),
    "template": _("Template"),
    "hashtags": _("Most hashtags"),
    "thread_messages": _("Most messages of a thread"),
    "thread_numbers": _("A thread’s messages are numbered"),
    "utm": _("How links are counted"),
    "month_budget": _("Budget of a month"),
    "auto_approve": _("Posts go out by themselves"),
    "approvals": _("Persons who approve"),
    "alt_required": _("A picture needs a description"),
    "picture_required": _("A post needs a picture"),
    "tolerance_minutes": _("Tolerance, in minutes"),
    "max_age_days": _("Oldest item, in days"),
}
_OF_SCHEDULES: Final[Words] = {
    "zone": _("Time zone"),
    "slots": _("Slots of the week"),
    "quiet": _("Quiet hours"),
    "blackouts": _("Blackout dates"),
    "blackout_names": _("Names of blackout dates"),
    "holiday_countries": _("Holidays of"),
    "least_gap_minutes": _("Least gap, in minutes"),
    "most_per_day": _("Most a day"),
}
_BY_KIND: Final[dict[str, Words]] = {
    "digest": _OF_DIGESTS,
    "channel": _OF_CHANNELS,
    "schedule": _OF_SCHEDULES,
}
"""One name may mean two things: `from_address` is a sender's of a digest, and a browser's of a login."""

_DAYS: Final = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
NAMED: Final[dict[str, Words]] = {
    "of": {kind.value: kind.label for kind in Export.Kind},
    "role": {role.name: role.label for role in ROLES},
    "by_means_of": {
        "password": _("password"),
        "totp": _("code of an app"),
        "webauthn": _("passkey"),
        "recovery_codes": _("recovery code"),
        gettext_noop("single sign-on"): _("single sign-on"),
    },
    "credentials": {"new": _("new ones"), gettext_noop("as before"): _("as before")},
    "on_unknown": {each.value: each.label for each in Digest.OnUnknown},
    "layout": {each.value: each.label for each in Digest.Layout},
    "weekday": {str(number): day for number, day in enumerate(_DAYS)},
    "state": {each.value: each.label for states in (ItemTopic.State, ItemTag.State) for each in states},
}


def known(name: str, kind: str = "") -> str | Promise | None:
    """What a field of an entry about such a thing is called; None for one without a name."""
    return _BY_KIND.get(kind, {}).get(name) or _FIELDS.get(name) or FIELDS_OF_REVIEW.get(name)


def value_named(name: str, value: str) -> str:
    """What a value of the code is called, such as a role; the value itself when it is no such name."""
    return str(NAMED.get(name, {}).get(value) or value)
