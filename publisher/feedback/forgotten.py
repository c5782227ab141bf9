"""What comes back when its reader was erased meanwhile: it is counted, and nothing of it that names them is kept.

Called by `taking.settle` for what matched nobody. A bounce may come days after its mail, a complaint weeks after it.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from publisher.audience import addresses, erased, tokens
from publisher.audience.models import Subscriber
from publisher.core.numbers import LARGEST
from publisher.delivery.erasing import ERASED
from publisher.delivery.models import Delivery
from publisher.feedback.models import Report
from publisher.feedback.reading import Reading

WHY = gettext_noop(
    "It is about somebody who was erased. Nothing follows, and nothing of it that names them was kept."
)


def is_of_somebody_erased(reading: Reading) -> bool:
    """Whether our own signs lead to who is not here any more, or the address that it names is one of theirs.

    A mail that a person wrote, or that nobody understands, is none of these: they may have written to us anew.
    """
    if reading.kind == Report.Kind.OTHER:
        return False
    named = reading.named
    mails = [number for number in named.deliveries if 0 < number <= LARGEST]
    if mails and Delivery.objects.filter(pk__in=mails, address=ERASED).exists():
        return True
    links = {link.subscriber_id for link in (*named.readers, *named.editions, *named.leaves)}
    links = {number for number in links if tokens.NOBODY < number <= LARGEST}
    if links and Subscriber.objects.filter(pk__in=links).count() < len(links):
        return True
    return any(erased.is_erased(addresses.key(each)) for each in (reading.recipient, reading.sender) if each)


def strip(report: Report) -> None:
    """Leave what is counted: kind, cause, code and times. Its fingerprint keeps it from being taken twice."""
    report.address_key, report.said, report.evidence = "", "", None
    report.why = WHY
