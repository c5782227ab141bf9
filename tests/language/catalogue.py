"""The catalogue of the desk's texts: gathered from code and templates, kept as .po, compiled to .mo.

`python -m tests.language.catalogue` brings `publisher/locale` up to date (`make messages`). The .mo files are committed, so that
nobody who installs needs a compiler; a test holds them against the .po.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("zh_Hans",)
UNDATED = datetime(2026, 1, 1, tzinfo=UTC)
"""A date of its own would change the files each time that nothing else did."""
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
METHODS = [("publisher/**.py", "python"), ("config/**.py", "python"), ("templates/desk/**.html", "jinja2")]
OPTIONS = {
    "templates/desk/**.html": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true", "silent": "false"}
}


def gathered() -> Catalog:
    """Every text that is marked, with the notes for translators."""
    catalogue = Catalog(project="Publisher", charset="utf-8")
    found = extract_from_dir(
        ROOT,
        METHODS,
        OPTIONS,
        KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=lambda folder: Path(folder).name not in (".venv", "node_modules", "tests", ".git"),
    )
    for _path, _line, message, comments, context in sorted(found, key=lambda each: (each[0], each[1])):
        catalogue.add(message, auto_comments=comments, context=context)
    return catalogue


def path_of(language: str, ending: str = "po") -> Path:
    """Where Django looks for it."""
    return ROOT / "publisher" / "locale" / language / "LC_MESSAGES" / f"django.{ending}"


def kept(language: str) -> Catalog:
    """What is translated so far."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, project="Publisher", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """The .mo of a catalogue: the same bytes for the same texts."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def main() -> None:
    """Take up new texts, drop those that are gone, and write both files."""
    template = gathered()
    for language in LANGUAGES:
        catalogue = kept(language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.last_translator = catalogue.language_team = "Publisher"
        catalogue.project, catalogue.version, catalogue.msgid_bugs_address = "Publisher", "1", "-"
        catalogue.header_comment, catalogue.fuzzy = f"# The desk in {language}.", False
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue.creation_date = catalogue.revision_date = UNDATED
        with path.open("wb") as file:
            write_po(file, catalogue, no_location=True, omit_header=False, sort_output=True, width=120)
        path_of(language, "mo").write_bytes(compiled(kept(language)))
        missing = sum(1 for message in catalogue if message.id and not message.string)
        print(f"{language}: {len(catalogue)} texts, {missing} not translated")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
