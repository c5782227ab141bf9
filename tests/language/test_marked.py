"""Every text for people is marked for gettext: one that is not is shown in English to everybody."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.language.unmarked import Found, bare_texts, in_python, in_templates, in_the_desk


@pytest.mark.parametrize("finder", [in_templates, in_python, in_the_desk])
def test_no_text_for_people_is_unmarked(finder: Callable[[], Iterator[Found]]) -> None:
    found = "\n".join(map(str, finder()))
    assert not found, f"Mark these for gettext:\n{found}"


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ('said = "Nothing was changed."', ["Nothing was changed."]),
        ('said = f"{n} mails are waiting"', [" mails are waiting"]),
        ('said = _("Nothing was changed.")', []),
        ('said = ngettext("%(num)s mail", "%(num)s mails", n)', []),
        ('log.info("nothing was changed")', []),
        ('"""What this module is for."""', []),
        ('path("items/new", view)', []),
    ],
)
def test_a_text_is_found_by_how_it_reads(code: str, texts: list[str]) -> None:
    assert list(bare_texts(ast.parse(code))) == texts
