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
from django.utils.translation import gettext_noop

from publisher.digests import pictures
from publisher.digests.assembling import items_of
from publisher.digests.models import Digest, Edition, EditionItem, Variant
from publisher.items.languages import primary
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

Adjust = Callable[[str], str]
"""Makes of a variant's HTML what is sent: that links are counted is known to a room above."""

STORE = """
UPDATE digests_variant
SET subject = %s, html = %s, text = %s, message = %s, content_hash = %s, rendered_at = %s
WHERE id = %s
"""


def render_variants(
    edition_id: int, *, now: datetime, serialise: Serialise, adjust: Adjust | None = None
) -> int:
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
    items = as_held(items_of(edition))
    names = topic_names()
    problems = dict.fromkeys(_leave_out_gone_pictures(items))
    for start in range(0, len(waiting), BATCH):
        batch = list(
            Variant.objects.defer("html", "text", "message").filter(pk__in=waiting[start : start + BATCH])
        )
        for variant in batch:
            problem = _render(edition, variant, items, names, adjust)
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


def as_held(entries: list[EditionItem]) -> list[EditionItem]:
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
            values = {"title": entry.item.title, "why": gone[entry.item.image_url]}
            said.append(gettext_noop("The picture of “%(title)s” is left out: %(why)s") % values)
            entry.item.image_url = ""
    return said


def render_one(edition: Edition, variant: Variant, items: list[EditionItem]) -> Variant:
    """The variant with its subject, HTML and text, which are not stored. Raises `TemplateFailure` of our own templates."""
    _render(edition, variant, items, topic_names())
    return variant


def _render(
    edition: Edition,
    variant: Variant,
    items: list[EditionItem],
    names: dict[int, dict[str, str]],
    adjust: Adjust | None = None,
) -> str:
    """Fill in the variant's mail; what is wrong with it though it can be sent, or ""."""
    view = view_of(edition, variant, items, names)
    mail, problem = _mail_of(view, render_alert if _is_alert(edition.digest, view) else render_digest, adjust)
    variant.subject, variant.html, variant.text = mail.subject, mail.html, mail.text
    variant.content_hash = hashlib.sha256("\0".join((mail.subject, mail.html, mail.text)).encode()).digest()
    return problem


def _is_alert(digest: Digest, view: DigestView) -> bool:
    return digest.layout == Digest.Layout.ALERT and len(view.items) == 1


def _mail_of(
    view: DigestView, render: Callable[[DigestView], RenderedMail], adjust: Adjust | None
) -> tuple[RenderedMail, str]:
    """The mail, and what is wrong with it though it can be sent."""
    problem = ""
    try:
        mail = render(view)
    except TemplateFailure as failure:
        if failure.template != view.subject_name:
            raise
        mail = render(replace(view, subject=DEFAULT_SUBJECT))
        failed = gettext_noop("The template failed: %(why)s.") % {"why": failure}
        goes = gettext_noop("The mails go out under “%(subject)s”.") % {"subject": mail.subject}
        problem = f"{failed} {goes}"
    if adjust:
        mail = replace(mail, html=adjust(mail.html))
    size = len(mail.html.encode()) + SLOT_BYTES
    if size > GMAIL_CLIP:
        too_large = gettext_noop(
            "The mail in %(language)s with %(items)s items has %(size)s bytes of HTML; Gmail cuts off what is behind %(most)s."
        )
        values = {"language": view.language, "items": len(view.items), "size": f"{size:,}"}
        problem = f"{problem} {too_large % {**values, 'most': f'{GMAIL_CLIP:,}'}}".strip()
    return mail, problem


def _tell(edition: Edition, problems: list[str]) -> None:
    if not problems:
        return
    rest = len(problems) - MOST_PROBLEMS
    more = " " + gettext_noop("And %(num)s more.") % {"num": rest} if rest > 0 else ""
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
                topics=names_in(language, entry.topics, names),
            )
            for entry in items
            if variant.mask >> entry.position & 1
        ),
        organisation=digest.text("organisation", language),
        issued_at=edition.due_at,
        intro=edition.text("intro", language),
        preheader=edition.own_text("preheader", language),
        address=digest.text("postal_address", language),
        accent=digest.accent,
        zone=digest.zone,
        **_subject(edition, language),
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


def template_problem(digest: Digest, language: str, template: str) -> str:
    """What is wrong with one template of a subject, of the digest or of an edition of it; "" when nothing is."""
    failure = trial.subject_problem(template, language=language, name=_subject_name(digest, language))
    return str(failure) if failure else ""


def _subject_name(digest: Digest, language: str) -> str:
    return f"subject ({language}) of {digest.slug}"


def _subject(edition: Edition, language: str) -> dict[str, str]:
    subject = edition.text("subject", language)
    named = {"subject_name": _subject_name(edition.digest, language)}
    return named | ({"subject": subject} if subject else {})


def topic_names() -> dict[int, dict[str, str]]:
    """The topics' names by id and language."""
    rows = Topic.objects.values_list("id", "name_en", "name_zh", "names")
    return {pk: {**more, "en": en, "zh": zh} for pk, en, zh, more in rows}


def names_in(language: str, topic_ids: list[int], names: dict[int, dict[str, str]]) -> tuple[str, ...]:
    """What these topics are called in a language (BCP 47), in English where they have no name in it."""
    key = primary(language)
    return tuple(names[pk].get(key) or names[pk]["en"] for pk in topic_ids if pk in names)
