"""`publisher apply FILE`: what is published, where and to whom, until the desk has forms for it.

The file is YAML and says what should be there. Applying it again changes what differs, and never deletes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from django.core.exceptions import ValidationError as InvalidRow
from django.db import models, transaction

from publisher.cli.publication_file import DAYS, ChannelIn, DigestIn, Part, ScheduleIn, read, text_of
from publisher.cli.report import Report, reporting
from publisher.core import audit, clock, events
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import UserError
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.digests.models import Digest
from publisher.digests.rendering import subject_problem
from publisher.items.languages import primary
from publisher.items.topic_slugs import ids_of
from publisher.schedule.models import Schedule
from publisher.social import health
from publisher.social.composing import template_problem
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.notes import of_channel
from publisher.social.owners import check_owner

UNSETTLED = (State.QUEUED, State.SENDING, State.UNKNOWN, State.HANDED)


@click.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reporting
def apply(file: Path) -> Report:
    """Make schedules, channels and digests what FILE (YAML) says. docs/publication.md explains it.

    All of it is applied, or nothing. What FILE leaves out stays as it is, or gets its default where it is new.
    """
    wanted = read(text_of(file), name=str(file))
    with _of_file(file), transaction.atomic():
        _lock([each.name for each in wanted.channels])
        done = [_schedule(each) for each in wanted.schedules]
        done += [_channel(each) for each in wanted.channels]
        done += [_digest(each) for each in wanted.digests]
    data: dict[str, list[str]] = {
        deed: [name for name, was in done if was == deed] for deed in ("created", "changed", "unchanged")
    }
    data["notes"] = [note for each in wanted.digests for note in _notes(Digest.objects.get(slug=each.slug))]
    for channel in Channel.objects.filter(name__in=[each.name for each in wanted.channels]).order_by("name"):
        data["notes"] += [f"channel {channel}: {note}" for note in of_channel(channel)]
    lines = [*(f"{name}: {was}" for name, was in done), *(f"Note: {note}" for note in data["notes"])]
    return Report(data, "\n".join(lines) or "The file names nothing.")


def _lock(names: list[str]) -> None:
    """The channels are changed as they are, and not as they were before their network stopped them. In the order in which all
    lock channels."""
    list(Channel.objects.select_for_update(no_key=True).filter(name__in=names).order_by("pk"))


def _notes(digest: Digest) -> list[str]:
    """What is missing of a digest, or too much, though it can be sent."""
    notes = [
        f"digest {digest.slug} has no {field}: readers, and many laws, ask who writes to them."
        for field in ("organisation", "postal_address")
        if not any(digest.text(field, language) for language in digest.languages)
    ]
    spoken = set(map(primary, digest.languages))
    for field in ("title", "from_name", "subject", "intro"):
        given = set(map(primary, getattr(digest, field)))
        if field in ("title", "from_name"):
            notes += [f"digest {digest.slug} has no {field} in {each}." for each in sorted(spoken - given)]
        unused = sorted(given - spoken)
        notes += [f"digest {digest.slug} has a {field} in {each} and does not come in it." for each in unused]
    return notes


@contextmanager
def _of_file(file: Path) -> Iterator[None]:
    """Mistakes that are found while it is applied name the file, too."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{file} cannot be applied. {error.message}", error.hint) from error


def _schedule(wanted: ScheduleIn) -> tuple[str, str]:
    fields = wanted.model_dump(exclude={"name"})
    return f"schedule {wanted.name}", _put(Schedule, wanted, {"name": wanted.name}, fields)


def _channel(wanted: ChannelIn) -> tuple[str, str]:
    _need(Channel, wanted, {"name": wanted.name}, ("network", "schedule"))
    fields = wanted.model_dump(exclude={"name", "schedule", "topics"}) | {"topics": ids_of(wanted.topics)}
    if wanted.network:
        registry.get(wanted.network)
        _check_nothing_waits(wanted.name, wanted.network)
    if wanted.schedule:
        fields["schedule"] = Schedule.objects.filter(name=wanted.schedule).first()
        if fields["schedule"] is None:
            raise UserError(f"Channel {wanted.name}: there is no schedule {wanted.schedule}.")
    fields["utm"] = wanted.utm.model_dump() if wanted.utm else {}
    try:
        fields["owner"] = check_owner(wanted.owner)
    except UserError as error:
        raise UserError(f"Channel {wanted.name}: {error.message}", error.hint) from error
    if wanted.credentials is None:
        del fields["credentials"]
    return f"channel {wanted.name}", _put(Channel, wanted, {"name": wanted.name}, fields)


def _check_nothing_waits(name: str, network: str) -> None:
    """What is queued was prepared for the channel's network, and another would misread it. Raises UserError."""
    waiting = Delivery.objects.filter(channel__name=name, state__in=UNSETTLED)
    if count := waiting.exclude(channel__network=network).count():
        raise UserError(
            f"Channel {name} cannot go to another network now: {count} of its messages wait, are going out or are unclear.",
            "Let them leave or cancel them first, or make a new channel.",
        )


def _digest(wanted: DigestIn) -> tuple[str, str]:
    _need(Digest, wanted, {"slug": wanted.slug}, ("title", "languages", "from_name", "from_address"))
    fields = wanted.model_dump(exclude={"slug", "weekday", "topics"}) | {
        "weekday": DAYS.index(wanted.weekday),
        "topics": ids_of(wanted.topics),
    }
    return f"digest {wanted.slug}", _put(Digest, wanted, {"slug": wanted.slug}, fields)


def _need(model: type[models.Model], wanted: Part, key: dict[str, str], names: tuple[str, ...]) -> None:
    """Raises UserError for what a new row cannot be without, and for such a field that is named and empty."""
    is_new = not model._default_manager.filter(**key).exists()
    missing = [
        name for name in names if not getattr(wanted, name) and (is_new or name in wanted.model_fields_set)
    ]
    if missing:
        raise UserError(
            f"{model.__name__} {next(iter(key.values()))}{' is new' if is_new else ''}: "
            f"{', '.join(missing)} must be given.",
            "docs/publication.md shows each.",
        )


def _put(model: type[models.Model], wanted: Part, key: dict[str, str], fields: dict[str, Any]) -> str:
    """Create the row, or change what the file names and differs; say which. Values of credentials are never written
    to the trail."""
    row = model._default_manager.filter(**key).first()
    if row is not None:
        fields = {field: value for field, value in fields.items() if field in wanted.model_fields_set}
    deed = "changed" if row else "created"
    if row is None:
        row = model(**key)
        if hasattr(model, "created_at"):
            row.created_at = clock.now()  # type: ignore[attr-defined]  # asked for in the line above
    differing = [field for field, value in fields.items() if row.pk is None or not _is(row, field, value)]
    if not differing:
        return "unchanged"
    for field in differing:
        setattr(row, field, fields[field])
    _check(row, next(iter(key.values())))
    if isinstance(row, Channel):
        row.revision += row.pk is not None
    row.save()
    audit.record(audit.os_user(), f"{model.__name__.lower()}.{deed}", row, {}, {"fields": differing})
    if isinstance(row, Channel):
        if {"network", "settings", "credentials"} & set(differing):
            health.look_again(row, elsewhere=bool({"network", "settings"} & set(differing)))
        events.emit("channel.changed", channel_id=row.pk)
    return deed


def _check(row: models.Model, name: str) -> None:
    """Raises UserError for what the row's own rules refuse, and for a template that cannot be rendered."""
    try:
        row.clean()
    except InvalidRow as error:
        raise UserError(f"{type(row).__name__} {name}: {' '.join(error.messages)}") from error
    problem = template_problem(row) if isinstance(row, Channel) else ""
    problem = subject_problem(row) if isinstance(row, Digest) else problem
    if problem:
        raise UserError(
            f"{type(row).__name__} {name}: the template fails. {problem}.",
            "docs/publication.md names what a template may use.",
        )


def _is(row: models.Model, field: str, value: object) -> bool:
    """Whether the row holds this value already. A secret that cannot be opened any more is another one."""
    try:
        return bool(opened(getattr(row, field)) == value)
    except CannotDecrypt:
        return False
