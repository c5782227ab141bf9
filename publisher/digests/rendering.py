"""Rendering an edition's variants: each distinct result once. What is per recipient stays a slot."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import Q

from publisher.digests import pictures
from publisher.digests.assembling import items_of
from publisher.digests.models import Digest, Edition, EditionItem, Variant
from publisher.items.models import Item, Revision, Topic
from publisher.render import trial
from publisher.render.digest import GMAIL_CLIP, render_alert, render_digest
from publisher.render.failure import TemplateFailure
from publisher.render.views import DEFAULT_SUBJECT, DigestView, ItemView, RenderedMail

log = logging.getLogger(__name__)

SLOT_BYTES = 1_500
"""What a recipient's own words and links add at most."""
MOST_PROBLEMS = 3
BATCH = 50
"""Variants stored at once: some 5 MB."""

Serialise = Callable[[Edition, Variant], bytes]
"""Makes a rendered variant's mail of bytes: what a mail is on the wire is known to the room above."""

STORE = """
UPDATE digests_variant
SET subject = %s, html = %s, text = %s, message = %s, content_hash = %s, rendered_at = %s
WHERE id = %s
"""


def render_variants(edition_id: int, *, now: datetime, serialise: Serialise) -> int:
    """Render what the edition needs and is not rendered yet, and store its mail as bytes; how many.

    Each batch is stored by itself, so a crash costs one batch. Raises `TemplateFailure` of our own templates. A subject that
    fails hurts no more than itself: its variants get the plain one, and the edition's `problem` says so, as it does for a
    mail that Gmail would cut.
    """
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    unfinished = Q(rendered_at__isnull=True) | Q(message__isnull=True)
    waiting = list(
        edition.variants.filter(unfinished, selections__gt=0).order_by("pk").values_list("pk", flat=True)
    )
    if not waiting:
        return 0
    items = _as_held(items_of(edition))
    names = _topic_names()
    problems = dict.fromkeys(_leave_out_gone_pictures(items))
    for start in range(0, len(waiting), BATCH):
        batch = list(
            Variant.objects.defer("html", "text", "message").filter(pk__in=waiting[start : start + BATCH])
        )
        for variant in batch:
            problem = _render(edition, variant, items, names)
            if problem:
                problems[problem] = None
            variant.rendered_at = now
            variant.message = serialise(edition, variant)
        _store(batch)
    _tell(edition, list(problems))
    log.info(
        "edition.rendered",
        extra={"edition_id": edition_id, "variants": len(waiting), "trace_id": edition.trace_id},
    )
    return len(waiting)


def _store(batch: list[Variant]) -> None:
    """Write a batch in one transaction: one statement a row, sent without waiting for the answers.

    By a cursor of psycopg's own: Django's would write 100 KB of values a row into the text of the statement.
    """
    rows = [
        (each.subject, each.html, each.text, each.message, each.content_hash, each.rendered_at, each.pk)
        for each in batch
    ]
    with transaction.atomic(), psycopg.Cursor(connection.connection) as cursor:
        cursor.executemany(STORE, rows)


def _as_held(entries: list[EditionItem]) -> list[EditionItem]:
    """The entries with their items as of the revision that the edition holds, not what came in since."""
    outdated = {entry.item_id: entry for entry in entries if entry.item.revision > entry.revision}
    if outdated:
        held = Q()
        for entry in outdated.values():
            held |= Q(item=entry.item_id, number=entry.revision)
        for revision in Revision.objects.filter(held):
            _put_back(outdated[revision.item_id].item, revision.content)
    return entries


def _put_back(item: Item, content: dict[str, Any]) -> None:
    """The fields that a mail shows, from a revision (`Content.as_json`). The row is never saved."""
    for name in ("kind", "title", "url", "links", "summary", "language", "image_url", "image_alt"):
        setattr(item, name, content.get(name, getattr(item, name)))
    if content.get("published_at"):
        item.published_at = datetime.fromisoformat(content["published_at"])


def _leave_out_gone_pictures(entries: list[EditionItem]) -> list[str]:
    """Take pictures that do not exist out of the items; what is said about each."""
    gone = pictures.gone([entry.item.image_url for entry in entries])
    said = []
    for entry in entries:
        if entry.item.image_url in gone:
            said.append(f"The picture of “{entry.item.title}” is left out: {gone[entry.item.image_url]}")
            entry.item.image_url = ""
    return said


def _render(
    edition: Edition, variant: Variant, items: list[EditionItem], names: dict[int, dict[str, str]]
) -> str:
    """Fill in the variant's mail; what is wrong with it though it can be sent, or ""."""
    view = view_of(edition, variant, items, names)
    mail, problem = _mail_of(view, render_alert if _is_alert(edition.digest, view) else render_digest)
    variant.subject, variant.html, variant.text = mail.subject, mail.html, mail.text
    variant.content_hash = hashlib.sha256("\0".join((mail.subject, mail.html, mail.text)).encode()).digest()
    return problem


def _is_alert(digest: Digest, view: DigestView) -> bool:
    return digest.layout == Digest.Layout.ALERT and len(view.items) == 1


def _mail_of(view: DigestView, render: Callable[[DigestView], RenderedMail]) -> tuple[RenderedMail, str]:
    """The mail, and what is wrong with it though it can be sent."""
    problem = ""
    try:
        mail = render(view)
    except TemplateFailure as failure:
        if failure.template != view.subject_name:
            raise
        mail = render(replace(view, subject=DEFAULT_SUBJECT))
        problem = f"The template failed: {failure}. The mails go out under “{mail.subject}”."
    size = len(mail.html.encode()) + SLOT_BYTES
    if size > GMAIL_CLIP:
        problem = (
            f"{problem} The mail in {view.language} with {len(view.items)} items has {size:,} bytes of HTML; "
            f"Gmail cuts off what is behind {GMAIL_CLIP:,}."
        ).strip()
    return mail, problem


def _tell(edition: Edition, problems: list[str]) -> None:
    if not problems:
        return
    more = f" And {len(problems) - MOST_PROBLEMS} more." if len(problems) > MOST_PROBLEMS else ""
    text = " ".join(problems[:MOST_PROBLEMS]) + more
    log.error("edition.problem", extra={"edition_id": edition.pk, "problem": text})
    Edition.objects.filter(pk=edition.pk, state=Edition.State.ASSEMBLING).update(problem=text)


def view_of(
    edition: Edition, variant: Variant, items: list[EditionItem], names: dict[int, dict[str, str]]
) -> DigestView:
    """What the templates are given for one variant. `names` are the topics' names by id and language."""
    digest = edition.digest
    language = variant.language
    return DigestView(
        title=digest.text("title", language),
        language=language,
        items=tuple(
            item_view(
                entry.item,
                language=language,
                region=variant.region,
                topics=_names(entry.topics, names, language),
            )
            for entry in items
            if variant.mask >> entry.position & 1
        ),
        organisation=digest.text("organisation", language),
        issued_at=edition.due_at,
        intro=digest.text("intro", language),
        address=digest.text("postal_address", language),
        accent=digest.accent,
        zone=digest.zone,
        **_subject(digest, language),
    )


def item_view(item: Item, *, language: str, region: str, topics: tuple[str, ...]) -> ItemView:
    """One item for the templates; readers in `region` get the link made for them, where the item has one."""
    return ItemView(
        id=item.pk,
        kind=item.kind,
        title=item.title,
        url=item.links.get(region) or item.url,
        summary=item.summary,
        published_at=item.published_at,
        language=item.language or language,
        topics=topics,
        image_url=item.image_url,
        image_alt=item.image_alt,
    )


def subject_problem(digest: Digest) -> str:
    """What is wrong with the digest's subjects, tried with sample items; "" when nothing is."""
    for language, template in digest.subject.items():
        failure = trial.subject_problem(template, language=language, name=_subject_name(digest, language))
        if failure:
            return str(failure)
    return ""


def _subject_name(digest: Digest, language: str) -> str:
    return f"subject ({language}) of {digest.slug}"


def _subject(digest: Digest, language: str) -> dict[str, str]:
    subject = digest.text("subject", language)
    named = {"subject_name": _subject_name(digest, language)}
    return named | ({"subject": subject} if subject else {})


def _topic_names() -> dict[int, dict[str, str]]:
    return {pk: {"en": en, "zh": zh} for pk, en, zh in Topic.objects.values_list("id", "name_en", "name_zh")}


def _names(topic_ids: list[int], names: dict[int, dict[str, str]], language: str) -> tuple[str, ...]:
    key = "zh" if language.startswith("zh") else "en"
    return tuple(names[topic_id][key] for topic_id in topic_ids if topic_id in names)
