"""Where Celery finds the application. `celery -A worker worker` runs tasks, `celery -A worker beat` ticks.

A message on a queue is only a nudge: it holds a task's name and at most ids. Losing every queue loses seconds.
"""

from __future__ import annotations

import gc
import os
import warnings

import django
from celery import signals
from celery.exceptions import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# They import every page of the desk, 8 MB of each worker; `tests/config/test_checks.py` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
django.setup()

from tasks import alive, watch  # noqa: E402 - settings exist only after the line above
from tasks.app import app  # noqa: E402 - as above

__all__ = ["app"]


# Seven lines at each start in a container or demo that runs as root. docs/operations.md says it once.
warnings.simplefilter("ignore", SecurityWarning)


@signals.setup_logging.connect
def keep_our_logging(**_kwargs: object) -> None:
    """Django has configured logging already; without a listener here Celery would replace it."""


@signals.worker_process_init.connect
def spare_the_collector(**_kwargs: object) -> None:
    """What is loaded stays: the collector of garbage need not walk through it, nor write to pages shared with the parent."""
    gc.collect()
    gc.freeze()


signals.heartbeat_sent.connect(alive.worker_alive)
signals.worker_ready.connect(watch.start)
signals.worker_shutting_down.connect(watch.stop)
