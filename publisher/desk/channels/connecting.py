"""A channel's access: entering it by hand, connecting by the network's own pages, choosing the account, and disconnecting.

What is secret is only ever written: a page says that it is set, and shows nothing of it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.desk.access import user_of
from publisher.desk.channels.editing import stale, version_of
from publisher.desk.page import show
from publisher.social import access, connecting, network_keys
from publisher.social import health as health_checks
from publisher.social.connecting import Visitor
from publisher.social.models import Channel, NetworkApp
from publisher.social.networks import registry
from publisher.social.networks.fields import Field, Kind, form_of
from publisher.social.networks.oauth import oauth_of
from publisher.social.setting_up import Stale

LONGEST = 4000
"""Characters of one value that a network may send back."""
CREDENTIAL, SETTING = "credential-", "setting-"
"""Before the names of the page's fields, so that no two are the same."""


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    """What is set and works, and the form for another access: it is tried before it takes the place of the one in use."""
    channel = get_object_or_404(Channel, pk=channel_id)
    if request.method != "POST":
        return _page(request, channel)
    credentials, settings_given, wrong = _sent(request, channel)
    if wrong:
        return _page(request, channel, wrong=wrong, status=422)
    visitor, now = visitor_of(request), clock.now()
    try:
        access.enter(
            channel.pk,
            credentials=credentials,
            settings=settings_given,
            user=visitor.user,
            version=version_of(request),
            now=now,
        )
    except access.Another as error:
        row = connecting.hold(channel, error.access, visitor=visitor, now=now)
        return redirect("desk:channel-connecting", channel.pk, row.pk)
    except Stale as error:
        return stale(request, channel.pk, error)
    except UserError as error:
        return _page(request, channel, error=error, status=422)
    _say_connected(request, channel)
    return redirect("desk:channel-access", channel.pk)


@require_POST
def begin(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Ask the network for its page, and show the way there. A form may not lead to another host (CSP), so a link does."""
    channel = get_object_or_404(Channel, pk=channel_id)
    try:
        row = connecting.begin(channel.pk, visitor=visitor_of(request), back=_back(), now=clock.now())
    except UserError as error:
        return _page(request, channel, error=error, status=422)
    return redirect("desk:channel-connecting", channel.pk, row.pk)


@require_GET
def came_back(request: HttpRequest) -> HttpResponse:
    """Where the network sends the person. The address bar keeps nothing of what it said: the next page has another address."""
    query = {name: str(value) for name, value in request.GET.items() if len(value) <= LONGEST}
    row = connecting.answered(query, visitor=visitor_of(request), now=clock.now())
    return redirect("desk:channel-connecting", row.channel_id, row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, channel_id: int, connecting_id: int) -> HttpResponse:
    """The way to the network; after it the accounts that it offers, of which a person confirms one."""
    visitor, now = visitor_of(request), clock.now()
    row = connecting.mine(connecting_id, visitor=visitor, now=now)
    error: UserError | None = None
    if request.method == "POST":
        number = request.POST.get("account", "")
        try:
            channel = connecting.choose(
                row.pk,
                int(number) if number.isascii() and number.isdigit() and len(number) < 5 else -1,
                visitor=visitor,
                version=version_of(request),
                now=now,
            )
        except Stale as problem:
            return stale(request, channel_id, problem)
        except UserError as problem:
            error = problem
        else:
            _say_connected(request, channel)
            return redirect("desk:channel-access", channel.pk)
    context = {
        "channel": row.channel,
        "row": row,
        "way": connecting.url_of(row),
        "accounts": [offer.account for offer in connecting.offers_of(row)],
        "former": health_checks.health_of(row.channel).account_name,
        "error": error,
    }
    return show(request, "desk/channels/connecting.html", context, status=422 if error else 200)


@require_POST
def disconnect(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Forget the access."""
    try:
        channel = access.disconnect(
            channel_id, user=user_of(request), version=version_of(request), now=clock.now()
        )
    except Stale as error:
        return stale(request, channel_id, error)
    messages.success(
        request,
        _("%(name)s is disconnected. Withdraw the access at the network too.") % {"name": channel.name},
    )
    return redirect("desk:channel-access", channel.pk)


@require_POST
def app(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Store the keys of our application at the channel's network."""
    channel = get_object_or_404(Channel, pk=channel_id)
    prefix = "app-"
    given = {name[len(prefix) :]: str(v) for name, v in request.POST.items() if name.startswith(prefix)}
    values, wrong = network_keys.read(channel.network, given)
    if wrong:
        return _page(
            request, channel, wrong={f"app-{name}": said for name, said in wrong.items()}, status=422
        )
    try:
        network_keys.store(channel.network, values, user=user_of(request), now=clock.now())
    except UserError as error:
        return _page(request, channel, error=error, status=422)
    messages.success(request, _("The keys are stored. Now connect the account."))
    return redirect("desk:channel-access", channel.pk)


def visitor_of(request: HttpRequest) -> Visitor:
    """The person and their browser session."""
    return Visitor(user_of(request), request.session.session_key or "")


def _back() -> str:
    """Where networks send people: the address that is registered with them."""
    return settings.BASE_URL.rstrip("/") + reverse("desk:channel-came-back")


def _sent(request: HttpRequest, channel: Channel) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Credentials, settings, and what is wrong, by the name of its field. What is required may be left as it is."""
    form = form_of(registry.get(channel.network))
    credentials, settings_given = (
        {each.name: request.POST.get(f"{prefix}{each.name}", "") for each in fields}
        for fields, prefix in ((form.credentials, CREDENTIAL), (form.settings, SETTING))
    )
    values, changed, bad = access.read(channel, credentials, settings_given)
    prefixes = {access.CREDENTIALS: CREDENTIAL, access.SETTINGS: SETTING}
    return values, changed, {f"{prefixes[part]}{name}": said for (part, name), said in bad.items()}


def _say_connected(request: HttpRequest, channel: Channel) -> None:
    health = health_checks.health_of(channel)
    if health.account_name:
        messages.success(
            request, _("The network answered: this is %(name)s.") % {"name": health.account_name}
        )
        return
    if not access.is_complete(channel):
        messages.warning(request, _("Saved, but not connected: its credentials are still missing."))
        return
    messages.success(request, _("Saved."))


def _page(
    request: HttpRequest,
    channel: Channel,
    *,
    wrong: dict[str, str] | None = None,
    error: UserError | None = None,
    status: int = 200,
) -> HttpResponse:
    network = registry.get(channel.network)
    form, oauth = form_of(network), oauth_of(network)
    posted = request.POST if status == 422 else {}
    known = access.known_credentials(channel)
    keys = NetworkApp.objects.filter(network=channel.network).first()
    context = {
        "channel": channel,
        "network": network,
        "form": form,
        "credentials": [_shown(each, CREDENTIAL, posted, {}, known) for each in form.credentials],
        "settings": [_shown(each, SETTING, posted, channel.settings or {}, {}) for each in form.settings],
        "others": sorted(set(channel.settings or {}) - {each.name for each in form.settings}),
        "app_fields": [_shown(each, "app-", posted, {}, {}) for each in oauth.app_fields] if oauth else [],
        "wrong": defaultdict(str, wrong or {}),
        "error": error,
        "oauth": oauth,
        "app": keys,
        "can_connect": oauth is not None and network_keys.is_known(channel.network),
        "connected": bool(known),
        "health": health_checks.health_of(channel),
        "back": _back(),
    }
    return show(request, "desk/channels/access.html", context, status=status)


def _shown(
    asked: Field, prefix: str, posted: Any, stored: dict[str, Any], known: dict[str, Any]
) -> dict[str, Any]:
    """A field as the page shows it. Of a credential only whether it is set; what was sent comes back, unless it is secret."""
    name = f"{prefix}{asked.name}"
    value = stored.get(asked.name)
    if posted:
        value = "" if asked.secret else posted.get(name, "")
    return {
        "field": asked,
        "name": name,
        "kind": asked.kind.value,
        "value": "" if value is None else value,
        "on": bool(value) if asked.kind is Kind.SWITCH else False,
        "is_set": bool(known.get(asked.name)),
    }
