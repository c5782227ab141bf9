"""A stored picture as a network takes it: turned upright, without EXIF, scaled and encoded until it is small enough. Pure but
for reading the store; the same picture and limits give the same bytes, so that a repeated upload is the same upload.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageOps, UnidentifiedImageError

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.media import store
from publisher.social.networks.base import PictureLimits

MOST_PIXELS = 50_000_000
"""Of a picture that is opened at all: more is a bomb, or nothing for a network."""
QUALITIES = (90, 82, 74, 66)
SMALLER = 0.8
LEAST_SIDE = 200

FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
"""What is taken, by Pillow's name."""


@dataclass(frozen=True)
class Fitted:
    """Bytes to upload, of `type` (such as image/jpeg); width and height in pixels."""

    data: bytes
    type: str
    width: int
    height: int


@lru_cache(maxsize=16)  # a post to several channels, and a try that comes again
def fitted(digest: str, limits: PictureLimits) -> Fitted:
    """The picture for a network. Raises `Rejected` when it is not stored, is none, or cannot be made small enough."""
    try:
        data = store.get(digest)
    except store.NoSuchPicture as error:
        raise Rejected(
            gettext_noop("A picture of this post is not in the store any more: attach it again.")
        ) from error
    return fitted_bytes(data, limits)


def fitted_bytes(data: bytes, limits: PictureLimits) -> Fitted:
    """The same of a picture that is not stored. Raises `Rejected` when it is none, or cannot be made small enough."""
    picture = opened(data)
    if getattr(picture, "is_animated", False) and picture.format == "GIF":
        return _animated(data, picture, limits)
    return _still(picture, limits)


def _still(picture: Image.Image, limits: PictureLimits) -> Fitted:
    upright = ImageOps.exif_transpose(picture)
    has_alpha = _is_seen_through(upright)
    while True:
        scaled = _scaled(upright, limits)
        if has_alpha and "image/png" in limits.types:
            made = _encoded(scaled.convert("RGBA"), "PNG")
            if len(made.data) <= limits.max_bytes:
                return made
        for quality in QUALITIES:
            made = _encoded(_opaque(scaled), "JPEG", quality)
            if len(made.data) <= limits.max_bytes:
                return made
        side = int(max(scaled.size) * SMALLER)
        if side < LEAST_SIDE:
            raise Rejected(
                gettext_noop("A picture of this post cannot be made smaller than %(max_bytes)s bytes.")
                % {"max_bytes": f"{limits.max_bytes:,}"}
            )
        upright = scaled.resize(_within(scaled.size, side), Image.Resampling.LANCZOS)


def opened(data: bytes) -> Image.Image:
    """The picture, by its content and not by what it is called. Raises `Rejected`."""
    try:
        picture = Image.open(io.BytesIO(data), formats=tuple(FORMATS))
        if picture.width * picture.height > MOST_PIXELS:
            raise Rejected(
                gettext_noop("The picture has more than %(most_pixels)s million pixels.")
                % {"most_pixels": MOST_PIXELS // 1000000}
            )
        picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise Rejected(
            gettext_noop("This is no picture that can be read (JPEG, PNG, GIF or WebP).")
        ) from error
    return picture


def _animated(data: bytes, picture: Image.Image, limits: PictureLimits) -> Fitted:
    """As it is, where the network takes it so; else its first frame."""
    if "image/gif" in limits.types and len(data) <= (limits.max_gif_bytes or limits.max_bytes):
        return Fitted(data, "image/gif", picture.width, picture.height)
    picture.seek(0)
    return _still(picture.convert("RGBA"), limits)


def _is_seen_through(picture: Image.Image) -> bool:
    """Whether anything of it is transparent: many files have the channel for it and do not use it."""
    if "A" in picture.getbands():
        return picture.getchannel("A").getextrema() != (255, 255)
    return "transparency" in picture.info


def _scaled(picture: Image.Image, limits: PictureLimits) -> Image.Image:
    width, height = picture.size
    side = min(max(width, height), limits.max_side)
    if limits.max_pixels and width * height > limits.max_pixels:
        side = min(side, int(max(width, height) * (limits.max_pixels / (width * height)) ** 0.5))
    return (
        picture
        if side >= max(width, height)
        else picture.resize(_within(picture.size, side), Image.Resampling.LANCZOS)
    )


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    factor = side / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _opaque(picture: Image.Image) -> Image.Image:
    """On white: JPEG has no transparency."""
    if picture.mode in ("RGB", "L"):
        return picture
    coloured = picture.convert("RGBA")
    ground = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(ground, coloured).convert("RGB")


def _encoded(picture: Image.Image, kind: str, quality: int = 0) -> Fitted:
    out = io.BytesIO()
    # A new file: EXIF, with where the photograph was taken, and all other notes stay behind.
    # PNG without `optimize`: that took a minute and a half for 13 million pixels, a low level takes some seconds.
    options = {"quality": quality, "progressive": True} if kind == "JPEG" else {"compress_level": 3}
    picture.save(out, kind, **options)
    return Fitted(out.getvalue(), FORMATS[kind], picture.width, picture.height)
