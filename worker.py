"""The Celery application. `celery -A worker worker` runs tasks, `celery -A worker beat` ticks.

A message on a queue is only a nudge: it holds a task's name and at most ids. Losing every queue loses seconds.
"""

from __future__ import annotations

import os

import django
from celery import Celery, signals
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402 - settings exist only after the line above

from publisher.core.queues import STAGES  # noqa: E402
from tasks import alive, watch  # noqa: E402
from tasks.beat import BEAT  # noqa: E402

app = Celery("publisher", broker=settings.CELERY_BROKER_URL, set_as_current=True)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue="upkeep",
    task_queues=[Queue(stage) for stage in STAGES],
    task_routes={f"tasks.{stage}.*": {"queue": stage} for stage in STAGES},
    task_publish_retry=False,
    task_soft_time_limit=600,
    task_time_limit=660,
    worker_prefetch_multiplier=1,
    worker_concurrency=settings.ENVIRONMENT.concurrency,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_max_tasks_per_child=2000,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": 900, "socket_connect_timeout": 3, "socket_timeout": 15},
    beat_schedule=BEAT,
    timezone="UTC",
    imports=[f"tasks.{stage}" for stage in STAGES],
)


@signals.setup_logging.connect
def keep_our_logging(**_kwargs: object) -> None:
    """Django has configured logging already; without a listener here Celery would replace it."""


signals.heartbeat_sent.connect(alive.worker_alive)
signals.worker_ready.connect(watch.start)
signals.worker_shutting_down.connect(watch.stop)
