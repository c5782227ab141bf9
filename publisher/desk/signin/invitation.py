"""Accepting an invitation: a name, a password, and one is in."""

from __future__ import annotations

from typing import cast

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.page import show
from publisher.desk.signin import machinery
from publisher.desk.signin.login import end_earlier
from publisher.desk.signin.pages import typed_twice
from publisher.people import invitations, roles


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The form keeps the name that was typed when something is wrong with it."""
    now = clock.now()
    name, error = request.POST.get("username", "")[:200], None
    try:
        invitation = invitations.of_token(token, now=now)
        if request.method == "POST":
            password = typed_twice(request, "password", "again")
            user = invitations.accept(token, name=name, password=password, now=now)
            end_earlier(request)
            machinery.note_password(request, user)
            return cast(HttpResponse, perform_login(request, user, redirect_url=reverse("desk:home")))
    except invitations.LinkDead as dead:
        values = {"error": dead, "again": ""}
        return show(request, "desk/signin/dead_link.html", values, status=410)
    except UserError as wrong:
        error = wrong
    role = roles.by_name(invitation.role)
    values = {"invitation": invitation, "role": role, "name": name, "error": error}
    return show(request, "desk/signin/invitation.html", values, status=422 if error else 200)
