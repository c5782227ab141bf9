"""What staff, and programs in their name, do with subscribers and suppressions. Each leaves an audit entry beside its proof.

What readers do themselves (the site, one-click headers) is in `subscriptions.py`, importing a file in `importing/`. No address
stands in the audit trail: it names the subscriber by number, and what staff wrote has its addresses masked, so that forgetting a
person forgets them there, too.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from publisher.audience import addresses, erased, subscriptions
from publisher.audience.bulk import kept
from publisher.audience.choices import Choice, selection_for
from publisher.audience.models import Consent, Subscriber, Subscription, Suppression
from publisher.audience.stale import Stale
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.masking import masked_text

LONGEST_NAME = 200
HARD = (Suppression.Reason.COMPLAINED, Suppression.Reason.REFUSED)
"""Reasons that only the reader's own new word lifts."""


@transaction.atomic
def subscribe(
    email: str, *, digest_id: int, choice: Choice, how: str, user: Actor, now: datetime, name: str = ""
) -> Subscription:
    """Subscribe an address whose owner has agreed, as `how` proves. Raises `UserError`: no address, no proof, suppressed,
    erased."""
    address = addresses.checked(email)
    suppressed = _standing(addresses.key(address), now)
    if suppressed is not None:
        raise UserError(
            _("%(address)s is on the suppression list (%(lower)s).")
            % {"address": address, "lower": suppressed.get_reason_display().lower()},
            _("Lift that first, if the reader has asked for it."),
        )
    erased.check(address)
    row = subscriptions.join(
        address, digest_id=digest_id, choice=choice, how=how, now=now, name=_one_line(name)
    )
    audit.record(user, "subscriber.subscribed", row.subscriber, after=_told(digest_id, choice) | _said(how))
    return row


@transaction.atomic
def rename(subscriber_id: int, *, name: str, user: Actor, seen: str | None, now: datetime) -> Subscriber:  # noqa: ARG001 - one form for all deeds
    """Change how a subscriber is addressed. `seen`: the name that the person saw. Raises `UserError`."""
    row = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    if seen is not None and row.name != seen:
        raise Stale(_("The name has changed since you saw it."), _("Look at it again."))
    new = _one_line(name)
    if new != row.name:
        row.name = new
        row.save(update_fields=["name"])
        audit.record(user, "subscriber.renamed", row)
    return row


@transaction.atomic
def choose(
    subscriber_id: int,
    digest_id: int,
    choice: Choice,
    *,
    how: str,
    user: Actor,
    now: datetime,
    seen: int | None = None,
) -> Subscription:
    """Change what an active subscription holds, as its reader asked (`how` says when and where). `seen`: the selection that the
    person saw. Raises `Stale` when it is another by now, and `UserError`."""
    if not how.strip():
        raise UserError(
            _("There is no word on how this reader asked for it."), _("Write it down: it is the proof.")
        )
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("subscriber", "selection")
    row = rows.filter(
        subscriber_id=subscriber_id, digest_id=digest_id, state=Subscription.State.ACTIVE
    ).first()
    if row is None:
        raise UserError(_("This subscriber does not receive that digest."), _("Subscribe them first."))
    if seen is not None and row.selection_id != seen:
        raise Stale(_("This choice has changed since you opened the page."), _("Look at it again."))
    row.selection = selection_for(choice)
    row.save(update_fields=["selection"])
    Consent.objects.create(
        subscriber_id=subscriber_id, digest_id=digest_id, action=Consent.Action.GIVEN, how=how[:200], at=now
    )
    audit.record(user, "subscriber.chose", row.subscriber, after=_told(digest_id, choice) | _said(how))
    return row


@transaction.atomic
def unsubscribe(
    subscriber_id: int, *, digest_id: int | None, how: str, user: Actor, now: datetime
) -> Subscriber:
    """End one subscription, or all of them (None). Doing it again changes nothing. Raises `UserError` without a `how`."""
    if not how.strip():
        raise UserError(
            _("There is no word on why the subscription ends."), _("Write it down: others will ask.")
        )
    row = Subscriber.objects.select_for_update().get(pk=subscriber_id)
    if digest_id is None:
        ended = subscriptions.leave_all(row.pk, how=how, now=now)
    else:
        ended = [digest_id] if subscriptions.leave(row.pk, digest_id, how=how, now=now) else []
    row.refresh_from_db(fields=["state"])
    if (
        not row.subscriptions.exclude(state=Subscription.State.ENDED).exists()
        and row.state != Subscriber.State.LEFT
    ):
        row.state = Subscriber.State.LEFT
        row.save(update_fields=["state"])
    if ended:
        audit.record(user, "subscriber.unsubscribed", row, after={"digests": ended} | _said(how))
    return row


@transaction.atomic
def suppress(
    email: str, *, evidence: str, user: Actor, now: datetime, until: datetime | None = None
) -> Suppression:
    """Never write to this address, or not before `until`. One that stands already stays as it is, but for one of a bulk action:
    undoing that lifts it no more. Raises `UserError`."""
    if until is not None and until <= now:
        raise UserError(_("That time has passed."), _("Choose one in the future, or none."))
    key = addresses.key(addresses.checked(email))
    row, made = Suppression.objects.get_or_create(
        email_key=key,
        defaults={
            "reason": Suppression.Reason.STAFF,
            "evidence": evidence.strip()[:2000],
            "at": now,
            "until": until,
        },
    )
    over = row.until is not None and row.until <= now
    if not made and (over or kept.is_of_a_bulk_action(row)):
        row.reason, row.evidence, row.at, row.until = (
            Suppression.Reason.STAFF,
            evidence.strip()[:2000],
            now,
            until if over else row.until,
        )
        row.save()
        made = True
    if made:
        audit.record(user, "suppression.added", row, after={"reason": row.reason})
    return row


@transaction.atomic
def lift(suppression_id: int, *, because: str, user: Actor, now: datetime) -> None:  # noqa: ARG001 - one form for all deeds
    """Let an address be written to again. Raises `UserError` without a reason, or for what only the reader may lift."""
    row = Suppression.objects.select_for_update().get(pk=suppression_id)
    if not because.strip():
        raise UserError(_("Say why this address may be written to again."), _("Others will ask."))
    if row.reason in HARD and len(because.strip()) < 10:
        raise UserError(
            _("This reader complained, or asked never to be written to."),
            _("Say in a sentence when and where they asked for mail again."),
        )
    said = masked_text(because.strip())[:500]
    audit.record(user, "suppression.lifted", row, {"reason": row.reason}, {"because": said})
    row.delete()


def _standing(key: str, now: datetime) -> Suppression | None:
    lasting = Q(until__isnull=True) | Q(until__gt=now)
    return Suppression.objects.filter(lasting, email_key=key).first()


def _told(digest_id: int, choice: Choice) -> dict[str, object]:
    return {
        "digest": digest_id,
        "topics": list(choice.topics),
        "kinds": list(choice.kinds),
        "language": choice.language,
        "region": choice.region,
    }


def _said(how: str) -> dict[str, object]:
    """For the trail, which nothing can be taken out of."""
    return {"how": masked_text(how)[:200]}


def _one_line(name: str) -> str:
    text = " ".join(name.split())
    if len(text) > LONGEST_NAME or "\0" in text:
        raise UserError(_("A name has at most %(longest_name)s characters.") % {"longest_name": LONGEST_NAME})
    return text
