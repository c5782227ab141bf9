"""What the audit trail says of people: signing in, second steps, roles, invitations, API keys."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PEOPLE: dict[str, str | Promise] = {
    "person.signed_in": _("signed in"),
    "person.second_step_failed": _("failed at the second step"),
    "person.proof_failed": _("failed to prove who it is"),
    "person.mfa_added": _("set up a second step"),
    "person.mfa_removed": _("removed a second step"),
    "person.mfa_reset": _("took the second step away"),
    "person.recovery_codes_made": _("made recovery codes"),
    "person.password_changed": _("changed the password"),
    "person.password_reset": _("set a new password by a link"),
    "person.reset_asked": _("was asked for a new password"),
    "person.session_ended": _("ended a session"),
    "person.sessions_ended": _("ended sessions"),
    "person.preferences_changed": _("changed language or zone"),
    "person.role_changed": _("changed the role"),
    "person.deactivated": _("closed the account"),
    "person.reactivated": _("opened the account again"),
    "person.came_by_single_sign_on": _("made an account for somebody who came by single sign-on"),
    "invitation.created": _("invited somebody"),
    "invitation.sent_again": _("sent the invitation again"),
    "invitation.withdrawn": _("withdrew the invitation"),
    "invitation.accepted": _("accepted the invitation"),
    "apikey.created": _("made an API key"),
    "apikey.revoked": _("revoked an API key"),
}

FIELDS: dict[str, str | Promise] = {
    "by_means_of": _("By"),
    "from_address": _("From"),
    "by_browser": _("Browser"),
    "second_step": _("Second step"),
    "second_steps": _("Second steps"),
    "called": _("Its name"),
    "role": _("Role"),
    "active": _("Open"),
    "email": _("Address"),
    "prefix": _("Begins with"),
    "by_key": _("Made by the key"),
    "scopes": _("May"),
    "expires_at": _("Ends"),
    "sessions": _("Sessions"),
    "language": _("Language"),
    "zone": _("Zone"),
}
