"""Rendering an edition's variants: each distinct result once. What is per recipient stays a slot."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from publisher.digests.assembling import items_of
from publisher.digests.models import Digest, Edition, EditionItem, EditionSelection, Variant
from publisher.items.models import Item, Topic
from publisher.render.digest import render_digest
from publisher.render.views import DigestView, ItemView

log = logging.getLogger(__name__)


def render_variants(edition_id: int, *, now: datetime) -> int:
    """Render what the edition needs and is not rendered yet; how many. Raises `TemplateFailure` (template, line)."""
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    needed = EditionSelection.objects.filter(edition=edition).values("variant_id")
    waiting = Variant.objects.filter(id__in=needed, rendered_at__isnull=True)
    if not waiting:
        return 0
    items = items_of(edition)
    names = _topic_names()
    for variant in waiting.iterator(chunk_size=50):
        mail = render_digest(view_of(edition, variant, items, names))
        variant.subject, variant.html, variant.text = mail.subject, mail.html, mail.text
        variant.content_hash = hashlib.sha256(
            "\0".join((mail.subject, mail.html, mail.text)).encode()
        ).digest()
        variant.rendered_at = now
        variant.save(update_fields=["subject", "html", "text", "content_hash", "rendered_at"])
    count = len(waiting)
    log.info(
        "edition.rendered", extra={"edition_id": edition_id, "variants": count, "trace_id": edition.trace_id}
    )
    return count


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


def _subject(digest: Digest, language: str) -> dict[str, str]:
    subject = digest.text("subject", language)
    return {"subject": subject} if subject else {}


def _topic_names() -> dict[int, dict[str, str]]:
    return {pk: {"en": en, "zh": zh} for pk, en, zh in Topic.objects.values_list("id", "name_en", "name_zh")}


def _names(topic_ids: list[int], names: dict[int, dict[str, str]], language: str) -> tuple[str, ...]:
    key = "zh" if language.startswith("zh") else "en"
    return tuple(names[topic_id][key] for topic_id in topic_ids if topic_id in names)
