"""Mails of an edition that go to no reader: tests that a person asks for, and copies for the seed addresses of its digest.

They take the same way as all others (queue, claim, settle, log), are not counted among the edition's recipients, and their
links change nobody's choices.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.audience import addresses
from publisher.audience.models import Subscription, Suppression
from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.masking import masked
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.digests.matching import variant_for
from publisher.digests.models import Edition, Variant
from publisher.items.languages import primary
from publisher.schedule import waves

Purpose = Delivery.Purpose
OVER = (Edition.State.CANCELLED, Edition.State.EMPTY)


def write_seeds(edition: Edition, *, now: datetime) -> None:
    """One copy of the fullest mail in each language for each seed address, before those of the readers.

    In the transaction of an edition that is being assembled. A copy that waits is pointed at what is fullest now; one that
    has left is not sent again.
    """
    by_language = fullest(edition)
    suppressed = _suppressed(edition.digest.seeds, now)
    due_at = now
    if edition.local_day and edition.local_at:
        due_at = min(now, waves.begins_at(edition.local_day, edition.local_at))
    rows = [
        Delivery(
            edition=edition,
            variant=variant,
            address=address,
            purpose=Purpose.SEED,
            idempotency_key=f"seed {language}",
            due_at=due_at,
            created_at=now,
            **_state(suppressed.get(addresses.key(address), ""), now),
        )
        for address in edition.digest.seeds
        for language, variant in sorted(by_language.items())
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    for language, variant in by_language.items():
        waiting = copies_of(edition, Purpose.SEED).filter(
            state=State.QUEUED, idempotency_key=f"seed {language}"
        )
        waiting.exclude(variant=variant).update(variant=variant)


@transaction.atomic
def send_test(
    edition_id: int, *, to: str, actor: Actor, now: datetime, language: str = "", like: str = ""
) -> Delivery:
    """Send the edition's mail to `to` now, whatever the edition's state is; the delivery that was queued.

    The mail is the fullest in `language` (BCP 47; left out: the digest's first that it comes in), or what the subscriber with
    the address `like` gets. Raises `UserError`.
    """
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    if edition.state in OVER:
        raise UserError(
            _("%(edition)s is “%(state)s”: there is no mail to test.")
            % {"edition": edition, "state": edition.get_state_display()}
        )
    address = addresses.checked(to)
    reason = _suppressed([address], now).get(addresses.key(address))
    if reason:
        raise UserError(
            _("%(address)s is on the suppression list (%(reason)s).")
            % {"address": address, "reason": reason},
            _("Nothing is sent there, tests included."),
        )
    variant, name, reader = _as_reader(edition, like) if like else (_in_language(edition, language), "", None)
    if variant.message is None:
        raise UserError(
            _("%(edition)s is not rendered yet.") % {"edition": edition},
            _("Wait until it is assembled, then try again."),
        )
    delivery = Delivery.objects.create(
        edition=edition,
        variant=variant,
        address=address,
        purpose=Purpose.TEST,
        due_at=now,
        created_at=now,
        # Their number goes with their name, so that erasing them finds it.
        prepared={"name": name, "reader": reader} if name else None,
    )
    # Of the subscriber the number, of the receiver a part: the trail cannot be changed, and addresses must be able to go.
    given = {"to": masked(address), "language": variant.language, "as": reader, "delivery": delivery.pk}
    audit.record(actor, "edition.test", edition, after={key: value for key, value in given.items() if value})
    events.emit("delivery.due")
    return delivery


def copies_of(edition: Edition, purpose: Delivery.Purpose) -> QuerySet[Delivery]:
    """The edition's deliveries of a purpose that is not its readers': a few rows of a partial index."""
    return Delivery.objects.filter(~Q(purpose=Purpose.READER), edition=edition, purpose=purpose)


def counts_of(edition: Edition, purpose: Delivery.Purpose) -> dict[str, int]:
    """These by state."""
    rows = copies_of(edition, purpose).values_list("state").annotate(n=Count("id"))
    return dict(rows)


def failed_tests(edition: Edition, *, most: int) -> list[Delivery]:
    """The tests that failed, the latest first: by the same few rows."""
    return list(copies_of(edition, Purpose.TEST).filter(state=State.FAILED).order_by("-pk")[:most])


def fullest(edition: Edition) -> dict[str, Variant]:
    """By language, the digest's first one first, the mail with most items that readers get."""
    found: dict[str, Variant] = {}
    for variant in _fullest_first(edition):
        found.setdefault(variant.language, variant)
    return found


def languages_of(edition: Edition) -> list[str]:
    """The languages that the edition comes in, the digest's first one first."""
    return list(fullest(edition))


def _fullest_first(edition: Edition) -> list[Variant]:
    """The variants that readers get, by language as the digest lists them; in each those with most items, then readers."""
    order = {primary(tag): n for n, tag in enumerate(reversed(edition.digest.languages))}
    variants = edition.variants.filter(selections__gt=0).defer("html", "text", "message")
    return sorted(
        variants,
        key=lambda each: (
            order.get(each.language, -1),
            each.mask.bit_count(),
            not each.region,
            each.recipients,
            -each.mask,
        ),
        reverse=True,
    )


def _in_language(edition: Edition, language: str) -> Variant:
    variants = _fullest_first(edition)
    found = [each for each in variants if not language or each.language == primary(language)]
    if found:
        return found[0]
    if not variants:
        raise UserError(
            _("%(edition)s has no mail yet.") % {"edition": edition},
            _("Wait until it is assembled; it may be that nobody gets it."),
        )
    raise UserError(
        _("%(edition)s has no mail in %(language)s.") % {"edition": edition, "language": language},
        _("It comes in %(names)s.") % {"names": ", ".join(languages_of(edition))},
    )


def _as_reader(edition: Edition, like: str) -> tuple[Variant, str, int]:
    """What the subscriber with this address gets, their name, and their id."""
    subscription = subscription_of(edition, like)
    variant = for_reader(edition, subscription)
    if variant is None:
        raise UserError(
            _("%(like)s gets nothing of %(edition)s: it holds nothing of what this reader chose.")
            % {"like": like, "edition": edition},
            _("Give another subscriber, or a language."),
        )
    return variant, subscription.subscriber.name, subscription.subscriber_id


def for_reader(edition: Edition, subscription: Subscription) -> Variant | None:
    """What this reader was written, or would get now; None when it holds nothing of what they chose."""
    return _written(edition, subscription) or variant_for(edition, subscription.selection)


def subscription_of(edition: Edition, like: str) -> Subscription:
    """The subscription of the edition's digest with this address. Raises `UserError` when there is none."""
    key = addresses.key(addresses.checked(like))
    wanted = Subscription.objects.select_related("subscriber", "selection").filter(
        digest_id=edition.digest_id, subscriber__email_key=key, state=Subscription.State.ACTIVE
    )
    subscription = wanted.first()
    if subscription is None:
        raise UserError(
            _("%(like)s does not receive %(digest)s.") % {"like": like, "digest": edition.digest},
            _("Give the address of a subscriber."),
        )
    return subscription


def _written(edition: Edition, subscription: Subscription) -> Variant | None:
    """What this reader's delivery holds, if there is one."""
    rows = Delivery.objects.select_related("variant").filter(
        edition=edition, subscriber_id=subscription.subscriber_id
    )
    found = rows.first()
    return found.variant if found else None


def _suppressed(given: Collection[str], now: datetime) -> dict[str, str]:
    """Why nothing may be sent, by the key of each address on the suppression list."""
    keys = [addresses.key(address) for address in given]
    lasting = Q(until__isnull=True) | Q(until__gt=now)
    found = Suppression.objects.filter(lasting, email_key__in=keys)
    return dict(found.values_list("email_key", "reason"))


def _state(suppressed: str, now: datetime) -> dict[str, object]:
    if not suppressed:
        return {"state": State.QUEUED}
    return {
        "state": State.SUPPRESSED,
        "reason": gettext_noop("On the suppression list (%(reason)s).") % {"reason": suppressed},
        "settled_at": now,
    }
