"""Mail servers: what is set and whether it works, DKIM keys, an examination of the set-up, and a test mail to oneself.

Where mail goes is set in the environment, and only there: the page says which variable does what, and shows no secret.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.delivery import outage, trial_mail
from publisher.delivery.doctor import kept
from publisher.delivery.doctor.dkim import record_of
from publisher.delivery.email.setting import read
from publisher.delivery.email.smtp import MailServer
from publisher.delivery.models import SigningKey
from publisher.delivery.plain_mail import sender_address
from publisher.delivery.signing import CannotSign
from publisher.desk.access import user_of
from publisher.desk.mail import providers
from publisher.desk.page import show
from publisher.digests.models import Digest
from publisher.feedback import health


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All of it."""
    return page(request)


@require_POST
def examine_now(request: HttpRequest) -> HttpResponse:
    """Look at server, DNS and keys; it takes some seconds, and sends nothing."""
    health.examined(user=user_of(request), now=clock.now())
    return redirect("desk:mail")


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """A mail to the person's own address."""
    user = user_of(request)
    if not user.email:
        messages.error(request, _("Your login has no address, so there is nowhere to send it."))
        return redirect("desk:mail")
    try:
        said = trial_mail.send(user.email, user=user, now=clock.now())
    except UserError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    else:
        told = {"address": user.email, "said": said or "250"}
        messages.success(request, _("The server took a mail to %(address)s. It said: %(said)s") % told)
    return redirect("desk:mail")


def page(request: HttpRequest, *, error: UserError | None = None, status: int = 200) -> HttpResponse:
    """The page, with what went wrong."""
    server, problem = _server()
    context: dict[str, Any] = {
        "server": server,
        "problem": problem,
        "outage": outage.current(),
        "now": clock.now(),
        "settings_shown": _settings(),
        "last": kept.last(),
        "keys": [_key(key) for key in SigningKey.objects.order_by("domain", "-active", "-created_at", "-pk")],
        "domains": sorted({address.rpartition("@")[2] for address in _senders() if "@" in address}),
        "sender": sender_address(),
        "back": providers.told(),
        "error": error,
        "month": clock.now(),
    }
    return show(request, "desk/mail/mail.html", context, status=status)


def _server() -> tuple[dict[str, Any], UserError | None]:
    """What PUBLISHER_MAIL names, without its secrets."""
    if not settings.MAIL:
        return {}, None
    try:
        found = read(settings.MAIL)
    except UserError as error:
        return {}, error
    if not isinstance(found, MailServer):
        return {"what": str(found), "login": True, "tls": "", "verify": True}, None
    tls = _("from the first byte") if found.implicit_tls else found.starttls
    return {
        "what": f"{found.host}:{found.port}",
        "tls": tls,
        "login": bool(found.username),
        "verify": found.verify,
    }, None


def _settings() -> list[dict[str, Any]]:
    """The environment's variables about mail: what each is set to, and what it does. Of PUBLISHER_MAIL only whether."""
    told = (
        (
            "MAIL",
            _("Where mail goes: smtp://user:password@host:587, or a provider’s form. Empty: no mail leaves."),
        ),
        ("MAIL_CONNECTIONS", _("How many connections are open at once.")),
        ("MAIL_RATE", _("Most mails a second.")),
        ("MAIL_DOMAIN_RATES", _("Most mails a second to one provider.")),
        ("MAIL_WARMUP", _("How a new sender’s volume grows.")),
        ("NOTICES_FROM", _("The sender of mails to staff.")),
    )
    shown = []
    for name, what in told:
        value = getattr(settings, name)
        said = (_("set") if value else "") if name == "MAIL" else str(value or "")
        shown.append({"name": f"PUBLISHER_{name}", "what": what, "value": said})
    return shown


def _key(key: SigningKey) -> dict[str, Any]:
    try:
        return {"key": key, "record": record_of(key), "problem": ""}
    except CannotSign as error:
        return {"key": key, "record": None, "problem": f"{error.message} {error.hint}"}


def _senders() -> list[str]:
    return list(Digest.objects.values_list("from_address", flat=True))
