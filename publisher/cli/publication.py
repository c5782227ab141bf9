"""`publisher apply FILE` and `publisher add-subscriber`: what is published, where and to whom, until the desk has forms for it.

The file is YAML and says what should be there. Applying it again changes what differs, and never deletes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import click
import yaml
from django.core.exceptions import ValidationError as InvalidRow
from django.db import models, transaction
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from publisher.audience import addresses, mailboxes, subscriptions
from publisher.audience.choices import Choice
from publisher.cli import mistakes
from publisher.cli.report import Report, reporting
from publisher.core import audit, clock, events
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import UserError
from publisher.delivery.email.address import BadAddress, parse_address
from publisher.digests.models import Digest
from publisher.digests.rendering import subject_problem
from publisher.items.languages import primary
from publisher.items.models import Kind, Topic
from publisher.schedule.models import Schedule
from publisher.social import health
from publisher.social.composing import template_problem
from publisher.social.links import UtmRule
from publisher.social.models import Channel
from publisher.social.networks import registry
from publisher.social.notes import of_channel
from publisher.social.owners import check_owner
from publisher.social.threads import MOST_MESSAGES

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KindName = Literal["story", "press_release", "speech", "video", "publication", "event", "podcast", "other"]


_DAY_MINUTES = 24 * 60


def _as_written(value: Any) -> Any:
    """YAML takes 9:30 without quotation marks for 570, as it counts in sixties. A number below 60 is no such time: whoever
    writes 8 does not mean eight minutes past midnight. Raises ValueError."""
    if isinstance(value, bool | int | float):
        if isinstance(value, int) and 60 <= value < _DAY_MINUTES:
            return f"{value // 60:02}:{value % 60:02}"
        raise ValueError(mistakes.TIME)
    return value


TimeOfDay = Annotated[time, BeforeValidator(_as_written)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ScheduleIn(_Part):
    """Fields as in docs/publication.md; the rules are checked by the schedule room."""

    name: str
    zone: str = "UTC"
    slots: list[dict[str, Any]] = Field(default_factory=list)
    quiet: list[dict[str, Any]] = Field(default_factory=list)
    blackouts: list[str] = Field(default_factory=list)
    holiday_countries: list[str] = Field(default_factory=list)
    least_gap_minutes: int = Field(30, ge=0)
    most_per_day: int | None = Field(None, ge=1)


class ChannelIn(_Part):
    name: str
    network: str = ""
    schedule: str = ""
    language: str = "en"
    region: str = ""
    kinds: list[KindName] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    template: str = ""
    hashtags: int | None = Field(None, ge=0, le=10)
    thread_messages: int = Field(1, ge=1, le=MOST_MESSAGES)
    thread_numbers: bool = True
    utm: UtmRule | None = None
    month_budget: Decimal | None = Field(None, ge=0, le=1_000_000, decimal_places=2)
    auto_approve: bool = False
    alt_required: bool = True
    picture_required: bool = False
    tolerance_minutes: int = Field(360, ge=1, le=7 * 24 * 60)
    max_age_days: int = Field(30, ge=1, le=3_650)
    enabled: bool = True
    owner: str = Field("", max_length=254)
    settings: dict[str, Any] = Field(default_factory=dict)
    credentials: dict[str, Any] | None = None


class DigestIn(_Part):
    slug: str = Field(pattern=r"^[a-z0-9-]+$")
    title: dict[str, str] = Field(default_factory=dict)
    languages: list[str] = Field(default_factory=list)
    from_name: dict[str, str] = Field(default_factory=dict)
    from_address: str = ""
    reply_to: str = ""
    intro: dict[str, str] = Field(default_factory=dict)
    subject: dict[str, str] = Field(default_factory=dict)
    organisation: str | dict[str, str] = ""
    postal_address: str | dict[str, str] = ""
    accent: str = Field("#0b6e99", pattern=r"^#[0-9a-fA-F]{6}$")
    zone: str = "Asia/Shanghai"
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    at: TimeOfDay = time(8, 0)
    local_time: bool = False
    layout: Literal["digest", "alert"] = "digest"
    priority: int = Field(0, ge=-100, le=100)
    seeds: list[str] = Field(default_factory=list, max_length=50)
    send_from: TimeOfDay | None = None
    send_until: TimeOfDay | None = None
    window_days: int = Field(7, ge=1, le=366)
    max_age_days: int = Field(30, ge=1, le=3_650)
    kinds: list[KindName] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    most_items: int = Field(12, ge=1, le=31)
    needs_approval: bool = False
    on_unknown: Literal["resend", "hold"] = "resend"
    enabled: bool = True

    @field_validator("from_address", "reply_to")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            return str(parse_address(value)) if value else ""
        except BadAddress as error:
            raise ValueError(f"{value}: {error}") from error

    @field_validator("seeds")
    @classmethod
    def _seeds(cls, value: list[str]) -> list[str]:
        try:
            return list({addresses.key(each): addresses.checked(each) for each in value}.values())
        except UserError as error:
            raise ValueError(error.message) from error

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value} is no time zone such as Asia/Shanghai")
        return value


class Publication(_Part):
    """A whole file."""

    schedules: list[ScheduleIn] = Field(default_factory=list)
    channels: list[ChannelIn] = Field(default_factory=list)
    digests: list[DigestIn] = Field(default_factory=list)


@click.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@reporting
def apply(file: Path) -> Report:
    """Make schedules, channels and digests what FILE (YAML) says. docs/publication.md explains it.

    All of it is applied, or nothing. What FILE leaves out stays as it is, or gets its default where it is new.
    """
    wanted = read(_text_of(file), name=str(file))
    with _of_file(file), transaction.atomic():
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


@click.command("add-subscriber")
@click.argument("address")
@click.option("--digest", "slug", required=True, help="The digest's slug.")
@click.option("--name", default="", help="How to greet the person.")
@click.option("--language", default="", help="BCP 47, one of the digest's. New readers: its first.")
@click.option("--topic", "topics", multiple=True, help="A topic's slug; may be repeated. None: all.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(Kind.values), help="May be repeated. None: all."
)
@click.option("--consent", required=True, help="How this person agreed, for the record.")
@reporting
def add_subscriber(
    *,
    address: str,
    slug: str,
    name: str,
    language: str,
    topics: tuple[str, ...],
    kinds: tuple[str, ...],
    consent: str,
) -> Report:
    """Subscribe a person who has agreed to it; or change what they chose. What is not given stays as it is."""
    shared = _is_shared(address)
    digest = Digest.objects.filter(slug=slug).first()
    if digest is None:
        known = ", ".join(Digest.objects.values_list("slug", flat=True)) or "none yet: see `publisher apply`"
        raise UserError(f"There is no digest {slug}.", f"Digests: {known}.")
    before = subscriptions.chosen(address, digest.pk) or Choice.of(language=digest.languages[0])
    choice = Choice.of(
        topics=_topic_ids(topics) if topics else before.topics,
        kinds=kinds or before.kinds,
        language=_spoken(digest, language) if language else before.language,
        region=before.region,
    )
    subscription = subscriptions.join(
        address, digest_id=digest.pk, choice=choice, how=consent, now=clock.now(), name=name
    )
    email = subscription.subscriber.email
    names = list(Topic.objects.filter(pk__in=choice.topics).values_list("slug", flat=True))
    held = f"topics {', '.join(names) or 'all'}, kinds {', '.join(choice.kinds) or 'all'}"
    return Report(
        {
            "address": email,
            "digest": slug,
            "language": choice.language,
            "topics": names,
            "kinds": choice.kinds,
            "shared": shared,
        },
        f"{email} receives {digest} in {choice.language}: {held}."
        + ("\nNote: this looks like a mailbox that people share (info@, press@ …)." if shared else ""),
    )


def _is_shared(address: str) -> bool:
    """Whether people share the mailbox. Raises UserError for one that no reader has: as in an import."""
    local = addresses.key(addresses.checked(address)).partition("@")[0]
    if local in mailboxes.MACHINES:
        raise UserError(
            mailboxes.MACHINE_REFUSED.format(address=address.strip()), "Give the address of a person."
        )
    return local in mailboxes.ROLES


def _spoken(digest: Digest, language: str) -> str:
    if primary(language) not in set(map(primary, digest.languages)):
        raise UserError(
            f"{digest} does not come in {language}.", f"Its languages: {', '.join(digest.languages)}."
        )
    return language


def read(text: str, *, name: str) -> Publication:
    """Check a file. Raises `UserError` that names each field that is wrong."""
    hint = "docs/publication.md lists every field."
    try:
        data = yaml.safe_load(text) or {}
        return Publication.model_validate(data)
    except yaml.YAMLError as error:
        raise UserError(f"{name} is not YAML. {mistakes.of_yaml(error)}.", hint) from error
    except ValidationError as error:
        found = "\n  ".join(["", *mistakes.of_fields(error, Publication, data)])
        raise UserError(f"{name} cannot be applied:{found}", hint) from error


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not text in UTF-8.", "Save it in UTF-8, and try again.") from error
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error


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
    fields = wanted.model_dump(exclude={"name", "schedule", "topics"}) | {"topics": _topic_ids(wanted.topics)}
    if wanted.network:
        registry.get(wanted.network)
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


def _digest(wanted: DigestIn) -> tuple[str, str]:
    _need(Digest, wanted, {"slug": wanted.slug}, ("title", "languages", "from_name", "from_address"))
    fields = wanted.model_dump(exclude={"slug", "weekday", "topics"}) | {
        "weekday": DAYS.index(wanted.weekday),
        "topics": _topic_ids(wanted.topics),
    }
    return f"digest {wanted.slug}", _put(Digest, wanted, {"slug": wanted.slug}, fields)


def _need(model: type[models.Model], wanted: _Part, key: dict[str, str], names: tuple[str, ...]) -> None:
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


def _put(model: type[models.Model], wanted: _Part, key: dict[str, str], fields: dict[str, Any]) -> str:
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


def _topic_ids(slugs: tuple[str, ...] | list[str]) -> list[int]:
    known = dict(Topic.objects.filter(slug__in=slugs).values_list("slug", "id"))
    missing = sorted(set(slugs) - known.keys())
    if missing:
        raise UserError(f"There is no topic {', '.join(missing)}.", "config/topics.yaml lists them.")
    return sorted(known.values())
