"""The words of the public pages: each language says all of it, and fills in the same."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from django.test import Client

from publisher import desk
from publisher.site.words import LANGUAGE_NAMES, WORDS


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", sorted(WORDS))
def test_each_language_has_the_same_keys_and_fills_in_the_same(language: str) -> None:
    words = WORDS[language]
    assert {key: places(text) for key, text in words.items()} == {
        key: places(text) for key, text in WORDS["en"].items()
    }
    assert all(text.strip() == text and text for text in words.values())
    assert language in LANGUAGE_NAMES


@pytest.mark.parametrize(("language", "script"), [("zh", r"[一-鿿]"), ("ar", r"[ء-ي]")])
def test_each_text_is_in_its_own_script(language: str, script: str) -> None:
    assert [key for key, text in WORDS[language].items() if not re.search(script, text)] == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("ar-EG,en;q=0.5", 'lang="ar" dir="rtl"'),
        ("zh-CN", 'lang="zh-Hans" dir="ltr"'),
        ("ru", 'lang="en" dir="ltr"'),
    ],
)
def test_a_page_says_its_language_and_its_direction(db: None, asked: str, said: str) -> None:
    assert said in Client().get("/", headers={"Accept-Language": asked}).content.decode()


def test_what_every_public_page_is_styled_by_turns_with_the_direction() -> None:
    """Sides are those of the text, not of the window: `inset-inline-start`, not `left`."""
    css = (Path(desk.__file__).parent / "assets/desk.css").read_text(encoding="utf-8")
    physical = re.compile(
        r"(?:margin|padding|border)-(?:left|right)\b|(?<![-\w])(?:left|right):|(?:align|float): *(?:left|right)\b"
    )
    assert physical.findall(css) == []
