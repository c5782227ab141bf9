"""MJML: our templates hold nothing that MJML would drop in silence, and errors name a line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher.render.digest import template_source
from publisher.render.failure import TemplateFailure
from publisher.render.mjml import compile_mjml, lint
from tests.render.samples import a_digest, an_item

DOCUMENT = "<mjml>\n<mj-body>\n<mj-section><mj-column>\n{}\n</mj-column></mj-section>\n</mj-body>\n</mjml>"


@pytest.mark.parametrize("name", ["digest", "alert"])
@pytest.mark.parametrize("language", ["en", "zh-Hans", "ar", "he", "fr"])
def test_our_templates_are_clean(name: str, language: str) -> None:
    view = replace(a_digest("en"), language=language)
    assert lint(template_source(name, view)) == []


def test_hostile_items_leave_the_document_well_formed() -> None:
    item = an_item(title="</mj-text><mj-foo> & < > \" ' \x0b", url="https://e.org/?a=1&b=\"'<>")
    assert lint(template_source("digest", a_digest(items=(item,)))) == []


def test_an_unknown_tag_is_named_with_its_line() -> None:
    assert lint(DOCUMENT.format("<mj-txt>a</mj-txt>")) == ["line 4: no tag <mj-txt>"]


def test_a_tag_left_open_is_named_with_its_line() -> None:
    assert lint(DOCUMENT.format("<mj-text>a"))[0].startswith("line 5: mismatched tag")


def test_an_error_of_the_compiler_names_template_and_line() -> None:
    with pytest.raises(TemplateFailure) as caught:
        compile_mjml("<mjml>\n<mj-body>\n<mj-section>", template="email/x.mjml.j2")
    assert caught.value.template == "email/x.mjml.j2"
    assert caught.value.line == 3
    assert "MJML" in caught.value.message


@pytest.mark.parametrize("source", ["", "plain", "<mjml", "<html></html>"])
def test_what_is_no_mjml_is_an_error_of_the_template(source: str) -> None:
    with pytest.raises(TemplateFailure, match="email/x"):
        compile_mjml(source, template="email/x.mjml.j2")
