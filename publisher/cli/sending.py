"""`publisher sending`: whether all sending stands still, what would leave, stopping it, letting it go on, and having a mail
server that had failed tried at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from publisher.cli.report import Report, reporting
from publisher.core import audit, clock, standstill
from publisher.core.errors import UserError
from publisher.core.models import Standstill
from publisher.core.words import counted
from publisher.delivery import outage, stopping, waiting
from publisher.delivery.holding import Hold
from publisher.delivery.outlook import Line, Outlook, outlook
from publisher.delivery.reslotting import How
from publisher.delivery.waiting import Behind

NOTHING = "nothing"


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def sending(ctx: click.Context, as_json: bool) -> int | None:
    """Show whether all sending stands still, and what would leave."""
    if ctx.invoked_subcommand is not None:
        return None
    assert isinstance(ctx.command, click.Group)  # noqa: S101 - for the type checker: it is the one below
    code: int = ctx.invoke(ctx.command.commands["show"], as_json=as_json)
    return code


@sending.command(hidden=True)  # among the subcommands, so that it gets its servers
@reporting
def show() -> Report:
    """What `publisher sending` says."""
    now, stands = clock.now(), standstill.current()
    ahead = outlook(now=now, stood_since=stands.since if stands else None)
    down = outage.current()
    said = [down.text(now)] if down else []
    goes_on = sentences(stands) if stands or not down else []
    pauses = waiting.all_standing()
    if pauses:
        said += [
            "This is paused; `publisher release` lets it go on:",
            *(f"  {pause_line(p)}" for p in pauses),
        ]
    return Report(
        {
            "stands": described(stands),
            "pauses": [pause_data(each) for each in pauses],
            "outage": down.as_data() if down else None,
            "would_leave": as_data(ahead),
        },
        "\n".join([*goes_on, *said, *lines(ahead, stands=stands is not None)]),
    )


@sending.command()
@click.option("--reason", required=True, help="Why; everybody who finds it stopped reads this.")
@reporting
def stop(reason: str) -> Report:
    """Stop everything that leaves, mails and posts, within two seconds."""
    row = stopping.stop(user=None, by=audit.os_user(), reason=reason, now=clock.now())
    return Report({"stands": described(row)}, "\n".join(sentences(row)))


@sending.command()
@click.option(
    "--posts",
    "how",
    type=click.Choice([each.value for each in How]),
    default=How.NEW_SLOTS.value,
    show_default=True,
    help="all: those that waited get new slots. each: a person decides about each in the desk.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@reporting
def go(yes: bool, how: str) -> Report:
    """Let sending go on, after showing what would leave at once."""
    now, stands = clock.now(), standstill.current()
    if stands is None:
        raise UserError("Sending does not stand still.", "`publisher sending` shows what would leave.")
    ahead = outlook(now=now, stood_since=stands.since)
    if not yes:
        click.echo("\n".join([*sentences(stands), *lines(ahead, stands=True)]), err=True)
        confirm("Let it go on?")
    outcome = stopping.go_on(user=None, by=audit.os_user(), now=clock.now(), since=stands.since, how=How(how))
    paused = outcome.paused
    text = [f"Sending goes on. {outcome.posts.said}".strip()]
    text += [
        f"{edition} is paused: its time passed long ago. Resume it in the desk, or by "
        f"`publisher edition resume {edition.short_name}`."
        for edition in paused
    ]
    data = {
        "went_on": True,
        "paused": [edition.pk for edition in paused],
        "paused_names": [edition.short_name for edition in paused],
        "would_leave": as_data(ahead),
    }
    return Report(data, "\n".join(text))


@sending.command("try")
@reporting
def try_now() -> Report:
    """Have the mail server tried at once, such as after its password was mended there.

    While all sending stands still it is tried when that ends.
    """
    known = stopping.try_now(user=audit.os_user(), by=audit.os_user(), now=clock.now())
    waits = stopping.not_tried_yet()
    return Report(
        {"tried": not waits, "waits": waits, "outage": known.as_data()},
        waits
        or "The mail server is tried now, if mail is due. `publisher sending` says whether it could be used.",
    )


def confirm(question: str) -> None:
    """Ask the person; anything but yes stops. Raises `UserError` where nobody can answer."""
    if not sys.stdin.isatty():
        raise UserError(f"{question} Nobody can answer here.", "Use --yes if you are sure.")
    click.confirm(question, abort=True, err=True)


def described(stands: Standstill | None) -> dict[str, Any] | None:
    """The standstill for machines; None when there is none."""
    if stands is None:
        return None
    return {"kind": stands.kind, "reason": stands.reason, "since": stands.since, "by": stands.by}


def sentences(stands: Standstill | None) -> list[str]:
    """The standstill for people."""
    if stands is None:
        return ["Sending goes on as planned."]
    return [
        f"All sending stands still since {moment(stands.since)}, by {stands.by}: {stands.reason}",
        "`publisher sending go` lets it go on.",
    ]


def pause_line(each: Behind) -> str:
    """A pause for people, with what waits behind it."""
    row = each.pause
    return f"{row} since {moment(row.since)}, by {row.by}: {row.reason} ({each.said} behind it)"


def pause_data(each: Behind) -> dict[str, Any]:
    """A pause for machines."""
    row = each.pause
    return {
        "scope": row.scope,
        "name": row.name,
        "reason": row.reason,
        "since": row.since,
        "by": row.by,
        "posts": each.posts,
        "editions": [edition.short_name for edition in each.editions],
    }


def as_data(ahead: Outlook) -> dict[str, Any]:
    """What would leave, for machines."""
    return {
        "mail_held": _held(ahead.mail_hold),
        "mails": [
            {
                "edition": each.edition.pk,
                "short_name": each.edition.short_name,
                "title": str(each.edition),
                "state": each.edition.state,
                "due_at": each.edition.due_at,
                "queued": each.queued,
                "unclear": each.unclear,
                "asks": each.asks,
                "leave": each.leave,
                "later": each.later,
                "held": _held(each.hold),
                "waits_until": each.hold.until if each.hold else None,
            }
            for each in ahead.mails
        ],
        "posts": [
            {
                "channel": each.channel.name,
                "leave": each.leave,
                "too_late": each.too_late,
                "unclear": each.unclear,
                "waiting": each.waiting,
                "held": _held(each.hold),
            }
            for each in ahead.posts
        ],
        "editions": [
            {"digest": each.digest.slug, "due_at": each.due_at, "asks": each.asks} for each in ahead.editions
        ],
    }


def lines(ahead: Outlook, *, stands: bool) -> list[str]:
    """What would leave, for people, and what would not and why."""
    leave, ask = [_line(each) for each in ahead.leaving], list(_asking(ahead))
    heading = "If it went on, this would leave at once:" if stands else "This leaves now:"
    text = [heading, *leave] if leave else [f"{heading} {NOTHING}."]
    if ahead.mail_hold or ahead.held:
        text.append("This is held up, also when sending goes on:" if stands else "This is held up:")
        text += [f"  All mail: {ahead.mail_hold}"] if ahead.mail_hold else []
    for each in ahead.held:
        text.append(_line(each))
        if each.hold != ahead.mail_hold:
            text.append(f"    {each.hold}")
    return [*text, "This waits for a person:", *ask] if ask else text


def _line(each: Line) -> str:
    due = f", due {moment(each.due_at)}" if each.due_at else ""
    return f"  {each.of}: {each.what}{due}"


def _held(hold: Hold | None) -> dict[str, Any] | None:
    return {"why": hold.why, "until": hold.until} if hold else None


def _asking(ahead: Outlook) -> Iterator[str]:
    for each in ahead.mails:
        if each.asks and each.queued:
            state = each.edition.get_state_display().lower()
            yield f"  {each.edition} ({state}): {counted(each.queued, 'mail')}, due {moment(each.edition.due_at)}"
        if each.unclear:
            yield f"  {each.edition}: {counted(each.unclear, 'mail')} of which nobody knows whether they arrived"
    for posts in ahead.posts:
        if posts.too_late:
            yield f"  {posts.channel}: {counted(posts.too_late, 'post')} whose slot was missed by too much"
        if posts.unclear:
            yield f"  {posts.channel}: {counted(posts.unclear, 'post')} of which nobody knows whether they were published"
    for new in ahead.editions:
        if new.asks:
            late = ", begun late" if new.late else ", which its digest wants approved"
            yield f"  {new.digest}: a new edition, due {moment(new.due_at)}{late}"


def moment(at: datetime) -> str:
    """A time for people, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
