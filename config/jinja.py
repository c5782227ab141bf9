"""The Jinja2 environment of the desk's and site's pages."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined

from publisher.core import clock


def environment(**options: Any) -> Environment:
    """Autoescaped (Django's backend turns it on), with strict names: a misspelt variable is an error, not a blank."""
    env = Environment(**{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True})
    env.globals.update(static=static, url=_url, now=clock.now)
    return env


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args or None, kwargs=kwargs or None)
