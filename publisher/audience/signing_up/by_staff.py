"""What a person decides about sign-ups: those that are held, and which domains are disposable.

Each leaves an audit entry, in which no address stands.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.audience import addresses
from publisher.audience.models import MailDomain, SignUp
from publisher.audience.signing_up import asking, once_a_day, tally
from publisher.audience.signing_up.tally import What
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError

_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*[a-z0-9]")


@transaction.atomic
def let_go(sign_up_id: int, *, user: Actor, now: datetime) -> SignUp:
    """Have the mailbox of a held sign-up asked, about all that is held for it. Raises `UserError` for one that is not held any
    more."""
    row, *others = _held(sign_up_id, now)
    for each in (row, *others):
        each.held, each.expires_at = "", now + asking.GOOD_FOR
        each.save(update_fields=["held", "expires_at"])
        tally.count(What.LET_GO, now)
        audit.record(user, "sign_up.let_go", each)
    asking.have_asked(row, now)
    return row


@transaction.atomic
def turn_away(sign_up_id: int, *, user: Actor, now: datetime) -> SignUp:
    """Refuse a held sign-up and the others of its mailbox. Raises `UserError` for one that is not held any more."""
    return _refused(_held(sign_up_id, now), user, now)


@transaction.atomic
def ask_again(sign_up_id: int, *, user: Actor, now: datetime) -> SignUp:
    """Send the mail to confirm once more to one that waits. Raises `UserError` when it waits no more, or a mail that anybody can
    cause is under way or went within a day: whoever typed it in may be a stranger."""
    row = _waiting(sign_up_id, now)[0]
    if once_a_day.is_under_way(row.email_key):
        raise UserError(
            _("A mail to this address waits to be sent already."), _("Look again in some minutes.")
        )
    if once_a_day.too_soon(row.email_key, now=now):
        raise UserError(
            _("A mail went, or may have gone, to this address within a day."),
            _("One a day is sent: a stranger may have typed it in."),
        )
    asking.have_asked(row, now)
    audit.record(user, "sign_up.asked_again", row)
    return row


@transaction.atomic
def drop(sign_up_id: int, *, user: Actor, now: datetime) -> SignUp:
    """Refuse one that waits for its mailbox and the others of that mailbox: their links are good no more. Raises `UserError` when
    it waits no more."""
    return _refused(_waiting(sign_up_id, now), user, now)


@transaction.atomic
def say_of_domain(text: str, *, disposable: bool, user: Actor, now: datetime) -> MailDomain:
    """Call a domain disposable, or not, whatever the list says. Raises `UserError` for what is no domain."""
    domain = addresses.domain_key(text.strip().removeprefix("@").rstrip("."))
    if not _DOMAIN.fullmatch(domain):
        raise UserError(
            _("%(text)s is no domain.") % {"text": f"{text[:80]!r}"},
            _("It is what stands behind the @ of an address."),
        )
    row, _made = MailDomain.objects.update_or_create(
        domain=domain, defaults={"disposable": disposable, "at": now}
    )
    audit.record(user, "mail_domain.told", row, after={"domain": domain, "disposable": disposable})
    return row


@transaction.atomic
def forget_domain(domain_id: int, *, user: Actor, now: datetime) -> None:  # noqa: ARG001 - one form for all deeds
    """Let the list decide about a domain again."""
    row = MailDomain.objects.select_for_update().filter(pk=domain_id).first()
    if row is not None:
        audit.record(user, "mail_domain.forgotten", row, {"domain": row.domain, "disposable": row.disposable})
        row.delete()


def _refused(rows: list[SignUp], user: Actor, now: datetime) -> SignUp:
    """All of them; gives the first."""
    for row in rows:
        row.refused_at = now
        row.save(update_fields=["refused_at"])
        tally.count(What.TURNED_AWAY, now)
        audit.record(user, "sign_up.turned_away", row)
    return rows[0]


def _waiting(sign_up_id: int, now: datetime) -> list[SignUp]:
    """This one, then what else its mailbox may confirm."""
    key = SignUp.objects.filter(pk=sign_up_id).values_list("email_key", flat=True).first()
    rows = list(asking.waiting(key or "", now).select_for_update())
    if sign_up_id not in {row.pk for row in rows}:
        raise UserError(_("It waits no more."), _("It was confirmed or refused, or is too old."))
    return sorted(rows, key=lambda row: row.pk != sign_up_id)


def _held(sign_up_id: int, now: datetime) -> list[SignUp]:
    """This one, then what else is held of its mailbox."""
    keys = SignUp.objects.filter(pk=sign_up_id).values("email_key")
    rows = list(asking.unanswered(now).exclude(held="").filter(email_key__in=keys).select_for_update())
    if sign_up_id not in {row.pk for row in rows}:
        raise UserError(_("Nobody waits here any more."), _("Somebody has decided it, or it is too old."))
    return sorted(rows, key=lambda row: row.pk != sign_up_id)
