"""Middleware: for the list of sessions it is noted which browser used the desk last, and from where."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from publisher.core import clock
from publisher.core.visitor import visitor
from publisher.people import sessions

DESK = "/desk/"


class SeenSessions:
    """Notes after the answer: a login has its new session by then, and a logout has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = request.session.session_key if request.path.startswith(DESK) else None
        if key and isinstance(request.user, User):
            who = visitor(request, proxies=settings.ENVIRONMENT.proxies)
            agent = request.headers.get("User-Agent", "")
            sessions.note(request.user, key, address=who.address, agent=agent, now=clock.now())
        return response
