"""The Celery application: queues, limits and ticks. `worker.py` runs it; whoever nudges sends through it."""

from __future__ import annotations

from celery import Celery
from django.conf import settings
from kombu import Queue

from publisher.core.queues import STAGES
from tasks.beat import BEAT

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
