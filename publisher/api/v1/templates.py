"""Templates of posts: a channel's text, tried on items, saved against the version that was seen, and its former versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.items import ItemKind
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import NO_NUL, BodyId, Given, Id, Page, Paged, Shape, VersionIn
from publisher.api.v1.versions import seen
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.people.permissions import DESIGN
from publisher.social import sampling, template_history, templating
from publisher.social.models import Channel, TemplateVersion
from publisher.social.sampling import Sample

TemplateText = Annotated[str, StringConstraints(max_length=templating.LONGEST, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]


class TemplateOut(Shape):
    """`version` is the channel's, against which a text is saved."""

    channel_id: int
    version: int
    text: str = Field(description="Empty: the network's own template is used.")
    newest: int = Field(description="The number of the newest version; 0 when there is none.")
    outdated: int = Field(description="Drafts of before the last change that nobody edited or approved.")


class OwnOut(Shape):
    """The network's own template."""

    text: str


class OwnFilter(Given):
    kind: ItemKind = Field("story", description="Some networks have another one for some kinds.")


class TemplateVersionOut(Shape):
    number: int
    note: str = Field(description="Why, in the person's words.")
    by: str
    at: datetime


class TemplateVersionDetail(TemplateVersionOut):
    text: str


class TemplateIn(VersionIn):
    text: TemplateText = Field(description="Empty: the network's own template from now on.")
    note: Note = Field("", description="Why: others read it among the versions.")


class TrialIn(Given):
    """A text to try; nothing is saved. docs/posts.md lists the words that it may use."""

    text: TemplateText | None = Field(None, description="Left out: the text in use.")
    item: BodyId | None = Field(
        None,
        description="The item to try it on; left out: the newest, the longest and others at which templates fail.",
    )


class TriedPart(Shape):
    """One message, measured by the network's rule."""

    text: str
    length: int
    limit: int
    fits: bool


class TriedOut(Shape):
    """What the text makes of an item."""

    item_id: int | None = Field(description="Null: an example, while there are no items.")
    why: str = Field(description="Why this item is tried.")
    parts: list[TriedPart]
    problem: str
    line: int = Field(description="The line that is to blame; 0: none.")


class TrialOut(Shape):
    data: list[TriedOut]


class DraftedOut(Shape):
    made: int
    same: int = Field(description="So many came out as they were.")
    left: int = Field(description="So many were changed meanwhile, and left alone.")
    outdated: int = Field(description="So many are still to be made anew: call again.")


@reads("/channels/{int:channel_id}/template", DESIGN, tag="templates")
def read_template(request: HttpRequest, channel_id: Id) -> TemplateOut:  # noqa: ARG001 - ninja's signature
    """The text in use."""
    return _out(channel_id)


@reads("/channels/{int:channel_id}/template/own", DESIGN, tag="templates")
def read_own_template(request: HttpRequest, channel_id: Id, wanted: Query[OwnFilter]) -> OwnOut:  # noqa: ARG001
    """The network's own template, to begin with."""
    return OwnOut(text=templating.own_source(_channel(channel_id).network, wanted.kind))


@reads("/channels/{int:channel_id}/template/versions", DESIGN, tag="templates")
def list_template_versions(
    request: HttpRequest, channel_id: Id, wanted: Query[Paged]
) -> Page[TemplateVersionOut]:
    """Each text that was in use, newest first."""
    rows = _channel(channel_id).template_versions.defer("text")
    return paging.newest(request, rows, wanted, _version)


@reads("/channels/{int:channel_id}/template/versions/{int:version_number}", DESIGN, tag="templates")
def read_template_version(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature
    channel_id: Id,
    version_number: Id,
) -> TemplateVersionDetail:
    """One of them, with its text."""
    row = get_object_or_404(TemplateVersion, channel_id=channel_id, number=version_number)
    return TemplateVersionDetail(**_version(row).model_dump(), text=row.text)


@does("/channels/{int:channel_id}/template/try", DESIGN, tag="templates")
def try_template(request: HttpRequest, channel_id: Id, given: TrialIn) -> TrialOut:  # noqa: ARG001 - as above
    """See what a text makes of items. Nothing is saved, and nobody is asked."""
    channel = _channel(channel_id)
    samples = sampling.samples_or(given.item, channel, now=clock.now())
    if given.item is not None and [each.item.pk for each in samples] != [given.item]:
        raise UserError(
            "There is no such item, or it is not for the public (yet).", "GET /api/v1/items lists them."
        )
    text = channel.template if given.text is None else given.text
    return TrialOut(data=[_tried(channel, text, each) for each in samples])


@does("/channels/{int:channel_id}/template/save", DESIGN, tag="templates", versioned=True)
def save_template(request: HttpRequest, channel_id: Id, given: TemplateIn) -> TemplateOut:
    """Use a text from now on. One that cannot be rendered is refused, with its line."""
    _channel(channel_id)
    templating.save(
        channel_id,
        given.text,
        note=given.note,
        user=user_of(request),
        version=seen(request, given.version),
        now=clock.now(),
    )
    return _out(channel_id)


@does(
    "/channels/{int:channel_id}/template/versions/{int:version_number}/use",
    DESIGN,
    tag="templates",
    versioned=True,
)
def use_template_version(
    request: HttpRequest, channel_id: Id, version_number: Id, given: VersionIn
) -> TemplateOut:
    """Use the text of a former version again, as the newest one."""
    get_object_or_404(TemplateVersion, channel_id=channel_id, number=version_number)
    version = seen(request, given.version)
    templating.go_back(channel_id, version_number, user=user_of(request), version=version, now=clock.now())
    return _out(channel_id)


@does("/channels/{int:channel_id}/template/draft-again", DESIGN, tag="templates")
def draft_by_template(request: HttpRequest, channel_id: Id) -> DraftedOut:
    """Draft again by it what nobody has edited or approved; 200 posts at once."""
    channel = _channel(channel_id)
    done = templating.draft_again(channel_id, user=user_of(request), now=clock.now())
    return DraftedOut(
        made=done.made, same=done.same, left=done.left, outdated=templating.outdated(channel).count()
    )


def _channel(channel_id: int) -> Channel:
    return get_object_or_404(Channel.objects.select_related("health"), pk=channel_id)


def _out(channel_id: int) -> TemplateOut:
    channel = _channel(channel_id)
    return TemplateOut(
        channel_id=channel.pk,
        version=channel.revision,
        text=channel.template,
        newest=template_history.newest_number(channel),
        outdated=templating.outdated(channel).count(),
    )


def _version(row: TemplateVersion) -> TemplateVersionOut:
    return TemplateVersionOut(number=row.number, note=row.note, by=row.by, at=row.at)


def _tried(channel: Channel, text: str, sample: Sample) -> TriedOut:
    trial = templating.try_out(channel, text, sample.item)
    return TriedOut(
        item_id=sample.item.pk,
        why=str(sample.why),
        parts=[
            TriedPart(text=part, length=measure.length, limit=measure.limit, fits=measure.fits)
            for part, measure in zip(trial.texts, trial.measures, strict=True)
        ],
        problem=trial.problem,
        line=trial.line,
    )
