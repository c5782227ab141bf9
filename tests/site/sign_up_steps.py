"""What the tests of the sign-up page do: fill in the form as a person, and find the link of the mail."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from publisher.audience import tokens
from publisher.audience.models import SignUp
from publisher.audience.signing_up import stamps
from publisher.core import clock
from publisher.digests.models import Digest
from tests.builders import a_digest

ADDRESS = "ilse@example.net"


def an_open_digest(**given: Any) -> Digest:
    return a_digest(
        **{"open_to_all": True, "about": {"en": "What farmers learned.", "zh": "农民学到了什么。"}, **given}
    )


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def filled_in(path: str = "/subscribe", *, seconds: float = 20, **fields: Any) -> dict[str, Any]:
    """The form of a page, as a person sends it who took so long."""
    page = Client().get(path).content.decode()
    made = clock.now() - timedelta(seconds=seconds)
    return {**hidden(page), "stamp": stamps.write(made), "email": ADDRESS, **fields}


def send(
    path: str = "/subscribe", *, visitor: str = "192.0.2.7", headers: Any = None, **fields: Any
) -> HttpResponse:
    """Fill in a page's form and send it, as a browser does that has no cookies."""
    browser = Client(enforce_csrf_checks=True, REMOTE_ADDR=visitor)
    response: Any = browser.post(path, filled_in(path, **fields), headers=headers or {})
    return response  # type: ignore[no-any-return]  # what the test client gives is one


def press(link: str, **fields: Any) -> HttpResponse:
    """Open the page behind a link and press its button, with what is on it."""
    shown = re.findall(r'name="digest" value="(\d+)"', Client().get(link).content.decode())
    response: Any = Client(enforce_csrf_checks=True).post(link, {"digest": shown, **fields})
    return response  # type: ignore[no-any-return]  # what the test client gives is one


def link_of(row: SignUp) -> str:
    return f"/c/{tokens.write(tokens.Purpose.CONFIRM, tokens.NOBODY, row.pk)}"
