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
BRING_IN = "Bring items in"
PUBLISH = "Publish"
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
        BRING_IN,
        "import-feed",
        "publisher.cli.intake:import_feed",
        Needs.DATABASE,
        "Import an RSS, Atom or JSON feed.",
    ),
    Command(
        BRING_IN,
        "import-page",
        "publisher.cli.intake:import_page",
        Needs.DATABASE,
        "Import a page that lists what is new.",
    ),
    Command(
        BRING_IN,
        "add-item",
        "publisher.cli.intake:add_item",
        Needs.DATABASE,
        "Add one item or event (JSON) to the stream.",
    ),
    Command(
        BRING_IN,
        "rejected",
        "publisher.cli.intake:rejected",
        Needs.DATABASE,
        "Show what was refused, and why.",
    ),
    Command(
        BRING_IN,
        "sources",
        "publisher.cli.intake:list_sources",
        Needs.DATABASE,
        "List the sources and their feeds.",
    ),
    Command(
        BRING_IN,
        "add-source",
        "publisher.cli.intake:add_source",
        Needs.DATABASE,
        "Add a source, with a feed or an API key.",
    ),
    Command(
        PUBLISH,
        "apply",
        "publisher.cli.publication:apply",
        Needs.DATABASE,
        "Make schedules, channels and digests what a file says.",
    ),
    Command(
        PUBLISH,
        "edition",
        "publisher.cli.editions:edition",
        Needs.DATABASE,
        "Make, test, send, watch, pause and cancel editions.",
    ),
    Command(
        PUBLISH,
        "channel",
        "publisher.cli.channel:channel",
        Needs.DATABASE,
        "Ask a channel's network whether its account works.",
    ),
    Command(
        PUBLISH,
        "hooks",
        "publisher.cli.hooks:hooks",
        Needs.DATABASE,
        "Webhooks: list, send a test, send again.",
    ),
    Command(
        PEOPLE,
        "add-subscriber",
        "publisher.cli.add_subscriber:add_subscriber",
        Needs.DATABASE,
        "Subscribe a person who has agreed to it.",
    ),
    Command(
        PEOPLE,
        "subscribers",
        "publisher.cli.subscribers:subscribers",
        Needs.DATABASE,
        "Subscribers in bulk: import a CSV file.",
    ),
    Command(
        PEOPLE,
        "suppression",
        "publisher.cli.suppression:suppression",
        Needs.DATABASE,
        "Addresses that nothing is sent to: list, add, lift, import, export.",
    ),
    Command(
        PEOPLE,
        "feedback",
        "publisher.cli.feedback:feedback",
        Needs.NOTHING,
        "Take what mailboxes answer: from a pipe, mailboxes, a mail server; say what a message means.",
    ),
    Command(
        PEOPLE,
        "unsubscribe",
        "publisher.cli.leaving:unsubscribe",
        Needs.DATABASE,
        "Carry out a request to leave that came by mail.",
    ),
    Command(
        PEOPLE,
        "create-admin",
        "publisher.cli.people:create_admin",
        Needs.DATABASE,
        "Make an administrator's login for the desk.",
    ),
    Command(
        PEOPLE,
        "people",
        "publisher.cli.people:people",
        Needs.DATABASE,
        "Who may use the desk: list, invite, role, close, reset.",
    ),
    Command(
        LOOK,
        "sending",
        "publisher.cli.sending:sending",
        Needs.DATABASE,
        "What would leave; stop everything, or let it go on.",
    ),
    Command(
        LOOK,
        "pause",
        "publisher.cli.pauses:pause",
        Needs.DATABASE,
        "Hold back a channel, a topic or a country.",
    ),
    Command(
        LOOK,
        "release",
        "publisher.cli.pauses:release",
        Needs.DATABASE,
        "Let what was paused go on.",
    ),
    Command(
        LOOK, "status", "publisher.cli.look:status", Needs.SETTINGS, "Servers, processes, queues, stream."
    ),
    Command(LOOK, "health", "publisher.cli.health:health", Needs.NOTHING, "Whether one process works."),
    Command(
        LOOK,
        "doctor",
        "publisher.cli.doctor:doctor",
        Needs.SERVERS,
        "Whether mail can leave and will be taken: servers, DNS, links.",
    ),
    Command(
        MAINTAIN,
        "dkim",
        "publisher.cli.dkim:dkim",
        Needs.DATABASE,
        "Keys that sign mail, and their DNS records.",
    ),
    Command(
        MAINTAIN,
        "backup",
        "publisher.cli.backup:backup",
        Needs.SETTINGS,
        "Write the database into one file, or check such a file.",
    ),
    Command(
        MAINTAIN,
        "restore",
        "publisher.cli.backup:restore",
        Needs.SETTINGS,
        "Put a backup in the place of the database, sending nothing.",
    ),
    Command(
        MAINTAIN,
        "retention",
        "publisher.cli.retention:retention",
        Needs.DATABASE,
        "What is past its time: show it, erase it.",
    ),
    Command(MAINTAIN, "django", "publisher.cli.maintain:django", Needs.SERVERS, "Django's own commands."),
)
