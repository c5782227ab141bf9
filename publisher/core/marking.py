"""The mark of texts that are stored or logged in English, and told in another language where they are read. Pure."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """`text` itself, taken up by the catalogue: `core.told` translates it for whoever reads.

    Django's function of the name asks for the settings, which tables at the top of a module can do without.
    """
    return text
