"""DKIM keys: made switched off, looked for in DNS, switched on in the place of another, and removed."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import signing
from publisher.delivery.doctor.dkim import seen_in_dns, switch_on
from publisher.delivery.doctor.dns import Dns
from publisher.delivery.email.dkim import LEAST_BITS
from publisher.delivery.models import SigningKey
from publisher.desk.access import user_of
from publisher.desk.mail.views import page


@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """A new key for a domain, switched off."""
    now = clock.now()
    try:
        domain = signing.key_domain(request.POST.get("domain", ""))
        selector = signing.checked_selector(request.POST.get("selector", "") or f"p{now:%Y%m}")
        key = signing.make_key(domain, selector, bits=LEAST_BITS, now=now, actor=user_of(request))
    except UserError as error:
        return page(request, error=error, status=422)
    messages.success(
        request, _("Made %(key)s, switched off. Publish its record in DNS, then check it.") % {"key": key}
    )
    return redirect("desk:mail")


@require_POST
def act(request: HttpRequest, key_id: int, deed: str) -> HttpResponse:
    """One of `DEEDS` with a key."""
    if deed not in DEEDS:
        raise Http404
    key = get_object_or_404(SigningKey, pk=key_id)
    try:
        messages.success(request, DEEDS[deed](request, key, user_of(request)))
    except UserError as error:
        return page(request, error=error, status=422)
    return redirect("desk:mail")


def _check(_request: HttpRequest, key: SigningKey, _user: User) -> str:
    """Raises `UserError` when DNS does not show the key."""
    return seen_in_dns(key, Dns())


def _on(request: HttpRequest, key: SigningKey, user: User) -> str:
    """In the place of the domain's other keys. A key that DNS does not show is switched on only by force."""
    switch_on(key, Dns(), actor=user, force=request.POST.get("force") == "yes")
    return _("Mail from %(domain)s is signed with %(key)s from now on.") % {"domain": key.domain, "key": key}


def _off(_request: HttpRequest, key: SigningKey, user: User) -> str:
    signing.switch_off(key.domain, actor=user)
    return _("Mail from %(domain)s is no longer signed here.") % {"domain": key.domain}


def _remove(_request: HttpRequest, key: SigningKey, user: User) -> str:
    name = str(key)
    signing.remove(key, actor=user)
    return _("%(key)s was removed. Leave its record in DNS for a week: mail under way is checked by it.") % {
        "key": name
    }


DEEDS: dict[str, Callable[[HttpRequest, SigningKey, User], str]] = {
    "check": _check,
    "on": _on,
    "off": _off,
    "remove": _remove,
}
