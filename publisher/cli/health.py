"""`publisher health`: whether one process works. Containers ask it every few seconds, so it loads next to nothing."""

from __future__ import annotations

import os

import click

from config.environment import Environment, read
from publisher.cli import programs
from publisher.cli.reachable import answers
from publisher.cli.report import Report, reporting
from publisher.core import alive
from publisher.core.embedded.running import ServersLock, embedded_servers

ANSWERS, AWAY = "answers", "does not answer"


@click.command()
@click.argument("process", type=click.Choice(["web", "worker", "beat", "watch", "listen"]))
@reporting
def health(process: str) -> Report:
    """Whether the process of this data folder works: exit code 0 or 1. For health checks of containers."""
    state = processes(read(os.environ), only=(process,))[process]
    return Report({"process": process, "state": state}, f"{process} {state}", ok=state == ANSWERS)


def processes(env: Environment, only: tuple[str, ...] = ("web", "worker", "beat")) -> dict[str, str]:
    """Each process, and whether it answers (web) or does its rounds (the others)."""
    return {name: ANSWERS if _works(name, env) else AWAY for name in only}


def _works(name: str, env: Environment) -> bool:
    if name != "web":
        return alive.is_alive(env.data_dir, name)
    holder = ServersLock(env.data_dir).holder()
    if holder is None and embedded_servers(env):
        return False  # whatever answers at that port is of another data folder
    address = (holder.address if holder else "") or programs.local_url(env, env.port)
    return answers(f"{address}/healthz")
