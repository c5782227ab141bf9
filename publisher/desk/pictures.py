"""Pictures in the desk: what a post's page says of them, and the address that shows a stored one to staff."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from publisher.core.errors import Rejected, Retry
from publisher.items.models import Item
from publisher.social import picturing
from publisher.social.media.fitting import Fitted, fitted
from publisher.social.media.shown import Shown
from publisher.social.models import ItemPicture, Post, StoredPicture
from publisher.social.networks.base import PictureLimits

SMALL = PictureLimits(most=1, max_bytes=300_000, max_side=960, types=frozenset({"image/jpeg", "image/png"}))
FOCUSES: tuple[tuple[str, str, tuple[float, float] | None], ...] = (
    ("", "The middle", None),
    ("top", "The top", (0.0, 0.7)),
    ("bottom", "The bottom", (0.0, -0.7)),
    ("left", "The left", (-0.7, 0.0)),
    ("right", "The right", (0.7, 0.0)),
)
"""The point that no crop may lose, as a person chooses it: value, label, and what networks are told."""


@require_GET
def show_picture(request: HttpRequest, digest: str) -> HttpResponse:  # noqa: ARG001 - a view
    """A stored picture, made small. Under its address it never changes, so browsers may keep it."""
    if not StoredPicture.objects.filter(pk=digest).exists():
        raise Http404
    try:
        small = _small(digest)
    except Rejected as error:
        raise Http404 from error
    except Retry as error:
        return HttpResponse(error.reason, status=503, content_type="text/plain; charset=utf-8")
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return HttpResponse(small.data, content_type=small.type, headers=headers)


@lru_cache(maxsize=32)
def _small(digest: str) -> Fitted:
    return fitted(digest, SMALL)


@dataclass(frozen=True)
class Row:
    """A picture of a post as the page shows it. `alt` is what was typed last, saved or not."""

    number: int
    picture: Shown
    alt: str
    focus: str
    stored: StoredPicture | None


def panel(post: Post, request: HttpRequest) -> dict[str, Any] | None:
    """What the page says of the post's pictures; None where the network takes none."""
    limits = picturing.limits_of(post.channel)
    if limits is None:
        return None
    own = own_picture(post.item)
    return {
        "rows": _rows(post, request),
        "limits": limits,
        "own": own,
        "waits": picturing.waits(post.pictures),
        "is_left_out": bool(post.item.image_url) and not any(each["url"] for each in post.pictures),
        "refused": own if own and own.state == ItemPicture.State.REFUSED else None,
        "has_room": len(post.pictures) < limits.most,
        "focuses": [(value, label) for value, label, _point in FOCUSES],
        "alt_required": post.channel.alt_required,
        "new_alt": request.POST.get("alt", "") if request.POST and "number" not in request.POST else "",
    }


def own_picture(item: Item) -> ItemPicture | None:
    """How far the item's present picture is; None when nobody asked for it yet."""
    row: ItemPicture | None = getattr(item, "picture", None)
    return row if row and row.url == item.image_url else None


def _rows(post: Post, request: HttpRequest) -> list[Row]:
    typed = request.POST.get("alt") if request.POST.get("number", "").isdigit() else None
    shown: list[Shown] = post.pictures
    stored = StoredPicture.objects.in_bulk([each["digest"] for each in shown if each["digest"]])
    return [
        Row(
            number,
            each,
            typed if typed is not None and request.POST["number"] == str(number) else each["alt"],
            focus_name(each["focus"]),
            stored.get(each["digest"]),
        )
        for number, each in enumerate(shown)
    ]


def focus_name(focus: list[float] | None) -> str:
    """The choice that this point is, or the middle."""
    return next((value for value, _label, point in FOCUSES if point and list(point) == focus), "")


def focus_point(name: str) -> tuple[float, float] | None:
    """The point of a choice; None for the middle."""
    return next((point for value, _label, point in FOCUSES if value == name), None)
