"""Who may come in through an OpenID Connect provider, as whom, and with which role. The pure part decides; `come_in` does it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.errors import UserError
from publisher.people import invitations, names, persons, roles
from publisher.people.permissions import ROLES, VIEWER, Role

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """What the settings say (`PUBLISHER_OIDC_…`). No `domains`: any. `unknown_are_viewers`: else they are refused."""

    domains: tuple[str, ...] = ()
    role_claim: str = "groups"
    roles: Mapping[str, str] | None = None
    unknown_are_viewers: bool = False


@dataclass(frozen=True)
class Claims:
    """What the provider signed about a person. `email` is "" unless the provider says that it verified it."""

    subject: str
    email: str
    values: Mapping[str, Any]


class Refused(UserError):
    """The provider knows the person, and they may not come in all the same."""


def claims_of(token: Mapping[str, Any]) -> Claims:
    """From a checked ID token. Some providers write booleans as text."""
    email = str(token.get("email") or "").strip()
    verified = token.get("email_verified") in (True, "true")
    return Claims(str(token["sub"]), email if verified and "@" in email else "", token)


def role_from(claims: Claims, rules: Rules) -> Role | None:
    """The strongest role that the claim's values give; None when none fits."""
    said = claims.values.get(rules.role_claim)
    values = {str(value) for value in said} if isinstance(said, list) else {str(said)}
    given = {role for value, role in (rules.roles or {}).items() if value in values}
    return next((role for role in ROLES if role.name in given), None)


def may_come_first_time(claims: Claims, rules: Rules) -> str:
    """Why somebody without a link to an account may not come in by their address; "" when they may."""
    if not claims.email:
        return _("The provider did not say that it verified your mail address.")
    domain = claims.email.rpartition("@")[2].lower()
    if rules.domains and domain not in rules.domains:
        return _("People with addresses of %(domain)s may not sign in here.") % {"domain": domain}
    return ""


@transaction.atomic
def come_in(claims: Claims, *, linked: User | None, rules: Rules, now: datetime) -> User:
    """The person who signs in: linked before, found by the verified address, invited, or (if the rules say so) new.

    Their role becomes what the claim gives. Raises Refused.
    """
    user = linked or _by_address(claims, rules, now)
    if not user.is_active:
        raise Refused(_("This account is closed."), _("Ask an admin of Publisher."))
    role = role_from(claims, rules)
    if role is not None and role != roles.role_of(user):
        try:
            persons.set_role(user.pk, role, actor=None, version=None)
        except UserError as error:  # the last admin stays one, whatever the provider says
            log.warning("single_sign_on.role_kept", extra={"user_id": user.pk, "reason": error.message})
    return user


def _by_address(claims: Claims, rules: Rules, now: datetime) -> User:
    ask = _("Ask an admin of Publisher to invite you.")
    why = may_come_first_time(claims, rules)
    if why:
        raise Refused(why, ask)
    found = list(User.objects.filter(email__iexact=claims.email)[:2])
    if len(found) > 1:
        raise Refused(
            _("Several accounts have your mail address."), _("Ask an admin of Publisher to put it right.")
        )
    if found:
        return found[0]
    invited = invitations.accept_by_address(claims.email, now=now)
    if invited is not None:
        return invited
    if not rules.unknown_are_viewers:
        raise Refused(_("Nobody has invited %(email)s.") % {"email": claims.email}, ask)
    user = User(username=names.free(claims.email), email=claims.email)
    user.set_unusable_password()
    user.save()
    roles.give(user, VIEWER)
    after = {"name": user.username, "email": user.email, "role": VIEWER.name}
    audit.record(None, "person.came_by_single_sign_on", user, after=after)
    return user
