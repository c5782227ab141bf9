"""The form of a webhook. What was typed stays in it, whatever is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.desk.access import user_of
from publisher.desk.account.proving import proved
from publisher.desk.page import show
from publisher.digests.models import Digest
from publisher.hooks import endpoints, kinds
from publisher.hooks.endpoints import Wishes
from publisher.hooks.models import Endpoint
from publisher.people import api_keys
from publisher.people.permissions import SEE_ADDRESSES
from publisher.social.approval import Stale
from publisher.social.models import Channel


@dataclass(frozen=True)
class Form:
    """What the form shows: as it is stored, or as the person typed it."""

    name: str = ""
    url: str = "https://"
    events: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    batched: bool = False
    with_addresses: bool = False
    version: int = 1

    @classmethod
    def of(cls, row: Endpoint) -> Form:
        """As it is stored."""
        return cls(
            row.name,
            row.url,
            list(row.events),
            list(map(str, row.channel_ids)),
            list(map(str, row.digest_ids)),
            row.batched,
            row.with_addresses,
            row.version,
        )

    @classmethod
    def sent(cls, post: QueryDict) -> Form:
        """As the person sent it."""
        return cls(
            post.get("name", "")[:200],
            post.get("url", "")[:4000],
            post.getlist("events")[:200],
            post.getlist("channels")[:1000],
            post.getlist("digests")[:1000],
            post.get("batched") == "yes",
            post.get("with_addresses") == "yes",
            number_in(post.get("version", "")) or 0,
        )

    @property
    def wishes(self) -> Wishes:
        return Wishes(
            name=self.name,
            url=self.url,
            events=self.events,
            channel_ids=[number_in(each) or 0 for each in self.channels],
            digest_ids=[number_in(each) or 0 for each in self.digests],
            batched=self.batched,
            with_addresses=self.with_addresses,
        )


@require_http_methods(["GET", "HEAD", "POST"])
@proved
def new(request: HttpRequest) -> HttpResponse:
    """Make one; its secret stands on the answer and nowhere else."""
    if request.method != "POST":
        return _page(request, None, Form())
    form, user = Form.sent(request.POST), user_of(request)
    try:
        endpoint, secret = endpoints.create(
            form.wishes, user=user, held=api_keys.held_by(user), now=clock.now()
        )
    except UserError as error:
        return _page(request, None, form, error=error, status=422)
    return show(request, "desk/hooks/made.html", {"endpoint": endpoint, "secret": secret, "is_new": True})


@require_http_methods(["GET", "HEAD", "POST"])
@proved
def edit(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Change one that is there."""
    endpoint = get_object_or_404(endpoints.shown(), pk=endpoint_id)
    if request.method != "POST":
        return _page(request, endpoint, Form.of(endpoint))
    form, user = Form.sent(request.POST), user_of(request)
    try:
        saved = endpoints.change(
            endpoint.pk, form.wishes, user=user, held=api_keys.held_by(user), version=form.version
        )
    except Stale as error:
        endpoint.refresh_from_db()
        return _page(request, endpoint, form, error=error, status=409)
    except UserError as error:
        return _page(request, endpoint, form, error=error, status=422)
    messages.success(request, _("%(name)s was saved.") % {"name": saved.name})
    return redirect("desk:webhook", endpoint.pk)


def _page(
    request: HttpRequest,
    endpoint: Endpoint | None,
    form: Form,
    *,
    error: UserError | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "endpoint": endpoint,
        "form": form,
        "error": error,
        "stale": status == 409,
        "kinds": [
            (kind, kinds.MEANINGS[kind], [f"{kind}.{state}" for state in states])
            for kind, states in kinds.KINDS.items()
        ],
        "channels": Channel.objects.order_by("name"),
        "digests": Digest.objects.order_by("slug"),
        "may_tell_addresses": user_of(request).has_perm(SEE_ADDRESSES),
    }
    return show(request, "desk/hooks/form.html", context, status=status)
