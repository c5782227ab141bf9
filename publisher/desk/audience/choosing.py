"""What somebody wants of a digest, as the desk's forms ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http.request import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from publisher.audience.choices import Choice
from publisher.audience.models import Selection
from publisher.audience.regions import region_code
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.desk.language_names import language_name
from publisher.digests.models import Digest
from publisher.items.models import Kind, Topic


@dataclass(frozen=True)
class Form:
    """The fields of a choice, with what is ticked."""

    digest: Digest
    languages: list[tuple[str, str]]
    topics: list[tuple[str, str]]
    kinds: Sequence[tuple[str, str | Promise]]
    language: str
    ticked_topics: list[str]
    ticked_kinds: list[str]
    region: str


def digest_of(data: QueryDict) -> Digest:
    """Raises `UserError`."""
    digest = Digest.objects.filter(pk=number_in(data.get("digest", "")) or 0).first()
    if digest is None:
        raise UserError(_("Choose a digest."))
    return digest


def form_of(digest: Digest, data: QueryDict, selection: Selection | None = None) -> Form:
    """As it was sent, else as the selection has it."""
    topics = Topic.objects.filter(retired=False)
    if digest.topics:
        topics = topics.filter(pk__in=digest.topics)
    kinds = [(value, label) for value, label in Kind.choices if not digest.kinds or value in digest.kinds]
    sent = "language" in data
    first = digest.languages[0] if digest.languages else "en"
    return Form(
        digest,
        [(tag, language_name(tag)) for tag in digest.languages],
        [(str(topic.pk), topic.name) for topic in topics],
        kinds,
        data.get("language", "") if sent else selection.language if selection else first,
        data.getlist("topic") if sent else [str(pk) for pk in selection.topics] if selection else [],
        data.getlist("kind") if sent else list(selection.kinds) if selection else [],
        data.get("region", "")[:40] if sent else selection.region if selection else "",
    )


def choice_of(data: QueryDict, digest: Digest) -> Choice:
    """What was chosen, held to what the digest offers. All ticked is the same as none: everything. Raises `UserError`."""
    form = form_of(digest, data)
    language = data.get("language", "")
    if language not in digest.languages:
        raise UserError(_("Choose one of the digest's languages."))
    topics = [int(pk) for pk, _name in form.topics if pk in form.ticked_topics]
    kinds = [kind for kind, _name in form.kinds if kind in form.ticked_kinds]
    region = data.get("region", "").strip()
    code = region_code(region) if region else ""
    if code is None:
        raise UserError(
            _("“%(region)s” is no region.") % {"region": region[:40]}, _("Write two letters such as CN.")
        )
    return Choice.of(
        language=language,
        topics=topics if len(topics) < len(form.topics) else (),
        kinds=kinds if len(kinds) < len(form.kinds) else (),
        region=code,
    )
