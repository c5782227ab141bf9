"""PUBLISHER_MAIL, read without connecting to anything: where mail goes, or what is wrong with the setting in one sentence.

No error repeats what may be a secret.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from publisher.core.errors import UserError
from publisher.core.marking import gettext_noop as _
from publisher.delivery.email.providers.table import PROVIDERS
from publisher.delivery.email.providers.url import Account, parse_provider_url
from publisher.delivery.email.smtp.url import PORTS, MailServer, parse_mail_url

NAME: Final = "PUBLISHER_MAIL"
SCHEMES: Final = (*PORTS, *PROVIDERS)
EXAMPLE: Final = "Example: smtp://user:password@mail.example.org:587"
OTHERS: Final = (
    f"{EXAMPLE}. A provider has its own form, such as mailgun://API_KEY@mg.example.org: docs/mail-servers.md."
)
_OF_OTHERS = frozenset(("http", "https", "imap", "imaps", "mailto", "pop3", "pop3s", "ssl", "tls"))
"""What may be repeated of a wrong scheme, besides what is close to a right one: anything else may be a key."""
_ONE_SLASH = re.compile(r"([a-z]{2,10}):/?(?!/)")


def read(text: str) -> MailServer | Account:
    """What the setting names. Raises UserError that names the setting, what is wrong with it, and a form that is right."""
    try:
        return _read(text.strip())
    except UserError as error:
        told = error.message[:1].lower() + error.message[1:]
        hint = error.hint.replace("Example: ", f"Example: {NAME}=")
        raise UserError(_("%(name)s cannot be used: %(told)s") % {"name": NAME, "told": told}, hint) from None


def problem(text: str) -> UserError | None:
    """What is wrong with the setting; None when it can be read, and when it is empty."""
    try:
        if text:
            read(text)
    except UserError as error:
        return error
    return None


def scheme_of(text: str) -> str:
    """What stands before ://, in small letters; empty where nothing does."""
    return text.strip().partition("://")[0].lower() if "://" in text else ""


def _read(text: str) -> MailServer | Account:
    scheme = scheme_of(text)
    if scheme in PORTS:
        return parse_mail_url(text)
    if scheme in PROVIDERS:
        return parse_provider_url(text)
    begun = _ONE_SLASH.match(text.lower())
    if begun and begun[1] in SCHEMES:
        raise UserError(
            _("It has to begin with %(value)s://, with a colon and two slashes.") % {"value": begun[1]},
            _hint(begun[1]),
        )
    if scheme in _OF_OTHERS:
        raise UserError(
            _("It begins with %(scheme)s://, which is no way to send mail.") % {"scheme": scheme}, OTHERS
        )
    if scheme and (meant := get_close_matches(scheme, SCHEMES, n=1)):
        raise UserError(
            _("It begins with %(scheme)s:// where %(value)s:// may be meant.")
            % {"scheme": scheme, "value": meant[0]},
            _hint(meant[0]),
        )
    raise UserError(_("It does not begin with a way to send mail, such as smtp:// or smtps://."), OTHERS)


def _hint(scheme: str) -> str:
    if scheme in PROVIDERS:
        return f"Example: {PROVIDERS[scheme].example}"
    return EXAMPLE.replace("smtp://", f"{scheme}://").replace(":587", ":465" if scheme == "smtps" else ":587")
