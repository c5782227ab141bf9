"""Digests: the list, and where readers sign up for each."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.desk.language_names import language_name
from publisher.desk.page import show
from publisher.digests import readers, signing_up
from publisher.digests.covered import timing_of
from publisher.digests.models import Digest, Edition
from publisher.items.models import Kind, Topic
from publisher.schedule.windows import next_due


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Each digest with its rhythm, what it holds, its last and its next edition."""
    now = clock.now()
    rows = [
        {
            "digest": digest,
            "next": next_due(timing_of(digest), now) if digest.enabled and digest.has_dates else None,
            "last": _last(digest),
            "segment": readers.name_of(digest.segment),
            "kinds": [str(Kind(kind).label) for kind in digest.kinds if kind in Kind.values],
            "topics": Topic.objects.filter(pk__in=digest.topics) if digest.topics else [],
        }
        for digest in Digest.objects.order_by("slug")
    ]
    return show(request, "desk/digests/digests.html", {"rows": rows})


@require_GET
def sign_up(request: HttpRequest, digest_id: int) -> HttpResponse:
    """Where readers sign up for a digest, and the form that other sites may copy, in each language."""
    digest = get_object_or_404(Digest, pk=digest_id)
    context = {
        "digest": digest,
        "address": f"{settings.BASE_URL}{reverse('site:sign-up-one', args=[digest.slug])}",
        "forms": [
            (tag, language_name(tag), signing_up.snippet(digest, tag, base_url=settings.BASE_URL).rstrip())
            for tag in signing_up.WORDS
        ],
    }
    return show(request, "desk/digests/sign_up.html", context)


def _last(digest: Digest) -> Edition | None:
    return digest.editions.exclude(state=Edition.State.EMPTY).order_by("-due_at").first()
