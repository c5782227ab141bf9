"""Mailboxes that answers come to: the list, the form, and what a person does to one. No secret is ever shown again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.core.told import told
from publisher.delivery.consequences import Consequence
from publisher.desk.access import user_of
from publisher.desk.badges import Badge
from publisher.desk.log.asking import is_sure
from publisher.desk.page import show
from publisher.feedback import mailboxes
from publisher.feedback.mailboxes import Stale, Wishes
from publisher.feedback.models import Mailbox
from publisher.feedback.ways import ways

SECRETS = ("password", "client_secret")
LONGEST = {"certificate": 20_000, "password": 8000, "client_secret": 2000}


@dataclass(frozen=True)
class Form:
    """What the form shows: as it is stored, or as the person typed it. Secrets are never in it."""

    values: dict[str, str]
    version: int = 1

    @classmethod
    def empty(cls) -> Form:
        """With what is usual."""
        names = [each.name for each in fields(Wishes) if each.name not in SECRETS]
        return cls(dict.fromkeys(names, "") | {"way": "imap", "security": "tls", "login": "password"})

    @classmethod
    def of(cls, row: Mailbox) -> Form:
        """As it is stored."""
        names = [each.name for each in fields(Wishes) if each.name not in SECRETS]
        return cls({name: str(getattr(row, name)) for name in names}, row.version)

    @classmethod
    def sent(cls, post: QueryDict) -> tuple[Form, Wishes]:
        """As the person sent it."""
        values = {
            each.name: post.get(each.name, "")[: LONGEST.get(each.name, 1000)]
            for each in fields(Wishes)
            if each.name != "port"
        }
        port = post.get("port", "").strip()[:10]
        wishes = Wishes(**values, port=(number_in(port) or -1) if port else 0)
        shown = {name: value for name, value in values.items() if name not in SECRETS}
        return cls(shown | {"port": port}, number_in(post.get("version", "")) or 0), wishes


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every mailbox, with how it fares."""
    return _list(request)


@sensitive_post_parameters(*SECRETS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make one; it is read from then on."""
    if request.method != "POST":
        return _form(request, None, Form.empty())
    form, wishes = Form.sent(request.POST)
    try:
        row = mailboxes.create(wishes, user=user_of(request), now=clock.now())
    except UserError as error:
        return _form(request, None, form, error=error, status=422)
    messages.success(
        request, _("%(name)s was made, and is read from now on. Verify it.") % {"name": row.name}
    )
    return redirect("desk:mailboxes")


@sensitive_post_parameters(*SECRETS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, mailbox_id: int) -> HttpResponse:
    """Change one, or its password alone."""
    row = get_object_or_404(Mailbox, pk=mailbox_id)
    if request.method != "POST":
        return _form(request, row, Form.of(row))
    form, wishes = Form.sent(request.POST)
    try:
        saved = mailboxes.change(row.pk, wishes, version=form.version, user=user_of(request))
    except Stale as error:
        row.refresh_from_db()
        return _form(request, row, form, error=error, status=409)
    except UserError as error:
        return _form(request, row, form, error=error, status=422)
    messages.success(request, _("%(name)s was saved.") % {"name": saved.name})
    return redirect("desk:mailboxes")


@require_POST
def act(request: HttpRequest, mailbox_id: int, deed: str) -> HttpResponse:
    """One of `DEEDS` with a mailbox."""
    if deed not in DEEDS:
        raise Http404
    row = get_object_or_404(Mailbox, pk=mailbox_id)
    if deed == "remove" and not is_sure(request):
        return _ask(request, row)
    try:
        messages.success(request, DEEDS[deed](row, user_of(request)))
    except UserError as error:
        return _list(request, error=error, status=422)
    return redirect("desk:mailboxes")


def _verify(row: Mailbox, user: User) -> str:
    """Raises UserError when it cannot be read."""
    audit.record(user, "mailbox.verified", row)
    found = mailboxes.verify(row)
    return _("%(name)s can be read. New in it: %(found)s") % {"name": row.name, "found": found}


def _on(row: Mailbox, user: User) -> str:
    mailboxes.switch(row.pk, on=True, user=user)
    return _("%(name)s is read again, from what came meanwhile.") % {"name": row.name}


def _pause(row: Mailbox, user: User) -> str:
    mailboxes.switch(row.pk, on=False, user=user)
    return _("%(name)s is paused. What comes meanwhile stays in it.") % {"name": row.name}


def _remove(row: Mailbox, user: User) -> str:
    return _("%(name)s was removed.") % {"name": mailboxes.remove(row.pk, user=user)}


DEEDS = {"verify": _verify, "on": _on, "pause": _pause, "remove": _remove}


def _ask(request: HttpRequest, row: Mailbox) -> HttpResponse:
    facts = (
        _("It is no longer read, and its password is forgotten. This cannot be undone."),
        _("What it brought stays here, and what is in it stays there."),
    )
    context = {
        "about": Consequence(_("Remove %(name)s?") % {"name": row.name}, facts, 1),
        "carried": {"sure": "yes"},
        "yes": _("Yes, remove it"),
        "back": reverse("desk:mailboxes"),
        "danger": True,
    }
    return show(request, "desk/ask.html", context)


def _list(request: HttpRequest, *, error: UserError | None = None, status: int = 200) -> HttpResponse:
    context = {
        "rows": [{"it": row, "state": state_of(row)} for row in Mailbox.objects.all()],
        "error": error and UserError(told(error.message), told(error.hint)),
        "return_domain": settings.RETURN_DOMAIN,
        "leave_address": settings.UNSUBSCRIBE_ADDRESS,
        "listens": settings.FEEDBACK_LISTEN,
    }
    return show(request, "desk/mail/mailboxes.html", context, status=status)


def state_of(row: Mailbox) -> Badge:
    """How a mailbox fares."""
    if not row.active:
        return Badge(_("Paused"), "quiet", "pause")
    if row.failures:
        return Badge(_("Cannot be read"), "bad", "cross")
    if row.looked_at is None:
        return Badge(_("Not read yet"), "warn", "clock")
    return Badge(_("Is read"), "good", "check")


def _form(
    request: HttpRequest,
    row: Mailbox | None,
    form: Form,
    *,
    error: UserError | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "mailbox": row,
        "form": form.values,
        "version": row.version if row and status == 409 else form.version,
        "error": error and UserError(told(error.message), told(error.hint)),
        "stale": status == 409,
        "ways": [(way.name, way.label) for way in ways().values()],
        "securities": Mailbox.Security.choices,
        "logins": Mailbox.Login.choices,
        "afters": Mailbox.After.choices,
    }
    return show(request, "desk/mail/mailbox.html", context, status=status)
