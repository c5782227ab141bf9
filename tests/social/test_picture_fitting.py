"""A stored picture made what a network takes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from publisher.social.media import store
from publisher.social.media.fitting import Fitted, fitted
from publisher.social.networks.base import PictureLimits

LIMITS = PictureLimits(most=1, max_bytes=50_000, max_side=400)


@pytest.fixture(autouse=True)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    request.getfixturevalue("settings").MEDIA_ROOT = tmp_path / "media"


def fit(picture: Image.Image, kind: str, limits: PictureLimits = LIMITS, **options: Any) -> Fitted:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return fitted(store.put(out.getvalue()), limits)


def test_what_is_transparent_stays_so_where_the_network_takes_it() -> None:
    assert fit(Image.new("RGBA", (64, 64), (200, 0, 0, 90)), "PNG").type == "image/png"
    jpeg_only = PictureLimits(most=1, max_bytes=50_000, types=frozenset({"image/jpeg"}))
    made = fit(Image.new("RGBA", (64, 64), (200, 0, 0, 0)), "PNG", jpeg_only)
    assert made.type == "image/jpeg"
    assert Image.open(io.BytesIO(made.data)).getpixel((5, 5)) == (255, 255, 255)


def test_a_channel_for_transparency_that_nothing_uses_is_dropped() -> None:
    assert fit(Image.new("RGBA", (64, 64), (200, 0, 0, 255)), "PNG").type == "image/jpeg"


def test_an_animation_goes_as_it_is_or_as_its_first_frame() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    options = {"save_all": True, "append_images": frames[1:], "duration": 100}
    gifs = PictureLimits(most=1, max_bytes=50_000, types=frozenset({"image/gif", "image/jpeg"}))
    assert fit(frames[0], "GIF", gifs, **options).type == "image/gif"
    still = fit(frames[0], "GIF", LIMITS, **options)
    assert still.type == "image/jpeg"
    red, _green, blue = Image.open(io.BytesIO(still.data)).convert("RGB").getpixel((9, 9))  # type: ignore[misc]  # a tuple of RGB
    assert red > 200
    assert blue < 60


@settings(max_examples=40)
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    mode=st.sampled_from(["RGB", "RGBA", "L", "P", "1", "CMYK"]),
    kind=st.sampled_from(["PNG", "JPEG", "WEBP"]),
)
def test_whatever_comes_in_what_goes_out_keeps_the_limits(
    width: int, height: int, mode: str, kind: str
) -> None:
    picture = Image.effect_noise((width, height), 80).convert(mode)
    wanted = {"PNG": "RGB" if mode == "CMYK" else mode, "JPEG": "RGB", "WEBP": "RGB"}[kind]
    made = fit(picture.convert(wanted), kind)
    opened = Image.open(io.BytesIO(made.data))
    assert len(made.data) <= LIMITS.max_bytes
    assert opened.size == (made.width, made.height)
    assert max(opened.size) <= LIMITS.max_side
    assert Image.MIME[opened.format or ""] == made.type in LIMITS.types


def test_limits_have_a_name_that_is_the_same_in_every_process() -> None:
    """Sets are in another order in each."""
    types = ("image/png", "image/jpeg", "image/gif")
    ask = f"""
from publisher.social.networks.base import PictureLimits
print(PictureLimits(1, 1, types=frozenset({types})).fingerprint)
"""
    names = {
        subprocess.run(
            [sys.executable, "-c", ask],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert names == {PictureLimits(1, 1, types=frozenset(types)).fingerprint + "\n"}
    assert names != {LIMITS.fingerprint + "\n"}
