"""The form of an entry of `Post.pictures`."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Shown(TypedDict):
    """A picture as a post shows it. `digest` is empty while it is on its way; `focus` as in `networks.base.Picture`.

    `url`: where the item's picture came from; empty for an uploaded one. `tried`: the `fingerprint` of the limits that it
    was fitted to, and `unfit` why it cannot be, or empty.
    """

    digest: str
    alt: str
    focus: list[float] | None
    url: str
    tried: NotRequired[str]
    unfit: NotRequired[str]
