"""Inviting people by a link that works once, for seven days. The link's token is stored as a hash only."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.crypto import fingerprint
from publisher.core.errors import UserError
from publisher.people import names, roles
from publisher.people.models import Invitation, Letter
from publisher.people.permissions import MANAGE_PEOPLE, Role

VALID: Final = timedelta(days=7)
TOKEN_BYTES: Final = 32
LONGEST_ADDRESS: Final = 254


class LinkDead(UserError):
    """The link of an invitation was used, withdrawn, replaced by a newer one, or is older than seven days."""


@transaction.atomic
def invite(email: str, role: Role, *, actor: Actor, by_mail: bool, now: datetime) -> tuple[Invitation, str]:
    """Invite an address into a role; gives the invitation and its link, which is "" when a letter brings it.

    Raises UserError: not an address, somebody has it already, invited already, or a role beyond one's own.
    """
    email = _address(email)
    roles.check_may_give(role, actor)
    if User.objects.filter(email__iexact=email).exists():
        raise UserError(
            _("Somebody with the address %(email)s has an account already.") % {"email": email},
            _("Change their role in the list, or open their account again."),
        )
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                email=email,
                role=role.name,
                invited_by=actor if isinstance(actor, User) else None,
                invited_by_name=audit.name_of(actor),
                created_at=now,
                expires_at=now + VALID,
            )
    except IntegrityError:
        raise UserError(
            _("%(email)s is invited already.") % {"email": email},
            _("Send that invitation again, or withdraw it first."),
        ) from None
    audit.record(actor, "invitation.created", invitation, after={"email": email, "role": role.name})
    return invitation, _send(invitation, by_mail=by_mail, now=now)


@transaction.atomic
def send_again(
    invitation_id: int, *, actor: Actor, by_mail: bool, now: datetime, version: int | None
) -> tuple[Invitation, str]:
    """A new link for seven days more, for which `actor` vouches from then on; the old one is dead.

    As `invite`; raises UserError too for one that was accepted or withdrawn.
    """
    invitation = _open(invitation_id, version)
    role = roles.by_name(invitation.role)
    if role:
        roles.check_may_give(role, actor)
    invitation.expires_at = now + VALID
    invitation.invited_by = actor if isinstance(actor, User) else None
    invitation.invited_by_name = audit.name_of(actor)
    invitation.version += 1
    invitation.save(update_fields=["expires_at", "invited_by", "invited_by_name", "version"])
    audit.record(actor, "invitation.sent_again", invitation, after={"email": invitation.email})
    return invitation, _send(invitation, by_mail=by_mail, now=now)


@transaction.atomic
def withdraw(invitation_id: int, *, actor: Actor, now: datetime, version: int | None) -> Invitation:
    """Make an invitation's link dead. Raises UserError when it was accepted or withdrawn already."""
    invitation = _open(invitation_id, version)
    invitation.withdrawn_at, invitation.token_hash = now, None
    invitation.version += 1
    invitation.save(update_fields=["withdrawn_at", "token_hash", "version"])
    audit.record(actor, "invitation.withdrawn", invitation, after={"email": invitation.email})
    return invitation


def new_link(invitation_id: int) -> str:
    """A fresh link of an open invitation; the one before is dead."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    Invitation.objects.filter(pk=invitation_id).update(token_hash=fingerprint(token))
    return f"{settings.BASE_URL}{reverse('desk:invitation', args=[token])}"


def of_token(token: str, *, now: datetime) -> Invitation:
    """The open invitation of a link. Raises LinkDead."""
    found = Invitation.objects.select_related("invited_by").filter(token_hash=fingerprint(token)).first()
    if found is None or not is_open(found, now):
        raise LinkDead(
            _(
                "This link does not work any more: it was used or withdrawn, it is older than seven days, "
                "or whoever sent it may not invite people now."
            ),
            _("Ask an admin of Publisher for a new one."),
        )
    return found


def is_open(invitation: Invitation, now: datetime) -> bool:
    """Whether it can still be accepted at `now`."""
    settled = invitation.accepted_at or invitation.withdrawn_at
    return not settled and now < invitation.expires_at and is_vouched_for(invitation)


def is_vouched_for(invitation: Invitation) -> bool:
    """Whether whoever sent it last may still let somebody in with its role: nobody leaves a door open behind them.

    One from the command line is vouched for by who has the machine.
    """
    sender, role = invitation.invited_by, roles.by_name(invitation.role)
    return sender is None or (
        role is not None and sender.has_perm(MANAGE_PEOPLE) and roles.may_give(role, sender)
    )


@transaction.atomic
def accept(token: str, *, name: str, password: str, now: datetime) -> User:
    """Make the account of whoever holds the link. Raises LinkDead; UserError for a name that is taken or a weak password."""
    invitation = of_token(token, now=now)
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    of_token(token, now=now)
    user = User(username=names.checked(name), email=invitation.email)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UserError(" ".join(error.messages), _("Choose a longer one.")) from error
    user.set_password(password)
    return _settle(invitation, user, now)


@transaction.atomic
def accept_by_address(email: str, *, now: datetime) -> User | None:
    """Make the account of an invited person whose address another service has verified; None when nobody invited it."""
    open_ones = Invitation.objects.select_for_update().filter(
        email__iexact=email, accepted_at=None, withdrawn_at=None
    )
    invitation = open_ones.first()
    if invitation is None or not is_open(invitation, now):
        return None
    user = User(username=names.free(email), email=invitation.email)
    user.set_unusable_password()
    return _settle(invitation, user, now)


def _settle(invitation: Invitation, user: User, now: datetime) -> User:
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise names.taken(user.username) from None
    role = roles.by_name(invitation.role)
    if role:
        roles.give(user, role)
    invitation.accepted_at, invitation.accepted_by, invitation.token_hash = now, user, None
    invitation.version += 1
    invitation.save(update_fields=["accepted_at", "accepted_by", "token_hash", "version"])
    after = {"name": user.username, "email": user.email, "role": invitation.role}
    audit.record(user, "invitation.accepted", invitation, after=after)
    return user


def _send(invitation: Invitation, *, by_mail: bool, now: datetime) -> str:
    Letter.objects.filter(invitation=invitation, state=Letter.State.QUEUED).update(
        state=Letter.State.CANCELLED, settled_at=now
    )
    if not by_mail:
        return new_link(invitation.pk)
    Invitation.objects.filter(pk=invitation.pk).update(token_hash=None)
    Letter.objects.create(
        kind=Letter.Kind.INVITATION,
        invitation=invitation,
        to=invitation.email,
        language=get_language() or "en",
        message_key=uuid.uuid4().hex,
        due_at=now,
        created_at=now,
    )
    events.emit("letter.written")
    return ""


def _open(invitation_id: int, version: int | None) -> Invitation:
    invitation = Invitation.objects.select_for_update().get(pk=invitation_id)
    if (
        invitation.accepted_at
        or invitation.withdrawn_at
        or (version is not None and invitation.version != version)
    ):
        raise UserError(
            _("The invitation of %(email)s was accepted, withdrawn or sent again meanwhile.")
            % {"email": invitation.email},
            _("Look at the list again. Nothing was changed."),
        )
    return invitation


def _address(email: str) -> str:
    email = email.replace("\0", "").strip()
    try:
        validate_email(email if len(email) <= LONGEST_ADDRESS else "")
    except ValidationError:
        raise UserError(
            _("“%(email)s” is not a mail address.") % {"email": email[:100]},
            _("Write it like mira@example.org."),
        ) from None
    return email
