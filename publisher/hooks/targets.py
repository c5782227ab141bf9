"""Which addresses may be told: https, or what PUBLISHER_FETCH_ALLOW names; never one of a private network."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from publisher.core.errors import Rejected, Retry, UserError
from publisher.core.fetch import checked_address
from publisher.social.networks.wire import time_left

LONGEST = 2000


def checked(url: str) -> str:
    """The address, trimmed. Raises UserError for one that nothing will ever be sent to.

    Where its name leads is looked at with each request: that may change.
    """
    url = url.replace("\0", "").strip()
    hint = _("Write the whole address of the program that shall be told, such as https://example.org/hook.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UserError(_("The address cannot be read."), hint) from None
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST or not host:
        raise UserError(_("The address cannot be read."), hint)
    if parts.scheme not in ("http", "https"):
        raise UserError(_("The address must begin with https://."), hint)
    if parts.username is not None or parts.fragment:
        raise UserError(
            _("The address must hold no user name and no part after #."),
            _("The receiver knows us by the signature."),
        )
    named = f"{host}:{port or (443 if parts.scheme == 'https' else 80)}"
    if parts.scheme == "http" and named not in settings.FETCH_ALLOW:
        raise UserError(
            _("The address must begin with https://."),
            _("For one of your own network, add %(host)s to PUBLISHER_FETCH_ALLOW.") % {"host": named},
        )
    _refuse_private(host, port or 443, named)
    return url


def host_of(url: str) -> str:
    """What of an address may stand in a log: the rest may hold a token."""
    return urlsplit(url).hostname or ""


def _refuse_private(host: str, port: int, named: str) -> None:
    """An address that is a number can be judged at once."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return
    try:
        checked_address(host, port, settings.FETCH_ALLOW, until=time_left(5))
    except (Rejected, Retry):
        raise UserError(
            _("The address is one of a private network."),
            _("If it is meant, add %(host)s to PUBLISHER_FETCH_ALLOW.") % {"host": named},
        ) from None
