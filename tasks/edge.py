"""The edge of every task, written once: a trace id, one log line with milliseconds, and a heartbeat for the ticks."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ParamSpec, cast

from celery import Task, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import close_old_connections

from publisher.core import clock, trace
from publisher.core.models import Heartbeat

log = logging.getLogger("publisher.tasks")

P = ParamSpec("P")


def stage(name: str) -> Callable[[Callable[..., Any]], Task[..., None]]:
    """Make a function of `now` (and ids) a task. Whatever it returns that is not empty is logged as its result.

    An error is logged and swallowed: the next tick finds the same work again, and a retry by the queue would be a second way.
    """

    def decorate(function: Callable[..., Any]) -> Task[..., None]:
        @functools.wraps(function)
        def run(**ids: int) -> None:
            close_old_connections()
            with trace.bound(""):
                started = time.perf_counter()
                try:
                    result = function(now=clock.now(), **ids)
                except Exception:
                    log.exception("task.failed", extra={"task": name, **ids})
                    return
                finally:
                    close_old_connections()
                if result:
                    took = round((time.perf_counter() - started) * 1000, 1)
                    log.info("task.done", extra={"task": name, "ms": took, "result": result, **ids})

        return cast("Task[..., None]", shared_task(name=name)(run))

    return decorate


@contextmanager
def apart(part: str, then: Callable[[Exception], None] | None = None, **ids: int) -> Iterator[None]:
    """A part of a task that fails alone: its error is logged with its ids, `then` is told, and the task goes on.

    Only for parts that would otherwise stop what stands behind them.
    """
    try:
        yield
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        log.exception("%s.failed", part, extra=ids)
        close_old_connections()
        if then:
            then(error)


def beat(name: str, now: datetime) -> None:
    """Say that a recurring job ran to its end."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
