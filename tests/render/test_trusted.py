"""Our own template files: an error in one names file and line."""

from __future__ import annotations

import pytest

from publisher.render.failure import TemplateFailure
from publisher.render.trusted import render_file


def test_a_missing_file_is_named() -> None:
    with pytest.raises(TemplateFailure, match="there is no template"):
        render_file("email/none.txt.j2", {})


def test_a_missing_value_is_named_with_file_and_line() -> None:
    with pytest.raises(TemplateFailure) as caught:
        render_file("email/digest.txt.j2", {})
    assert (caught.value.template, caught.value.line) == ("email/digest.txt.j2", 2)
    assert "'view' is undefined" in caught.value.message


def test_an_error_in_a_part_is_blamed_on_the_part() -> None:
    with pytest.raises(TemplateFailure) as caught:
        render_file("email/_item.txt.j2", {"view": object(), "item": object()})
    assert caught.value.template == "email/_item.txt.j2"
    assert caught.value.line == 1
