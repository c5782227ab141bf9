"""Anymail's backends: one is made for each session, from the account's address and nothing else."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailNotSupportedWarning
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.delivery.email.providers.url import Account


def backend_of(account: Account, timeout: tuple[float, float]) -> Any:
    """The backend for an account. Raises UserError when a package is missing, or a setting cannot be."""
    provider = account.provider
    settings = dict(account.settings)
    if "client_params" in settings:
        connect, read = timeout
        params = settings["client_params"]
        config = {**params["config"], "connect_timeout": connect, "read_timeout": read}
        settings["client_params"] = {**params, "config": config}
    else:
        settings["timeout"] = timeout
    try:
        with warnings.catch_warnings():
            # Anymail has no account at SendGrid any more to test with, and says so every time; docs/mail-servers.md says it once.
            warnings.simplefilter("ignore", AnymailNotSupportedWarning)
            return import_string(f"anymail.backends.{provider.backend}.EmailBackend")(**settings)
    except ImportError:
        raise UserError(
            _("%(name)s needs a package that is not installed.") % {"name": provider.name},
            _("Install boto3 (`pip install boto3`, or the extra `publisher[ses]`), and start again."),
        ) from None
    except AnymailConfigurationError as error:
        raise UserError(
            _("The address of %(name)s cannot be used: %(error)s") % {"name": provider.name, "error": error},
            provider.example,
        ) from None


def open_backend(backend: Any) -> None:
    """Open its connections, where they are not. An API that has moved is not followed with our key."""
    if backend.open() and (session := getattr(backend, "session", None)):
        session.max_redirects = 0


def opening_errors() -> tuple[type[Exception], ...]:
    """What opening a backend may raise: boto3's errors, when it is there, and those of a malformed address."""
    ses = sys.modules.get("anymail.backends.amazon_ses")
    return (*getattr(ses, "BOTO_BASE_ERRORS", ()), ValueError)
