"""People: who has an account, with which role, and who is invited."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.core.numbers import number_in
from publisher.delivery import plain_mail
from publisher.desk.access import user_of
from publisher.desk.account.proving import is_proved, to_prove
from publisher.desk.badges import Badge
from publisher.desk.conflicts import conflict
from publisher.desk.page import asked, show
from publisher.desk.paging import newest
from publisher.people import api_keys, invitations, persons, roles, second_step, sessions
from publisher.people.models import ApiKey, Invitation, Letter
from publisher.people.permissions import ROLES, VIEWER, Role

MOST_ENTRIES = 20
LETTING_IN = ("role", "reactivate", "reset-mfa")
"""Deeds by which a browser that was left alone would let somebody in, or higher. As inviting, they ask first who it is."""


@dataclass(frozen=True)
class Row:
    """A person as the list shows them."""

    user: User
    role: Role | None
    has_second_step: bool
    must_have: bool


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list."""
    return _list(request)


@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """By mail where mail leaves; else the link is shown, once."""
    email = request.POST.get("email", "")
    if not is_proved(request):
        typed = {"email": email[:254], "role": request.POST.get("role", "")[:20]}
        return to_prove(request, f"{reverse('desk:people')}?{urlencode(typed)}")
    try:
        role = _role(request)
        invitation, link = invitations.invite(
            email, role, actor=user_of(request), by_mail=plain_mail.can_leave(), now=clock.now()
        )
    except UserError as error:
        typed = {"email": email[:254], "role": request.POST.get("role", "")}
        return _list(request, error=error, typed=typed, status=422)
    return _invited(request, invitation, link)


@require_POST
def invite_again(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """A new link for seven days more."""
    get_object_or_404(Invitation, pk=invitation_id)
    if not is_proved(request):
        return to_prove(request, reverse("desk:people"))
    invitation, link = invitations.send_again(
        invitation_id,
        actor=user_of(request),
        by_mail=plain_mail.can_leave() and "link" not in request.POST,
        now=clock.now(),
        version=_version(request),
    )
    return _invited(request, invitation, link)


@require_POST
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Make the link dead."""
    get_object_or_404(Invitation, pk=invitation_id)
    invitation = invitations.withdraw(
        invitation_id, actor=user_of(request), now=clock.now(), version=_version(request)
    )
    messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": invitation.email})
    return redirect("desk:people")


@require_GET
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """One person: role, state, second step, keys, what was done to them."""
    user = get_object_or_404(User, pk=user_id)
    entries = AuditEntry.objects.filter(object_type="user", object_id=str(user.pk)).order_by("-pk")
    values = {
        "person": user,
        "row": _row(user, second_step.has(user)),
        "state": state_of(user),
        "version": persons.profile_of(user).version,
        "sessions": sessions.of(user, now=clock.now()),
        "browser": sessions.browser,
        "keys": ApiKey.objects.filter(created_by=user, revoked_at=None).order_by("-pk"),
        "shown_prefix": api_keys.shown_prefix,
        "roles": ROLES,
        "is_oneself": user.pk == request.user.pk,
        "entries": entries[:MOST_ENTRIES],
    }
    return show(request, "desk/people/person.html", values)


@require_POST
def act(request: HttpRequest, user_id: int, action: str) -> HttpResponse:
    """Role, closing, opening, second step, sessions: each with the version of the person that the page showed."""
    user = get_object_or_404(User, pk=user_id)
    if action in LETTING_IN and not is_proved(request):
        return to_prove(request, reverse("desk:person", args=[user.pk]))
    try:
        text = _done(request, user, action, _version(request))
    except persons.ChangedMeanwhile as error:
        return conflict(request, user, url=request.path.rpartition("/")[0], message=error.message)
    messages.success(request, text)
    return redirect("desk:person", user_id)


def state_of(user: User) -> Badge:
    """Whether the account is open."""
    return Badge(_("Active"), "good", "check") if user.is_active else Badge(_("Closed"), "quiet", "dash")


def _done(request: HttpRequest, user: User, action: str, version: int | None) -> str:
    actor, now, name = user_of(request), clock.now(), {"name": user.get_username()}
    if action == "role":
        role = _role(request)
        persons.set_role(user.pk, role, actor=actor, version=version)
        return _("%(name)s is now: %(role)s.") % {**name, "role": role.label}
    if action == "deactivate":
        persons.deactivate(user.pk, actor=actor, now=now, version=version)
        return _("The account of %(name)s is closed.") % name
    if action == "reactivate":
        persons.reactivate(user.pk, actor=actor, version=version)
        return _("The account of %(name)s is open again.") % name
    if action == "reset-mfa":
        persons.reset_second_step(user.pk, actor=actor, now=now, version=version)
        return _("The second step of %(name)s is removed, and their sessions are over.") % name
    count = persons.end_sessions(user.pk, actor=actor, now=now, version=version)
    return ngettext("%(num)s session is over.", "%(num)s sessions are over.", count) % {"num": count}


def _list(
    request: HttpRequest,
    *,
    error: UserError | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    listing = newest(request, User.objects.prefetch_related("groups"))
    with_one = second_step.those_with(listing.rows)
    wanted = typed or asked(request, "email", "role")
    open_ones = Invitation.objects.filter(accepted_at=None, withdrawn_at=None)
    open_ones = open_ones.select_related("invited_by").order_by("-pk")
    values = {
        "listing": listing,
        "rows": [_row(user, user.pk in with_one) for user in listing.rows],
        "state_of": state_of,
        "invitations": [_waiting(each) for each in open_ones[:50]],
        "roles": ROLES,
        "mail": plain_mail.can_leave(),
        "error": error,
        "typed": {"email": wanted["email"], "role": wanted["role"] or VIEWER.name},
    }
    return show(request, "desk/people/people.html", values, status=status)


def _row(user: User, has_second_step: bool) -> Row:
    return Row(user, roles.role_of(user), has_second_step, second_step.must_have(user, settings.REQUIRE_MFA))


def _waiting(invitation: Invitation) -> dict[str, object]:
    letter = invitation.letters.order_by("-pk").first()
    return {
        "invitation": invitation,
        "role": roles.by_name(invitation.role),
        "is_open": invitations.is_open(invitation, clock.now()),
        "is_vouched_for": invitations.is_vouched_for(invitation),
        "letter": letter,
        "in_trouble": letter is not None and letter.state in (Letter.State.FAILED, Letter.State.UNKNOWN),
    }


def _invited(request: HttpRequest, invitation: Invitation, link: str) -> HttpResponse:
    if link:
        return show(request, "desk/people/invited.html", {"invitation": invitation, "link": link})
    messages.success(request, _("%(email)s gets a mail with the link.") % {"email": invitation.email})
    return redirect("desk:people")


def _role(request: HttpRequest) -> Role:
    role = roles.by_name(request.POST.get("role", ""))
    if role is None:
        raise UserError(_("Choose a role."), _("Nothing was changed."))
    return role


def _version(request: HttpRequest) -> int:
    """The version that the form carries; 0, which nothing has, when it carries none."""
    return number_in(request.POST.get("version", "")) or 0
