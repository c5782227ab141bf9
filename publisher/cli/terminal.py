"""How the commands that run for long talk to the terminal, or to whatever reads their lines."""

from __future__ import annotations

import logging
import logging.config
import os
import sys

from config.environment import Environment
from config.logging import logging_config
from publisher.core.supervise.output import Output, OutputHandler


def for_people(env: Environment) -> bool:
    """Plain lines on a terminal, JSON lines elsewhere, or what the settings say."""
    return sys.stdout.isatty() if env.log_format == "auto" else env.log_format == "text"


def can_answer() -> bool:
    """Whether a person sits at the other end, who can be asked."""
    return sys.stdin.isatty()


def terminal_output(names: tuple[str, ...], env: Environment) -> Output:
    """The stream of all lines; colours only on a terminal that wants them (https://no-color.org)."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return Output(sys.stdout, names=names, people=for_people(env), colour=colour)


def child_environment(env: Environment, **more: str) -> dict[str, str]:
    """The environment of our programs: as ours, with what depends on the terminal and the working folder settled."""
    return {
        **os.environ,
        "PUBLISHER_DATA_DIR": str(env.data_dir),
        "PUBLISHER_LOG_FORMAT": "text" if for_people(env) else "json",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def log_to(output: Output, env: Environment) -> None:
    """Our own log lines go among those of the programs, under the name `publisher`."""
    style = "text" if for_people(env) else "json"
    logging.config.dictConfig(logging_config(env.log_level, style))
    root = logging.getLogger()
    (old,) = root.handlers
    handler = OutputHandler(output, "publisher")
    handler.setFormatter(old.formatter)
    for each in old.filters:
        handler.addFilter(each)
    root.handlers = [handler]
