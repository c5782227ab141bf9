"""The ways by which answers are fetched from mailboxes: one file each, which names its `WAY`. Adding a file adds a way."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from publisher.core.errors import UserError
from publisher.core.marking import gettext_noop
from publisher.feedback.ways.base import Way


@cache
def ways() -> dict[str, Way]:
    """Every way by its name, in the order of their files."""
    modules = (importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
    found = [module.WAY for module in modules if hasattr(module, "WAY")]
    return {way.name: way for way in found}


def way_of(name: str) -> Way:
    """The way of that name. Raises UserError."""
    known = ways()
    if name not in known:
        raise UserError(
            gettext_noop("There is no way to read mailboxes named %(name)s.") % {"name": name[:20]},
            gettext_noop("Known: %(names)s.") % {"names": ", ".join(known)},
        )
    return known[name]
