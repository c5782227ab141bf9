"""Pictures onto Facebook, before the post that shows them. They are uploaded unpublished: nobody sees one that no post shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from publisher.core.errors import Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.facebook.rules import PICTURES
from publisher.social.networks.facebook.wire import Graph
from publisher.social.networks.wire import File

LEFT_TO_PUBLISH = 21.0
"""Seconds that must be left after the uploads: less, and the post would be given up while Facebook makes it."""


def uploaded(graph: Graph, pictures: Sequence[Mapping[str, Any]]) -> list[str]:
    """Their ids, in order. Raises `Retry`, `Rejected`, `ChannelDown`; never `Unknown`, for nothing is published."""
    if not pictures:
        return []
    with publishes_nothing():
        ids = [_upload(graph, picture, number) for number, picture in enumerate(pictures)]
    _check_time(graph)
    return ids


def _upload(graph: Graph, picture: Mapping[str, Any], number: int) -> str:
    from publisher.social.media.fitting import fitted  # noqa: PLC0415 - Pillow, which mail workers do without

    made = fitted(str(picture["digest"]), PICTURES)
    _check_time(graph)
    file = File(f"picture{number}.{made.type.rpartition('/')[2]}", made.data, made.type)
    alt = str(picture.get("alt") or "")
    fields = {"published": "false", **({"alt_text_custom": alt} if alt else {})}
    answer = graph.ask("POST", f"/{graph.page}/photos", fields, file=file)
    found = answer.get("id")
    if not isinstance(found, str) or not found.isascii() or not found.isdigit():
        raise Unknown(gettext_noop("Facebook's answer names no picture."))
    return found


def _check_time(graph: Graph) -> None:
    if graph.left < LEFT_TO_PUBLISH:
        raise Retry(gettext_noop("Facebook took the pictures too slowly; nothing was published."))
