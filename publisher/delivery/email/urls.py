"""Reading addresses such as `smtp://user:password@host?option=value`: what SMTP's and the providers' have in common.

No error repeats what may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.utils.translation import gettext as _

from publisher.core.errors import UserError

ENCODE: Final = "In user and password write / as %2F, # as %23, ? as %3F and @ as %40. "
_NO_HOST = re.compile(r"[\s,;\"'<>\\|`{}()]")
_OPTION_NAME = re.compile(r"[a-z_]{1,20}\Z")


def split(text: str, hint: str) -> SplitResult:
    """The parts of an address that ends after its host and options. Raises UserError."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:  # its text may hold a piece of the password
        raise UserError(
            _("The address of the mail server has no readable host and port."), ENCODE + hint
        ) from None
    if port == 0:
        raise UserError(_("The address of the mail server names port 0."), hint)
    if _NO_HOST.search(parts.hostname or ""):
        raise UserError(_("The address of the mail server names a host that cannot be one."), ENCODE + hint)
    if parts.path not in ("", "/") or parts.fragment:
        raise UserError(
            _("The address of the mail server ends after the host and its options."), ENCODE + hint
        )
    return parts


def login(parts: SplitResult) -> tuple[str, str]:
    """User and password, decoded; empty where missing."""
    return unquote(parts.username or ""), unquote(parts.password or "")


def options(parts: SplitResult, known: Mapping[str, Collection[str]], hint: str) -> dict[str, str]:
    """The options. `known`: by name the values that each may have; any text where there are none. Raises UserError."""
    found = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "@" in parts.query and not parts.username:
        # What stands before the @ may be a password with a ? in it.
        raise UserError(_("The address of the mail server has a ? before its host."), ENCODE + hint)
    for name, value in found.items():
        if name not in known:
            named = f" {name!r}" if _OPTION_NAME.match(name) else " of that name"
            raise UserError(
                _("The mail server has no option%(named)s: it knows %(known)s.")
                % {"named": named, "known": ", ".join(known)},
                hint,
            )
        if known[name] and value not in known[name]:
            raise UserError(
                _("The option %(name)s of the mail server is one of %(names)s.")
                % {"name": name, "names": ", ".join(known[name])},
                hint,
            )
        if not value:
            raise UserError(_("The option %(name)s of the mail server is empty.") % {"name": name}, hint)
    return found
