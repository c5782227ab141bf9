"""The table of all commands. `publisher --help` is written from it, in this order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Needs(IntEnum):
    """What must be there before a command runs; each includes those above it."""

    NOTHING = 0
    SETTINGS = 1  # Django is set up
    SERVERS = 2  # and the embedded servers run, where the settings name none
    DATABASE = 3  # and the database has all migrations


@dataclass(frozen=True)
class Command:
    """One line of the table. `place` is `module:attribute` of the click command."""

    section: str
    name: str
    place: str
    needs: Needs
    help: str


RUN = "Run"
PEOPLE = "People"
LOOK = "Look"
MAINTAIN = "Maintain"

COMMANDS: tuple[Command, ...] = (
    Command(
        RUN,
        "up",
        "publisher.cli.up:up",
        Needs.NOTHING,
        "Web, worker, beat and the servers, in this terminal.",
    ),
    Command(
        RUN,
        "demo",
        "publisher.cli.demo:demo",
        Needs.NOTHING,
        "See the whole way of an item, with real servers.",
    ),
    Command(RUN, "web", "publisher.cli.processes:web", Needs.NOTHING, "Only the web process."),
    Command(RUN, "worker", "publisher.cli.processes:worker", Needs.NOTHING, "Only a worker."),
    Command(RUN, "beat", "publisher.cli.processes:beat", Needs.NOTHING, "Only the clock; run it once."),
    Command(
        RUN, "migrate", "publisher.cli.maintain:migrate", Needs.SERVERS, "Bring the database up to date."
    ),
    Command(
        PEOPLE,
        "create-admin",
        "publisher.cli.people:create_admin",
        Needs.DATABASE,
        "Make an administrator's login for the desk.",
    ),
    Command(
        LOOK, "status", "publisher.cli.look:status", Needs.SETTINGS, "Servers, processes, queues, stream."
    ),
    Command(LOOK, "health", "publisher.cli.health:health", Needs.NOTHING, "Whether one process works."),
    Command(MAINTAIN, "django", "publisher.cli.maintain:django", Needs.SERVERS, "Django's own commands."),
)
