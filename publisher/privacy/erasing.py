"""Erasing a person at their wish: one deed over all rooms, by themselves (the site) or by staff (the desk).

What stays says nothing of who they were: totals, deliveries without an address, entries of the audit trail and of webhooks by
number, and a salted hash of their address, so that no import brings them back. A file of many that staff had exported lives for a
week.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.audience import addresses, erased
from publisher.audience import erasing as in_audience
from publisher.audience.models import Subscriber
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.masking import masked, masked_text
from publisher.delivery import erasing as in_delivery
from publisher.delivery.exports import writing as exports
from publisher.feedback.models import Report

log = logging.getLogger(__name__)

THEMSELVES = gettext_noop("the reader")


@transaction.atomic
def erase(subscriber_id: int, *, user: Actor, how: str, now: datetime) -> bool:
    """Erase a person; False when there is no such subscriber (any more). `how`: where they asked for it, without an address.

    Nothing that is queued for them leaves after the commit. A mail that a sender had claimed by then may still arrive.
    """
    subscriber = Subscriber.objects.select_for_update().filter(pk=subscriber_id).first()
    if subscriber is None:
        return False
    keys = keys_of(subscriber)
    erased.remember(keys, now=now)
    in_delivery.erase(subscriber_id, now=now, more=(subscriber.email,))
    _strip_reports(subscriber_id, keys)
    exports.end_those_about(keys, now=now)
    in_audience.erase(subscriber, keys)
    audit.record_of(
        user, "subscriber.erased", "subscriber", str(subscriber_id), after={"how": masked_text(how)[:200]}
    )
    # An edition that was being written in this moment may have added a row; what is written later, assembling finds itself.
    transaction.on_commit(partial(in_delivery.erase, subscriber_id, now=now))
    log.info("subscriber.erased", extra={"subscriber_id": subscriber_id})
    return True


@transaction.atomic
def erase_named(subscriber_id: int, *, address: str, user: Actor, how: str, now: datetime) -> None:
    """The same by a program in somebody's name, which names the person once more: by their address, whole or masked, so that a
    wrong number erases nobody. Raises `UserError`, and `Subscriber.DoesNotExist`."""
    subscriber = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    if addresses.key(address) not in (subscriber.email_key, addresses.key(masked(subscriber.email))):
        raise UserError(
            _("Nobody was erased: this subscriber has another address."), _("Look up whom you mean.")
        )
    if not how.strip():
        raise UserError(_("Nobody was erased."), _("Say how the reader asked for it."))
    erase(subscriber_id, user=user, how=how, now=now)


def keys_of(subscriber: Subscriber) -> set[str]:
    """Every address of a person that is known, as addresses are compared; none that somebody else has by now."""
    reports = Report.objects.filter(subscriber_id=subscriber.pk).exclude(address_key="")
    keys = in_audience.keys_of(subscriber) | _keys(in_delivery.addresses_of(subscriber.pk))
    keys |= set(reports.values_list("address_key", flat=True))
    return keys - in_audience.of_others(subscriber, keys)


def _keys(found: set[str]) -> set[str]:
    keys = set()
    for address in found:
        try:
            keys.add(addresses.key(addresses.checked(address)))
        except UserError:
            continue
    return keys


def _strip_reports(subscriber_id: int, keys: set[str]) -> None:
    """What mailboxes answered stays counted, without whom it was about: the address, the words, the message."""
    bare = {"address_key": "", "said": "", "evidence": None}
    Report.objects.filter(subscriber_id=subscriber_id).update(**bare)
    Report.objects.filter(address_key__in=keys).update(**bare)
