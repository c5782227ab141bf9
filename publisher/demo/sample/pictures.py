"""The two pictures of the sample publication, drawn: terraces under a morning sky, a lighthouse over waves. PNG, 600 × 300."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from functools import cache

WIDTH, HEIGHT = 600, 300
Colour = tuple[int, int, int]
Painter = Callable[[int, int], Colour]


def terraces(x: int, y: int) -> Colour:
    """Green steps with water channels between them, below a pale sky and a blue ridge."""
    ridge = 110 + 24 * math.sin(x / 83) + 9 * math.sin(x / 29)
    if y < ridge:
        return _between((250, 222, 178), (190, 215, 232), y / 140)
    if y < ridge + 34:
        return (96, 130, 152)
    depth = y - ridge - 34 + 10 * math.sin(x / 70 + y / 50)
    step, within = divmod(depth, 26)
    if within < 3:
        return (178, 214, 226)  # the channel
    return _between((118, 160, 84), (58, 104, 60), min(step / 6, 1))


def lighthouse(x: int, y: int) -> Colour:
    """A striped tower on a dark rock, its beam over grey waves."""
    if abs(x - 430) < 16 + (y - 70) / 14 and 70 <= y < 225:
        return (196, 68, 54) if (y - 70) // 30 % 2 else (240, 236, 228)
    if abs(x - 430) < 14 and 48 <= y < 70:
        return (252, 224, 130)
    if y > 215 + abs(x - 430) / 3:
        return (58, 60, 66)
    if y > 232 + 5 * math.sin(x / 24) + 3 * math.sin(x / 9):
        return _between((112, 130, 142), (60, 80, 98), (y - 232) / 70)
    beam = x < 416 and abs(y - 59) < (416 - x) / 9
    return _between((242, 224, 176) if beam else (206, 212, 216), (150, 164, 176), y / 260)


@cache  # drawing one takes half a second
def png(paint: Painter) -> bytes:
    """The picture as a file (PNG, 8 bits a channel, no alpha)."""
    rows = b"".join(b"\0" + bytes(part for x in range(WIDTH) for part in paint(x, y)) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _between(start: Colour, end: Colour, share: float) -> Colour:
    share = max(0.0, min(share, 1.0))
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
    return red, green, blue
