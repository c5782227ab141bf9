"""The desk speaks each of its languages whole: every text is marked, translated, and keeps its places."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.utils.translation import to_locale

from tests.language import catalogue

_PLACE = re.compile(r"%\((\w+)\)[sd]|%%")


def test_every_language_of_the_desk_has_a_catalogue() -> None:
    spoken = {to_locale(code) for code, _name in settings.LANGUAGES}
    assert spoken == {"en", *catalogue.LANGUAGES}


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_text_of_the_desk_is_translated_and_none_that_is_gone_is_kept(language: str) -> None:
    wanted = {(message.id, message.context) for message in catalogue.gathered() if message.id}
    kept = {(message.id, message.context): message for message in catalogue.kept(language) if message.id}
    assert wanted == set(kept), "run `make messages`, then translate what is new"
    assert [message.id for message in kept.values() if message.fuzzy or not _texts(message)] == []


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    wrong = [message.id for message in catalogue.kept(language) if message.id and not _same_places(message)]
    assert not wrong


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    compiled = catalogue.path_of(language, "mo").read_bytes()
    assert compiled == catalogue.compiled(catalogue.kept(language)), "run `make messages`"


def _texts(message: Message) -> bool:
    """Whether every form of it is given."""
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _same_places(message: Message) -> bool:
    """A plural's singular may leave its number out; a translation may not invent a place."""
    asked = message.id if isinstance(message.id, tuple) else (message.id,)
    given = message.string if isinstance(message.string, tuple) else (message.string,)
    most = {place for text in asked for place in _PLACE.findall(text)}
    least = set.intersection(*({*_PLACE.findall(text)} for text in asked))
    return all(not text or least <= {*_PLACE.findall(text)} <= most for text in given)
