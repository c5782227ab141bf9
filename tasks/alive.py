"""Where worker and beat give their signs of life (`publisher.core.alive`)."""

from __future__ import annotations

import logging
import time
from importlib.metadata import version
from typing import Any

from celery import beat
from django.conf import settings

from publisher.core import alive, workers

log = logging.getLogger(__name__)

BACK_SECONDS = 2.0
"""A clock that is kept right by the network goes back by less."""


_worker = workers.Sign("worker", version("publisher"))
_beat = workers.Sign("beat", version("publisher"))


def worker_alive(**_signal: object) -> None:
    """Every two seconds from the worker's main loop, which also takes the tasks (Celery's `heartbeat_sent`)."""
    alive.touch(settings.ENVIRONMENT.data_dir, "worker")
    _worker.give()


class Scheduler(beat.Scheduler):
    """Beat's clock without a file of its own: nothing is lost by asking again for what is due.

    Celery counts from the wall clock: set back by an hour, it would do nothing for an hour. Then everything is due anew.
    """

    _seen = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        now = time.time()
        if now < self._seen - BACK_SECONDS:
            log.warning("beat.clock_set_back", extra={"seconds": round(self._seen - now)})
            for entry in self.schedule.values():
                entry.last_run_at = entry.default_now()
            self._heap = None
        self._seen = now
        wait: float = super().tick(*args, **kwargs)
        alive.touch(settings.ENVIRONMENT.data_dir, "beat")
        _beat.give()
        return wait
