"""The bytes of one message as they were handed over, or would be: built again from what is stored, with what differs said.

A mail is not kept as such: its variant is, and each reader's own words and links are joined into it in the same way again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.conf import settings
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.delivery.claim import ClaimedMail
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.email.transport import is_provider
from publisher.delivery.letters import Letters
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.digests.models import Variant
from publisher.render.slots import SlotError
from publisher.render.words import greeting

HIDDEN = "hidden"
"""What stands for a token that acts in a reader's name."""

_LINKS = {"unsubscribe_url": "u", "preferences_url": "p", "web_url": "e"}


class Eyes(Enum):
    """For whom it is built: as it is; without the tokens of its links; also without the reader's address and name."""

    ALL = "all"
    NO_TOKENS = "no tokens"
    NO_READER = "no reader"


@dataclass(frozen=True)
class Message:
    """`data`: RFC 5322 of a mail, indented JSON of a post; empty when it cannot be shown. `notes`: what differs from what left,
    and why, a sentence each."""

    data: bytes
    notes: tuple[str, ...]
    is_mail: bool

    @property
    def text(self) -> str:
        """For reading: every byte of a mail is ASCII, but for addresses that are not."""
        return self.data.decode("utf-8", "replace").replace("\r\n", "\n")


def message_of(row: Delivery, eyes: Eyes, *, now: datetime) -> Message:
    """The message of a delivery, read with its edition, digest, subscriber and channel."""
    if row.edition_id is None:
        return _post(row)
    try:
        return _mail(row, eyes, now)
    except (UserError, BadHeader, SlotError, ValueError) as error:
        return Message(b"", (_("It cannot be built any more: %(why)s") % {"why": str(error)},), is_mail=True)


def _post(row: Delivery) -> Message:
    if not row.prepared:
        return Message(b"", (_("Nothing was prepared for it."),), is_mail=False)
    notes = (
        _(
            "This is what was stored before the network was asked. Its access and the form of the request are added then."
        ),
    )
    return Message(json.dumps(row.prepared, ensure_ascii=False, indent=2).encode(), notes, is_mail=False)


def _mail(row: Delivery, eyes: Eyes, now: datetime) -> Message:
    assert row.edition is not None  # noqa: S101 - asked for by `message_of`
    variant = Variant.objects.filter(pk=row.variant_id or 0).first()
    if variant is None or variant.message is None:
        why = (
            _("The mails of this edition were deleted when their time was over; its web version stays.")
            if row.edition.forgotten_at
            else _("It is not rendered yet.")
        )
        return Message(b"", (why,), is_mail=True)
    last = row.tries.order_by("-pk").values_list("started_at", flat=True).first()
    is_test = row.purpose == Delivery.Purpose.TEST
    letters = Letters(row.edition, now=last or row.sent_at or now, signed=False)
    templates = letters.load_tests([variant.pk]) if is_test else letters.load([variant.pk])
    template, language = templates[variant.pk]
    values = letters.values(_claimed(row), language)
    if eyes is not Eyes.ALL:
        values |= _without_tokens(values)
    if eyes is Eyes.NO_READER:
        local, _at, domain = row.address.rpartition("@")
        values |= {
            "to_address": f"{local[:1]}-{HIDDEN}@{domain}",
            "to_name": "",
            "greeting": greeting(language),
        }
    notes = tuple(_notes(row, variant, eyes, was_tried=bool(last or row.sent_at), is_test=is_test))
    return Message(template.join(values), notes, is_mail=True)


def _claimed(row: Delivery) -> ClaimedMail:
    """The row as a claim reads it."""
    reader = row.copy_of.subscriber if row.copy_of else row.subscriber
    name = reader.name if reader else str((row.prepared or {}).get("name", ""))
    due, reader_id = row.due_at.timestamp(), reader.pk if reader else None
    counted = reader.counted if reader else False
    return ClaimedMail(
        row.pk, row.variant_id or 0, row.address, name, reader_id, row.attempts, due, row.reason, counted
    )


def _without_tokens(values: dict[str, str]) -> dict[str, str]:
    links = {name: f"{settings.BASE_URL}/{path}/{HIDDEN}" for name, path in _LINKS.items()}
    mailto = values["unsubscribe_mailto"]
    if mailto:
        before, _plus, rest = mailto.partition("+")
        links["unsubscribe_mailto"] = f"{before}+{HIDDEN}@{rest.partition('@')[2]}"
    if values["reader"]:
        links["reader"] = HIDDEN
    return links


def _notes(row: Delivery, variant: Variant, eyes: Eyes, *, was_tried: bool, is_test: bool) -> list[str]:
    notes = []
    if not was_tried:
        notes.append(_("It has not left: this is how it would be handed over now."))
    else:
        notes.append(
            _("The Date is that of the last try; in the mail itself it may be some seconds earlier.")
        )
    if eyes is not Eyes.ALL:
        notes.append(
            _("The tokens of the personal links are replaced by “%(word)s”: each acts in the reader's name.")
            % {"word": HIDDEN}
        )
    if eyes is Eyes.NO_READER:
        notes.append(_("The reader's address and name are left out: your role does not show them."))
    if is_provider(settings.MAIL):
        notes.append(
            _(
                "The provider writes the mail from these parts: its own headers and its signature are not here."
            )
        )
    else:
        notes.append(
            _("A DKIM signature, ours or the relay's, is made anew at each try and stands before this.")
        )
    if variant.retired:
        notes.append(_("An item was corrected later. This is what this reader got, before the correction."))
    if is_test:
        notes.append(_("A test is built from the edition and the digest's sender as they are now."))
    reader = row.copy_of.subscriber if row.copy_of else row.subscriber
    if reader is None and row.purpose in (Delivery.Purpose.READER, Delivery.Purpose.RESEND):
        notes.append(_("The reader was deleted since, so the name and the links are nobody's."))
    elif reader is not None and reader.name:
        notes.append(_("The greeting has the reader's name of today."))
    if row.state == State.FAILED:
        notes.append(_("The other side refused it."))
    return notes
