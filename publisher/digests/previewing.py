"""What somebody with a given choice would be mailed of an edition, whether any reader has chosen so or not. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from publisher.audience.models import Selection
from publisher.digests.assembling import items_of
from publisher.digests.matching import mask_of, variant_for
from publisher.digests.models import Edition, EditionItem, Variant
from publisher.digests.rendering import as_held, render_one, topic_names, view_of
from publisher.items.languages import primary
from publisher.render.digest import render_subject
from publisher.render.views import DEFAULT_SUBJECT


@dataclass(frozen=True)
class Preview:
    """A rendering, and the name that its greeting says. `variant` is stored only where readers get just this."""

    variant: Variant
    name: str = ""

    @property
    def is_stored(self) -> bool:
        return self.variant.pk is not None


def for_choice(edition: Edition, selection: Selection) -> Preview | None:
    """What this choice (a row, or one that is not stored) receives; None when it matches nothing. Raises `TemplateFailure`."""
    found = variant_for(edition, selection)
    if found and found.rendered_at:
        return Preview(found)
    entries = items_of(edition)
    mask = mask_of(selection, entries)
    if not mask:
        return None
    linked = any(selection.region in entry.item.links for entry in entries if mask >> entry.position & 1)
    region = selection.region if linked else ""
    variant = Variant(edition=edition, mask=mask, language=primary(selection.language), region=region)
    return Preview(render_one(edition, variant, as_held(entries)))


def subject_for(edition: Edition, language: str, template: str) -> str:
    """The subject that a template gives the fullest mail in a language; "" without items in it. Raises `TemplateFailure`."""
    entries = as_held(_of_language(items_of(edition), language))
    if not entries:
        return ""
    mask = sum(1 << entry.position for entry in entries)
    view = view_of(
        edition, Variant(edition=edition, mask=mask, language=primary(language)), entries, topic_names()
    )
    wanted = template or edition.digest.text("subject", language) or DEFAULT_SUBJECT
    return render_subject(replace(view, subject=wanted), wanted)


def _of_language(entries: list[EditionItem], language: str) -> list[EditionItem]:
    return [entry for entry in entries if primary(entry.item.language) == primary(language)]
