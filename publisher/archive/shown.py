"""What an edition of the archive shows today, in one language: all of its items of that language, as they are now.

An item that was corrected since is shown corrected, and the page says so. One that was withdrawn, that is under an embargo or
waits for a clearance by now is left out, and the page says that something is; so it does of one that was taken back while the
edition was on its way. Words that somebody wrote for the edition go with it, since they may be about what is left out. Nothing
of a reader is looked at here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from publisher.archive.editions import languages_of
from publisher.archive.pictures import name_of
from publisher.digests.models import Edition, EditionItem, Variant
from publisher.digests.rendering import item_view, names_in, topic_names, view_of
from publisher.items.languages import primary
from publisher.items.models import Item, Revision
from publisher.items.visibility import is_visible
from publisher.render.digest import render_subject
from publisher.render.failure import TemplateFailure
from publisher.render.shorten import one_line
from publisher.render.views import DEFAULT_SUBJECT, ItemView
from publisher.review import texts, uncleared
from publisher.review.models import Kind

SEEN: Final = frozenset({"title", "summary", "url", "kind", "image_url", "image_alt", "published_at"})
"""Fields whose change readers can see."""
_WEB: Final = ("http://", "https://")
LONGEST_SUMMARY: Final = 600


@dataclass(frozen=True)
class ShownItem:
    """An item of the page. `picture` is its name in our addresses, or ""; `corrected_at` when readers saw it change last."""

    view: ItemView
    picture: str
    corrected_at: datetime | None


@dataclass(frozen=True)
class Shown:
    """An edition in one language. `left_out`: how many of its items nobody may see by now. `updated_at`: when it changed last, as
    far as that is known."""

    edition: Edition
    language: str
    languages: tuple[str, ...]
    title: str
    intro: str
    items: tuple[ShownItem, ...]
    left_out: int
    sent_at: datetime
    updated_at: datetime
    own_intro: str = ""

    @property
    def summary(self) -> str:
        """In a line: the introduction written for it, or what else is inside than the title says, or what it is about."""
        titles = (each.view.title for each in self.items)
        others = " · ".join(title for title in titles if title not in self.title)
        about = next((each.view.summary for each in self.items), "")
        return one_line(self.own_intro or others or about, 200)


def shown(edition: Edition, language: str, *, now: datetime) -> Shown | None:
    """One edition; None when it was not sent in this language."""
    found = shown_many([edition], language, now=now)
    return found[0] if found else None


def shown_many(editions: Sequence[Edition], language: str, *, now: datetime) -> list[Shown]:
    """Several, in the same order; those that were not sent in this language are left out. A few statements for all of them."""
    entries = EditionItem.objects.filter(edition__in=editions).select_related("item").order_by("position")
    held: dict[int, list[EditionItem]] = {}
    for entry in entries.defer("item__body_html", "item__body_text", "item__contact", "item__notes"):
        held.setdefault(entry.edition_id, []).append(entry)
    dropped = _dropped(editions, held)
    ours = {
        pk: [each for each in held.get(pk, ()) if primary(each.item.language) == language]
        for pk in held.keys() | dropped.keys()
    }
    all_ours = [entry for rows in ours.values() for entry in rows]
    ids = {entry.item_id for rows in held.values() for entry in rows}
    waiting = uncleared.open_rows().filter(item_id__in=ids).order_by().values_list("item_id", flat=True)
    known = _Known(
        language=language,
        waiting=frozenset(waiting),
        unclear=frozenset(texts.open_of(Kind.EDITION, list(ours))),
        corrected=_corrections(all_ours),
        names=topic_names(),
        dropped=dropped,
        now=now,
    )
    return [
        _shown(edition, held.get(edition.pk, []), ours[edition.pk], known)
        for edition in editions
        if ours.get(edition.pk) or language in dropped.get(edition.pk, ())
    ]


@dataclass(frozen=True)
class _Known:
    """What is asked once for all editions: items that wait for a clearance, editions whose own texts do, corrections, topics, and
    by edition the languages of what was dropped."""

    language: str
    waiting: frozenset[int]
    unclear: frozenset[int]
    corrected: dict[tuple[int, int], datetime]
    names: dict[int, dict[str, str]]
    dropped: dict[int, list[str]]
    now: datetime

    def may_see(self, entry: EditionItem) -> bool:
        return is_visible(entry.item, self.now) and entry.item_id not in self.waiting


def _shown(edition: Edition, held: list[EditionItem], entries: list[EditionItem], known: _Known) -> Shown:
    seen = [each for each in entries if known.may_see(each)]
    items = tuple(_item(each, known) for each in seen)
    sent_at = edition.finished_at or edition.due_at
    changes = [each.corrected_at for each in items if each.corrected_at]
    changes += [each.item.retracted_at for each in held if each.item.retracted_at]
    changes += [each.item.embargo_until for each in seen if each.item.embargo_until]
    dropped = known.dropped.get(edition.pk, [])
    spoken = {*dropped, *(primary(each.item.language) for each in held)}
    all_there = not dropped and all(map(known.may_see, held))
    own = all_there and edition.pk not in known.unclear
    return Shown(
        edition=edition,
        language=known.language,
        languages=tuple(each for each in languages_of(edition.digest) if each in spoken),
        title=_title(edition, seen, known, own=own) if seen else edition.digest.text("title", known.language),
        intro=(edition if own else edition.digest).text("intro", known.language),
        items=items,
        left_out=len(entries) - len(seen) + dropped.count(known.language),
        sent_at=sent_at,
        updated_at=max([sent_at, *changes]),
        own_intro=edition.own_text("intro", known.language) if own else "",
    )


def _dropped(editions: Sequence[Edition], held: dict[int, list[EditionItem]]) -> dict[int, list[str]]:
    """By edition the language of each item that was taken back while it was sent, and that it does not hold again."""
    missing = {
        each.pk: set(each.dropped) - {entry.item_id for entry in held.get(each.pk, ())}
        for each in editions
        if each.dropped
    }
    rows = Item.objects.filter(pk__in=set().union(*missing.values())) if missing else Item.objects.none()
    languages = {pk: primary(language) for pk, language in rows.values_list("pk", "language")}
    return {
        pk: [languages[item] for item in items if item in languages] for pk, items in missing.items() if items
    }


def _item(entry: EditionItem, known: _Known) -> ShownItem:
    topics = names_in(known.language, entry.topics, known.names)
    view = item_view(entry.item, language=known.language, region="", topics=topics)
    view = replace(
        view,
        url=view.url if view.url.lower().startswith(_WEB) else "",
        summary=one_line(view.summary, LONGEST_SUMMARY),
    )
    picture = name_of(view.image_url) if view.image_url.lower().startswith(_WEB) else ""
    return ShownItem(view, picture, known.corrected.get((entry.item_id, entry.revision)))


def _title(edition: Edition, seen: list[EditionItem], known: _Known, *, own: bool) -> str:
    """The subject of its mails, made of what may be seen of it by now; its digest's subject where its own is not shown."""
    mask = sum(1 << each.position for each in seen)
    view = view_of(
        edition, Variant(edition=edition, mask=mask, language=known.language, region=""), seen, known.names
    )
    subject = view.subject if own else edition.digest.text("subject", known.language) or DEFAULT_SUBJECT
    try:
        return render_subject(view, subject)
    except TemplateFailure:
        return render_subject(view, DEFAULT_SUBJECT)


def _corrections(entries: list[EditionItem]) -> dict[tuple[int, int], datetime]:
    """When each item changed last for a reader, since the revision that its edition holds: by item and that revision."""
    outdated = {(entry.item_id, entry.revision) for entry in entries if entry.item.revision > entry.revision}
    rows = Revision.objects.filter(item__in={pk for pk, _revision in outdated})
    found: dict[tuple[int, int], datetime] = {}
    for pk, number, changed, at in rows.order_by("number").values_list(
        "item_id", "number", "changed", "received_at"
    ):
        for held in outdated:
            if held[0] == pk and number > held[1] and SEEN & set(changed):
                found[held] = at
    return found
