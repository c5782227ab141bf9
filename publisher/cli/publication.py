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

from publisher.cli import publication_tags
from publisher.cli.publication_file import ScheduleIn, read, text_of
from publisher.cli.report import Report, reporting
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.digests import forming
from publisher.digests.forming import DigestIn
from publisher.digests.models import Digest
from publisher.items.languages import primary
from publisher.schedule.models import Schedule
from publisher.social import setting_up
from publisher.social.definition import ChannelIn, Part
from publisher.social.models import Channel
from publisher.social.notes import of_channel


@click.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reporting
def apply(file: Path) -> Report:
    """Make schedules, channels, digests and clearance tags what FILE (YAML) says. docs/publication.md explains it.

    All of it is applied, or nothing. What FILE leaves out stays as it is, or gets its default where it is new.
    """
    wanted = read(text_of(file), name=str(file))
    with _of_file(file), transaction.atomic():
        _lock([each.name for each in wanted.channels])
        done = [_schedule(each) for each in wanted.schedules]
        done += [_channel(each) for each in wanted.channels]
        done += [_digest(each) for each in wanted.digests]
        done += [publication_tags.put(each) for each in wanted.clearance_tags]
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
    return f"channel {wanted.name}", setting_up.put(wanted, actor=audit.os_user(), now=clock.now())


def _digest(wanted: DigestIn) -> tuple[str, str]:
    done = forming.put(wanted, user=audit.os_user(), now=clock.now())
    return f"digest {wanted.slug}", done.deed


def _put(model: type[models.Model], wanted: Part, key: dict[str, str], fields: dict[str, Any]) -> str:
    """Create the row, or change what the file names and differs; say which."""
    row = model._default_manager.filter(**key).first()
    if row is not None:
        fields = {field: value for field, value in fields.items() if field in wanted.model_fields_set}
    deed = "changed" if row else "created"
    if row is None:
        row = model(**key)
        if hasattr(model, "created_at"):
            row.created_at = clock.now()  # type: ignore[attr-defined]  # asked for in the line above
    differing = [field for field, value in fields.items() if row.pk is None or getattr(row, field) != value]
    if not differing:
        return "unchanged"
    for field in differing:
        setattr(row, field, fields[field])
    _check(row, next(iter(key.values())))
    if isinstance(row, Schedule):
        row.version += row.pk is not None
    row.save()
    audit.record(audit.os_user(), f"{model.__name__.lower()}.{deed}", row, {}, {"fields": differing})
    return deed


def _check(row: models.Model, name: str) -> None:
    """Raises UserError for what the row's own rules refuse, and for a template that cannot be rendered."""
    try:
        row.clean()
    except InvalidRow as error:
        raise UserError(f"{type(row).__name__} {name}: {' '.join(error.messages)}") from error
