"""`publisher web`, `worker` and `beat`: one process each, as containers and service managers run them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

import click

from config.environment import Environment, read
from publisher.cli import programs
from publisher.cli.terminal import child_environment, log_to, terminal_output
from publisher.core.embedded.running import embedded_servers, ensure_servers
from publisher.core.errors import UserError
from publisher.core.supervise.program import Program
from publisher.core.supervise.supervisor import Supervisor


@click.command()
def web() -> None:
    """Run the web process on PUBLISHER_BIND and PUBLISHER_PORT."""
    _run(programs.web)


@click.command()
def worker() -> None:
    """Run a worker, which does what is due. Several may run, on several machines."""
    _run(programs.worker)


@click.command()
def beat() -> None:
    """Run the clock, which tells the workers to look for what is due. One is enough."""
    _run(programs.beat)


def _run(describe: Callable[[Environment, Mapping[str, str]], Program]) -> None:
    """Become the process; with an embedded server, stay as its parent."""
    env = read(os.environ)
    programs.prepare_folders(env)
    if not embedded_servers(env):
        program = describe(env, {**os.environ, "PUBLISHER_DATA_DIR": str(env.data_dir)})
        os.chdir(program.cwd)
        os.execve(program.argv[0], list(program.argv), dict(program.env))  # noqa: S606 - our own command line
    output = terminal_output(programs.NAMES, env)
    environ = child_environment(env)
    program = describe(env, environ)
    log_to(output, env)
    with ensure_servers(env, command=program.name):
        supervisor = Supervisor([program], data_dir=env.data_dir, output=output)
        with supervisor.signals():
            if supervisor.run_once(programs.migrations(environ)) != 0 and not supervisor.stopping:
                raise UserError("The database could not be brought up to date.", "See the lines above.")
            supervisor.run()
    sys.exit(0)
