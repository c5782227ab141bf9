"""Pictures in the desk: what a post's page says of them, and the address that shows a stored one to staff."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from publisher.core.errors import Rejected, Retry
from publisher.items.models import Item
from publisher.social import picturing
from publisher.social.media.fitting import Fitted, fitted
from publisher.social.media.shown import Shown
from publisher.social.models import ItemPicture, Post, StoredPicture
from publisher.social.networks.base import PictureLimits
from publisher.social.saving import Described

SMALL = PictureLimits(most=1, max_bytes=300_000, max_side=960, types=frozenset({"image/jpeg", "image/png"}))
FOCUSES: tuple[tuple[str, str | Promise, tuple[float, float] | None], ...] = (
    ("", gettext_lazy("The middle"), None),
    ("top", gettext_lazy("The top"), (0.0, 0.7)),
    ("bottom", gettext_lazy("The bottom"), (0.0, -0.7)),
    ("left", gettext_lazy("The left"), (-0.7, 0.0)),
    ("right", gettext_lazy("The right"), (0.7, 0.0)),
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


def panel(post: Post, typed: Mapping[int, tuple[str, str]], new_alt: str = "") -> dict[str, Any] | None:
    """What the page says of the post's pictures; None where the network takes none. `typed`: what a person wrote last of
    each, and chose as its focus, saved or not."""
    limits = picturing.limits_of(post.channel)
    if limits is None:
        return None
    own = own_picture(post.item)
    return {
        "rows": _rows(post, typed),
        "limits": limits,
        "own": own,
        "waits": picturing.waits(post.pictures),
        "is_left_out": bool(post.item.image_url) and not any(each["url"] for each in post.pictures),
        "refused": own if own and own.state == ItemPicture.State.REFUSED else None,
        "has_room": len(post.pictures) < limits.most,
        "focuses": [(value, label) for value, label, _point in FOCUSES],
        "alt_required": post.channel.alt_required,
        "new_alt": new_alt,
    }


def own_picture(item: Item) -> ItemPicture | None:
    """How far the item's present picture is; None when nobody asked for it yet."""
    row: ItemPicture | None = getattr(item, "picture", None)
    return row if row and row.url == item.image_url else None


def _rows(post: Post, typed: Mapping[int, tuple[str, str]]) -> list[Row]:
    shown: list[Shown] = post.pictures
    stored = StoredPicture.objects.in_bulk([each["digest"] for each in shown if each["digest"]])
    return [
        Row(
            number,
            each,
            *typed.get(number, (each["alt"], focus_name(each["focus"]))),
            stored=stored.get(each["digest"]),
        )
        for number, each in enumerate(shown)
    ]


def typed_of(data: QueryDict) -> dict[int, tuple[str, str]]:
    """What a form says of each picture, and its focus, by the picture's number."""
    numbers = [int(found[1]) for name in data if (found := re.fullmatch(r"alt-(\d{1,2})", name))]
    return {number: (data.get(f"alt-{number}", ""), data.get(f"focus-{number}", "")) for number in numbers}


def as_stored(post: Post) -> dict[int, tuple[str, str]]:
    """The same as it is stored."""
    return {n: (each["alt"], focus_name(each["focus"])) for n, each in enumerate(post.pictures)}


def focus_name(focus: list[float] | None) -> str:
    """The choice that this point is, or the middle."""
    return next((value for value, _label, point in FOCUSES if point and list(point) == focus), "")


def focus_point(name: str) -> tuple[float, float] | None:
    """The point of a choice; None for the middle."""
    return next((point for value, _label, point in FOCUSES if value == name), None)


def described_in(post: Post, typed: Mapping[int, tuple[str, str]]) -> dict[int, Described]:
    """What is typed of each picture, to be saved. A point that is none of the choices (the API can set any) stays as it is, as
    long as nobody chooses another."""
    found = {}
    for number, (alt, name) in typed.items():
        stored = post.pictures[number]["focus"] if number < len(post.pictures) else None
        focus = stored if name == focus_name(stored) else focus_point(name)
        found[number] = Described(alt.replace("\r\n", "\n"), focus)
    return found
