"""Commands that look at a running installation and change nothing. They start no server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
import redis
from django.conf import settings
from django.db import OperationalError, connection

from publisher.cli import database
from publisher.cli.health import ANSWERS, AWAY, processes
from publisher.cli.report import Report, reporting, table
from publisher.cli.sending import described, moment
from publisher.core import clock, standstill
from publisher.core.embedded.running import ServersLock, embedded_servers
from publisher.core.queues import queue_lengths, stream_state
from publisher.delivery import outage
from publisher.delivery.email import setting

NO_MAIL = "PUBLISHER_MAIL is not set here; unless the workers have it, no mail leaves"


@click.command()
@reporting
def status() -> Report:
    """Show which servers and processes answer, whether mail can leave, and what waits in queues and stream.

    The exit code is 0 when everything answers and PUBLISHER_MAIL can be read.
    """
    data = {**_servers(), **processes(settings.ENVIRONMENT)}
    data |= _waiting()
    data |= _mail()
    parts = ("database", "redis", "web", "worker", "beat")
    data["healthy"] = (
        all(data[part] == ANSWERS for part in parts)
        and data["missing_migrations"] == 0
        and not data["mail"]["problem"]
    )
    return Report(data, _as_text(data), ok=data["healthy"])


def _servers() -> dict[str, Any]:
    data: dict[str, Any] = {"data_dir": str(settings.ENVIRONMENT.data_dir)}
    data |= {"missing_migrations": None, "standstill": None}
    holder = ServersLock(settings.ENVIRONMENT.data_dir).holder()
    data["run_by"] = {"command": holder.command, "pid": holder.pid} if holder else None
    try:
        data["missing_migrations"] = len(database.missing_migrations())
        stands = None if data["missing_migrations"] else standstill.current()
        data["standstill"] = described(stands)
        data["database"] = ANSWERS
    except OperationalError:
        data["database"] = AWAY
    finally:
        connection.close()
    return data


def _waiting() -> dict[str, Any]:
    try:
        return {"redis": ANSWERS, "queues": queue_lengths(), "stream": asdict(stream_state())}
    except redis.RedisError:
        return {"redis": AWAY, "queues": None, "stream": None}


def _by_nobody() -> str:
    """With servers of one's own nobody holds a folder for them."""
    if not embedded_servers(settings.ENVIRONMENT):
        return "nobody"
    return "nobody; if the service has another data folder, set PUBLISHER_DATA_DIR to that one"


def _mail() -> dict[str, Any]:
    """Where mail goes, as it is set here, and why it cannot leave: the setting is wrong, or the server cannot be used."""
    wrong, down = setting.problem(settings.MAIL), outage.current()
    mail = {
        "server": "" if wrong or not settings.MAIL else str(setting.read(settings.MAIL)),
        "problem": f"{wrong.message} {wrong.hint}" if wrong else "",
        "waits": down.text(clock.now()) if down else "",
    }
    return {"mail": mail, "outage": down.as_data() if down else None}


def _as_text(data: dict[str, Any]) -> str:
    run_by, missing = data["run_by"], data["missing_migrations"]
    rows = {
        "data folder": data["data_dir"],
        "run by": f"publisher {run_by['command']}, process {run_by['pid']}" if run_by else _by_nobody(),
        "database": data["database"] + (f", lacks {missing} migrations" if missing else ""),
        **{name: data[name] for name in ("redis", "web", "worker", "beat")},
        "mail": data["mail"]["problem"] or data["mail"]["waits"] or data["mail"]["server"] or NO_MAIL,
    }
    if stands := data["standstill"]:
        rows["sending"] = (
            f"stands still since {moment(stands['since'])}, by {stands['by']}: {stands['reason']}"
        )
    if data["stream"]:
        rows["stream"] = "{length} entries, {waiting} not read, {pending} in work".format(**data["stream"])
        rows["queues"] = ", ".join(f"{name} {length}" for name, length in data["queues"].items())
    return table(rows)
