"""Whose it is: from our own signs in a message, or a provider's event, to the delivery and its reader.

What is not signed leads nowhere: a Message-ID alone can be counted up by anybody who has one mail of ours. Of a provider's
event the address must fit as well: other programs of an organisation may use the same account, and have ids of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import QuerySet

from publisher.audience import addresses
from publisher.audience.models import ReaderLetter, Subscriber
from publisher.core import clock
from publisher.core.numbers import LARGEST
from publisher.delivery.erasing import ERASED
from publisher.delivery.models import Delivery
from publisher.feedback.models import Report
from publisher.feedback.reading import Named, Reading
from publisher.feedback.reading.signs import message_id


@dataclass(frozen=True)
class Match:
    """What is known. `address_key` is the address as the mail was sent to it, in its form for comparing. Of a letter outside of
    editions it is all that is known, beside the subscriber who has that address. `typed`: it went to an address because anybody
    may have typed it into a form."""

    delivery: Delivery | None = None
    subscriber: Subscriber | None = None
    digest_id: int | None = None
    address_key: str = ""
    typed: bool = False

    @property
    def is_known(self) -> bool:
        return bool(self.address_key)


NOBODY = Match()
LATELY: Final = timedelta(days=7)
"""How long an answer that tells no mail may be to a letter."""
_LEFT = (ReaderLetter.State.SENT, ReaderLetter.State.UNKNOWN)


def of_message(reading: Reading) -> Match:
    """By return path, by the address that a wish to leave came to, else by the links of one reader."""
    named = reading.named
    for link in named.leaves if reading.kind == Report.Kind.LEAVE else ():
        if (match := _of_reader(link.subscriber_id, link.target_id)).is_known:
            return match
    for number in named.deliveries:
        if (row := _mail(number)) is not None:
            return _of_delivery(row)
    for number in named.letters:
        if (match := _of_letter(number)).is_known:
            return match
    readers = {link.subscriber_id for link in (*named.readers, *named.editions)}
    return _of_links(named, readers.pop()) if len(readers) == 1 else NOBODY


def of_event(*, delivery_id: int | None, remote_id: str, address: str) -> Match:
    """By our id beside the message, by the message's id, else by the address: a provider's signature stands for all three."""
    remote = remote_id.strip().strip("<>")
    row = _mail(delivery_id) if delivery_id is not None else None
    if row is not None and _is_told_of(row, remote, address):
        return _of_delivery(row)
    ours = message_id(remote)
    row = _mail(ours[1]) if ours else None
    if ours and row is not None and row.edition_id == ours[0] and _is_told_of(row, remote, address):
        return _of_delivery(row)
    if not address:
        return NOBODY
    key = addresses.key(address)
    sent = _mails().extra(where=["lower(delivery_delivery.address) = %s"], params=[address.strip().lower()])
    if remote and (row := sent.filter(remote_id=remote).order_by("-pk").first()) is not None:
        return _of_delivery(row)
    subscriber = Subscriber.objects.filter(email_key=key).first()
    written = ReaderLetter.objects.filter(to_key=key, state__in=_LEFT)
    if subscriber is not None or sent.exists():
        return Match(subscriber=subscriber, address_key=key, typed=_somebody_asked_for_one(key))
    return Match(address_key=key, typed=True) if written.exists() else NOBODY


def of_delivery_id(delivery_id: int) -> Match:
    """By the id of a delivery of our own."""
    row = _mail(delivery_id)
    return _of_delivery(row) if row else NOBODY


def of_letter_id(letter_id: int) -> Match:
    """By the id of a letter to a reader of our own."""
    return _of_letter(letter_id)


def _is_told_of(row: Delivery, remote: str, address: str) -> bool:
    """Whether an event that bears a delivery's number is about that delivery: it went to that address, or the provider calls the
    message as it did when it took it (a bounce may name where the mail was forwarded to)."""
    fits = not address or addresses.key(address) == addresses.key(row.address)
    return fits or bool(remote and row.remote_id == remote)


def _of_letter(number: int) -> Match:
    """A letter is known by the address that it went to: of a change of address that is not its subscriber's."""
    letter = ReaderLetter.objects.filter(pk=_within(number)).first()
    if letter is None:
        return NOBODY
    subscriber = Subscriber.objects.filter(email_key=letter.to_key).first()
    typed = subscriber is None or letter.kind != ReaderLetter.Kind.WELCOME
    return Match(subscriber=subscriber, address_key=letter.to_key, typed=typed)


def _somebody_asked_for_one(key: str) -> bool:
    """Whether a letter went to the address lately that a stranger may have caused, or who holds a mail of its reader."""
    lately = ReaderLetter.objects.filter(to_key=key, state__in=_LEFT, settled_at__gt=clock.now() - LATELY)
    return lately.exclude(kind=ReaderLetter.Kind.WELCOME).exists()


def _of_links(named: Named, subscriber_id: int) -> Match:
    """The delivery that a Message-ID or a link to a web version tells among those of the reader whose links are in it."""
    for _edition, number in named.messages:
        row = _mail(number)
        if row is not None and _reader_id(row) == subscriber_id:
            return _of_delivery(row)
    for link in named.editions:
        row = _mails().filter(subscriber_id=subscriber_id, edition_id=_within(link.target_id)).first()
        if row is not None:
            return _of_delivery(row)
    digest_id = named.readers[0].target_id if named.readers else None
    return _of_reader(subscriber_id, digest_id)


def _of_reader(subscriber_id: int, digest_id: int | None) -> Match:
    subscriber = Subscriber.objects.filter(pk=_within(subscriber_id)).first()
    if subscriber is None:
        return NOBODY
    key = subscriber.email_key
    return Match(None, subscriber, digest_id, key, typed=_somebody_asked_for_one(key))


def _of_delivery(row: Delivery) -> Match:
    subscriber = row.copy_of.subscriber if row.copy_of else row.subscriber
    digest_id = row.edition.digest_id if row.edition else None
    return Match(row, subscriber, digest_id, addresses.key(row.address))


def _reader_id(row: Delivery) -> int | None:
    return row.copy_of.subscriber_id if row.copy_of else row.subscriber_id


def _mails() -> QuerySet[Delivery]:
    """Of an erased reader's mails it is not known where they went: nothing can follow from them."""
    rows = Delivery.objects.select_related("edition", "subscriber", "copy_of__subscriber")
    return rows.filter(edition__isnull=False).exclude(address=ERASED)


def _mail(number: int) -> Delivery | None:
    return _mails().filter(pk=_within(number)).first()


def _within(number: int) -> int:
    """A number that the database can hold; none of its rows has 0."""
    return number if 0 < number <= LARGEST else 0
