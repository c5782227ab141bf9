"""`publisher edition …`: make, test, send, watch, pause, resume and cancel editions. What is done stands in the audit trail
with the name of the account that ran the command.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from django.db import transaction

from publisher.cli import edition_report, edition_watch, terminal
from publisher.cli.report import Report, reporting
from publisher.core import audit, clock, events
from publisher.core.errors import UserError
from publisher.delivery import consequences, copies, letting_go, mail_doubts
from publisher.delivery.consequences import Consequence
from publisher.digests import due, editions, naming, readers
from publisher.digests.covered import next_window
from publisher.digests.models import MOST_POSITIONS, Digest, Edition
from publisher.items.languages import primary
from publisher.items.models import Item
from publisher.items.visibility import visible

SHOWN = 20
WAITS = "waits for approval on its page of the desk: it was changed since it was approved."


class EditionName(click.ParamType[str]):
    """What names an edition on the command line."""

    name = "edition"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if not naming.is_a_name(text):
            self.fail(
                f"{text!r} names no edition: write it like weekly#8, or its ID. {naming.SHOWN}", param, ctx
            )
        return text


@click.group("edition")
def edition() -> None:
    """Make an edition, test it, send it and see how far it is. EDITION is its name in `publisher edition list`, such as weekly#8,
    or its ID."""


unasked = click.option("--yes", is_flag=True, help="Do not ask first, as a person at a terminal is.")


@edition.command("create")
@click.argument("digest")
@click.option(
    "--since", default="", metavar="TIME", help="Holds what came from then on. Left out: since the last one."
)
@click.option("--until", default="", metavar="TIME", help="… and before then. Left out: until now.")
@click.option(
    "--item", "items", type=int, multiple=True, help="Holds just this item, by its id; may be repeated."
)
@click.option(
    "--segment",
    default="",
    metavar="NAME",
    help="Of its readers only those in this segment get it. Left out: as the digest says.",
)
@reporting
def create(digest: str, since: str, until: str, items: tuple[int, ...], segment: str) -> Report:
    """Make an edition of DIGEST now, outside its rhythm; all its readers get it at once.

    TIME is like 2026-06-01 or 2026-06-01T14:30, in the digest's zone unless it names its own. With --item the edition goes
    before all others. It waits for a person if the digest says so: see `publisher edition send`.
    """
    found = naming.digest_named(digest)
    now = clock.now()
    start, end = _window(found, since, until, now)
    if items and (since or until):
        raise UserError("--item names what the edition holds, --since and --until do, too.", "Give one.")
    if found.layout == Digest.Layout.ALERT and not items:
        raise UserError(
            f"{found} is an alert: its editions are about one item each.", "Name the item with --item."
        )
    _check_items(found, items, now)
    with transaction.atomic():
        made = due.create_now(
            found,
            window_from=start,
            window_to=end,
            item_ids=items,
            segment=readers.called(segment),
            now=now,
        )
        given = {
            "window_from": start,
            "window_to": end,
            "items": list(items),
            "segment": readers.name_of(made.segment),
        }
        audit.record(audit.os_user(), "edition.create", made, after=_written(given))
        events.emit("edition.ready", edition_id=made.pk)
    return edition_report.of(
        made, said=f"The edition {made.short_name} was made (ID {made.pk}). It is assembled next."
    )


@edition.command("send")
@click.argument("name", metavar="EDITION", type=EditionName())
@click.option("--wait", is_flag=True, help="Show how far it is until everything is settled.")
@click.option(
    "--timeout", type=click.IntRange(min=1), metavar="SECONDS", help="With --wait: no longer than that."
)
@unasked
@reporting
def send(name: str, wait: bool, timeout: int | None, yes: bool) -> Report:
    """Let an edition go out: approve it if it waits, resume it if it is paused.

    On a terminal it first says to how many readers, and asks.

    With --wait the exit code is 0 when every mail is settled and none failed, 124 when --timeout ran out (the edition goes
    on), and 1 otherwise, with the reason.
    """
    if timeout and not wait:
        raise click.UsageError("--timeout says how long --wait waits: give both.")
    found, now = naming.named(name), clock.now()
    _agreed(consequences.of_sending(found, now=now), yes)
    seen = found.version or None
    sent = letting_go.send(found.pk, user=audit.os_user(), now=clock.now(), seen=seen)
    if wait:
        return edition_watch.until_settled(sent.pk, seconds=timeout)
    said = {
        Edition.State.SENT: "has been sent.",
        Edition.State.SENDING: "goes out now.",
        Edition.State.ASSEMBLING: "goes out as soon as it is assembled.",
        Edition.State.WAITING: WAITS,
    }
    notes = [] if sent.state == Edition.State.SENT else edition_watch.hindrances(clock.now())
    text = "\n".join([f"{sent} {said[Edition.State(sent.state)]}", *(f"Note: {note}" for note in notes)])
    return edition_report.of(sent, said=text, notes=notes)


@edition.command("show")
@click.argument("name", metavar="EDITION", type=EditionName())
@reporting
def show(name: str) -> Report:
    """Show one edition: state, counts, rate of this second, variants, waves."""
    return edition_report.whole(naming.named(name))


@edition.command("list")
@click.option("--digest", default="", help="Of this digest only, by its slug.")
@click.option(
    "--most", type=click.IntRange(min=1), default=SHOWN, show_default=True, help="So many, the latest first."
)
@reporting
def list_editions(digest: str, most: int) -> Report:
    """List the editions, the latest first."""
    rows = Edition.objects.select_related("digest").order_by("-pk")
    if digest:
        rows = rows.filter(digest=naming.digest_named(digest))
    return edition_report.listed(rows[:most])


@edition.command("pause")
@click.argument("name", metavar="EDITION", type=EditionName())
@reporting
def pause(name: str) -> Report:
    """Stop a running edition. What a server has already taken has left."""
    paused = editions.pause(naming.named(name).pk, user=audit.os_user(), now=clock.now())
    return edition_report.of(paused, said=f"{paused} is paused.")


@edition.command("resume")
@click.argument("name", metavar="EDITION", type=EditionName())
@unasked
@reporting
def resume(name: str, yes: bool) -> Report:
    """Let a paused edition go on; try again to assemble one that could not be. On a terminal it asks first."""
    found, now = naming.named(name), clock.now()
    if found.state in (Edition.State.PAUSED, Edition.State.BLOCKED):
        _agreed(consequences.of_sending(found, now=now), yes)
    seen = found.version or None
    resumed = letting_go.resume(found.pk, user=audit.os_user(), now=clock.now(), seen=seen)
    said = WAITS if resumed.state == Edition.State.WAITING else "goes on."
    return edition_report.of(resumed, said=f"{resumed} {said}")


@edition.command("cancel")
@click.argument("name", metavar="EDITION", type=EditionName())
@unasked
@reporting
def cancel(name: str, yes: bool) -> Report:
    """End an edition for good. What has left has left; what has not will not. On a terminal it asks first."""
    found = naming.named(name)
    if found.state not in editions.OVER:
        _agreed(consequences.of_cancelling(found), yes)
    cancelled = editions.cancel(found.pk, user=audit.os_user(), now=clock.now())
    return edition_report.of(cancelled, said=f"{cancelled} is cancelled.")


@edition.command("settle")
@click.argument("name", metavar="EDITION", type=EditionName())
@click.option("--sent", "word", flag_value="sent", help="They count as sent, and are not sent again.")
@click.option(
    "--again", "word", flag_value="again", help="They are sent again: who has theirs gets it twice."
)
@unasked
@reporting
def settle(name: str, word: str | None, yes: bool) -> Report:
    """Say what becomes of an edition's unclear mails: those of which nobody can tell whether they arrived.

    `publisher edition show` says how many there are and why. On a terminal it asks first.
    """
    if word is None:
        raise click.UsageError("Say --sent or --again.")
    found, arrived = naming.named(name), word == "sent"
    about = consequences.of_resolving(found, arrived=arrived)
    if about.counted and mail_doubts.may(found, arrived=arrived):
        _agreed(about, yes)
    mails = mail_doubts.confirm_edition(found.pk, user=audit.os_user(), arrived=arrived, now=clock.now())
    what = "count as sent" if arrived else "are sent again"
    return edition_report.of(found, said=f"{mails:,} unclear mails of {found} {what}.")


@edition.command("test")
@click.argument("name", metavar="EDITION", type=EditionName())
@click.option("--to", required=True, metavar="ADDRESS", help="Where the test goes.")
@click.option("--language", default="", help="The fullest mail in this language (BCP 47).")
@click.option("--as", "like", default="", metavar="ADDRESS", help="The mail that this subscriber gets.")
@reporting
def test(name: str, to: str, language: str, like: str) -> Report:
    """Send the edition's mail to one address now, also while it waits for approval.

    Its subject begins with [Test], its links change nobody's choices, and it counts as no recipient.
    """
    if language and like:
        raise UserError("--language and --as both choose the mail.", "Give one.")
    found = naming.named(name)
    delivery = copies.send_test(
        found.pk, to=to, language=language, like=like, actor=audit.os_user(), now=clock.now()
    )
    notes = edition_watch.hindrances(clock.now())
    data = {
        "delivery": delivery.pk,
        "to": delivery.address,
        "edition": found.pk,
        "short_name": found.short_name,
        "notes": notes,
    }
    lines = [f"A test is on its way to {delivery.address} (delivery {delivery.pk})."]
    return Report(data, "\n".join([*lines, *(f"Note: {note}" for note in notes)]))


def _agreed(about: Consequence | None, yes: bool) -> None:
    """Ask the person at the terminal about what cannot be taken back; anything but yes stops. Scripts are not asked."""
    if about and not yes and terminal.can_answer():
        click.echo("\n".join(about.facts), err=True)
        click.confirm(about.question, abort=True, err=True)


def _window(digest: Digest, since: str, until: str, now: datetime) -> tuple[datetime, datetime]:
    zone = ZoneInfo(digest.zone)
    start = _moment("--since", since, zone) if since else next_window(digest, now)
    end = _moment("--until", until, zone) if until else now
    if end > now:
        raise UserError("--until lies in the future.", "An edition holds what has come in.")
    if since and start >= end:
        raise UserError("--since must be before --until.")
    return min(start, end), end


def _moment(option: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UserError(
            f"{option} {text!r} is not a time.", "Write it like 2026-06-01 or 2026-06-01T14:30."
        ) from None


def _check_items(digest: Digest, items: Sequence[int], now: datetime) -> None:
    """Raises UserError unless each is there for readers of the digest to see."""
    if len(set(items)) != len(items) or len(items) > MOST_POSITIONS:
        raise UserError(f"Each item may be named once, and {MOST_POSITIONS} at most.")
    known = dict(Item.objects.filter(pk__in=items).values_list("pk", "language"))
    shown = set(visible(now).filter(pk__in=items).values_list("pk", flat=True))
    spoken = set(map(primary, digest.languages))
    for pk in items:
        if pk not in known:
            raise UserError(f"There is no item {pk}.", "The desk shows each item's id in its address.")
        if pk not in shown:
            raise UserError(f"Item {pk} is retracted or under embargo: no reader may see it.")
        if primary(known[pk]) not in spoken:
            raise UserError(
                f"Item {pk} is in {known[pk]}, and {digest} comes in {', '.join(digest.languages)}."
            )


def _written(given: dict[str, Any]) -> dict[str, Any]:
    """For the trail, without what was not given."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in given.items()
        if value
    }
