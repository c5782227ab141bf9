"""A new password by a link in a mail. Whether somebody has the name or address is never told."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import plain_mail
from publisher.desk.page import show
from publisher.desk.signin import throttle
from publisher.desk.signin.login import place_of
from publisher.desk.signin.pages import TOO_MANY, typed_twice
from publisher.people import passwords
from publisher.people.invitations import LinkDead


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form, and the same answer for everybody."""
    values = {"error": "", "asked": False, "mail": plain_mail.can_leave()}
    if request.method != "POST":
        return show(request, "desk/signin/reset_ask.html", values)
    who = place_of(request)
    text = request.POST.get("who", "")
    if not throttle.begin(f"reset:{text[:254]}", who, now=clock.now()):
        return show(request, "desk/signin/reset_ask.html", {**values, "error": TOO_MANY}, status=429)
    passwords.ask_for_new(text, now=clock.now())
    return show(request, "desk/signin/reset_ask.html", {**values, "asked": True})


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Set the password. The person then signs in with it: a second step stays."""
    values: dict[str, object] = {"error": ""}
    try:
        values["name"] = passwords.of_link(key, token).get_username()
        if request.method == "POST":
            password = typed_twice(request, "password", "again")
            passwords.set_by_link(key, token, password=password, now=clock.now())
            return redirect("desk:reset-done")
    except LinkDead as dead:
        return show(
            request, "desk/signin/dead_link.html", {"error": dead, "again": "desk:reset-ask"}, status=410
        )
    except UserError as error:
        values["error"] = error
    return show(request, "desk/signin/reset.html", values, status=422 if values["error"] else 200)


@require_http_methods(["GET", "HEAD"])
def done(request: HttpRequest) -> HttpResponse:
    """It is set; all sessions are over."""
    return show(request, "desk/signin/reset_done.html", {})
