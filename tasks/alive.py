"""Where worker and beat give their signs of life (`publisher.core.alive`)."""

from __future__ import annotations

from typing import Any

from celery import beat
from django.conf import settings

from publisher.core import alive


def worker_alive(**_signal: object) -> None:
    """Every two seconds from the worker's main loop, which also takes the tasks (Celery's `heartbeat_sent`)."""
    alive.touch(settings.ENVIRONMENT.data_dir, "worker")


class Scheduler(beat.Scheduler):
    """Beat's clock without a file of its own: nothing is lost by asking again for what is due."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        wait: float = super().tick(*args, **kwargs)
        alive.touch(settings.ENVIRONMENT.data_dir, "beat")
        return wait
