"""What every HTTP request gets: a trace id, one log line, and a content security policy."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from publisher.core import trace

log = logging.getLogger("publisher.http")

Handler = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)
QUIET_PATHS = ("/healthz", "/readyz", "/metrics", "/static/", "/l/", "/o/")
"""What asks every second; and clicks and opens, since a log of who followed which link is what nobody agreed to."""


class RequestLog:
    """Binds the trace id (that of the `X-Trace-Id` header when it is one) and logs method, path, status and milliseconds."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Trace-Id", "")
        with trace.bound(given if trace.is_valid(given) else "") as trace_id:
            started = time.perf_counter()
            response = self.get_response(request)
            response["X-Trace-Id"] = trace_id
            level = logging.DEBUG if request.path.startswith(QUIET_PATHS) else logging.INFO
            log.log(
                level,
                "http.request",
                extra={
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - started) * 1000, 1),
                },
            )
            return response


class ContentSecurityPolicy:
    """Only what this host serves may load or run; a view that needs another policy sets the header itself."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
