"""Digests: the list, read only in this form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.desk.page import show
from publisher.digests.due import timing_of
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
            "next": next_due(timing_of(digest), now) if _has_rhythm(digest) else None,
            "last": _last(digest),
            "kinds": [str(Kind(kind).label) for kind in digest.kinds if kind in Kind.values],
            "topics": Topic.objects.filter(pk__in=digest.topics) if digest.topics else [],
        }
        for digest in Digest.objects.order_by("slug")
    ]
    return show(request, "desk/digests.html", {"rows": rows})


def _has_rhythm(digest: Digest) -> bool:
    return digest.enabled and digest.layout == Digest.Layout.DIGEST


def _last(digest: Digest) -> Edition | None:
    return digest.editions.exclude(state=Edition.State.EMPTY).order_by("-due_at").first()
