"""Language tags and the guess by script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.items.languages import guess_language, normalise_tag


@pytest.mark.parametrize(
    ("tag", "normal"),
    [
        ("EN", "en"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("pt_br", "pt-BR"),
        ("es-419", "es-419"),
        ("iw", "he"),
        ("sl-rozaj", "sl-rozaj"),
        ("cn", None),
        ("english", None),
        ("x-secret", None),
        ("", None),
        ("en-", None),
        ("e", None),
        ("en-US-" + "x" * 40, None),
    ],
)
def test_tags_are_normalised_or_refused(tag: str, normal: str | None) -> None:
    assert normalise_tag(tag) == normal


@pytest.mark.parametrize(
    ("text", "default", "guess"),
    [
        ("Two valleys share a spring", "en", "en"),
        ("Deux vallées", "fr", "fr"),
        ("两条山谷共用一眼泉水", "en", "zh"),
        ("两条山谷共用一眼泉水", "zh-Hans", "zh-Hans"),
        ("世卫组织 WHO 今天发布了报告", "en", "zh"),
        ("The WHO (世卫) said on Monday that", "en", "en"),
        ("Two valleys share a spring", "zh", "en"),
        ("ふたつの谷がひとつの泉を分ける", "en", "ja"),
        ("Две долины делят один источник", "uk", "uk"),
        ("واديان يتقاسمان نبعا واحدا", "en", "ar"),
        ("2025", "fr", "fr"),
    ],
)
def test_the_script_decides_and_the_default_breaks_ties(text: str, default: str, guess: str) -> None:
    assert guess_language(text, default) == guess


@given(st.text(max_size=50))
def test_a_normal_tag_is_normal(tag: str) -> None:
    normal = normalise_tag(tag)
    assert normal is None or normalise_tag(normal) == normal
