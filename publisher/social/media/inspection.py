"""What somebody handed in for a picture: its kind by its content and its size, or why it is none. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.media.fitting import FORMATS, opened


@dataclass(frozen=True)
class Inspected:
    """`type` such as image/jpeg; width and height in pixels, as it is shown."""

    type: str
    width: int
    height: int


def inspected(data: bytes) -> Inspected:
    """Look at the bytes. Raises `Rejected` with what is wrong with them."""
    picture = _looked_at(data)
    return Inspected(FORMATS[picture.format or ""], *_shown_size(picture))


def _looked_at(data: bytes) -> Image.Image:
    """Says what it is instead, where it is what people often hand in for a picture."""
    try:
        return opened(data)
    except Rejected:
        head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if b"<svg" in head and head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")):
            raise Rejected(
                gettext_noop("It is an SVG drawing, which networks do not take: use JPEG, PNG, GIF or WebP.")
            ) from None
        if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
            raise Rejected(gettext_noop("It is a web page, and no picture.")) from None
        raise


def _shown_size(picture: Image.Image) -> tuple[int, int]:
    """Width and height, turned upright."""
    sideways = picture.getexif().get(0x0112) in (5, 6, 7, 8)
    return (picture.height, picture.width) if sideways else picture.size
