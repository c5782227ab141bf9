"""The kinds of items by name, as files, forms and the API write them. A test holds them against `models.Kind`."""

from __future__ import annotations

from typing import Literal

KindName = Literal["story", "press_release", "speech", "video", "publication", "event", "podcast", "other"]
