"""What a person changes of an edition before anything of it has left: its items and their order, its subject and introduction,
and its readers.

Each deed has the edition assembled again, and what was approved of it is approved no more (`digests.editions.changed`). It
stands here, and not among the digests, since it asks what became of the edition's mails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from publisher.audience.models import Segment
from publisher.core import audit
from publisher.core.alone import EDITION, alone
from publisher.core.audit import Actor
from publisher.core.errors import ChangedSince, UserError
from publisher.delivery import tally
from publisher.delivery.corrections import is_in_flight, renew
from publisher.delivery.states import LEFT_US, State
from publisher.digests import editions, readers
from publisher.digests.arrangement import Arrangement, by_language
from publisher.digests.assembling import items_of
from publisher.digests.models import MOST_POSITIONS, Digest, Edition, EditionItem
from publisher.digests.rendering import template_problem
from publisher.items.languages import primary
from publisher.items.models import Item
from publisher.items.visibility import visible

S = Edition.State
OPEN: Final = (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.PAUSED)
WAIT_SECONDS: Final = 3.0
"""So long a deed waits for whoever assembles the edition just now."""
LONGEST: Final = {"subject": 500, "intro": 2_000, "preheader": 200}
"""Characters of each text of an edition."""
_MAY_HAVE_LEFT: Final = frozenset({*LEFT_US, State.SENDING, State.UNKNOWN})


class Quicker(ChangedSince):
    """Somebody else changed the edition meanwhile."""


class WrongText(UserError):
    """Texts that cannot be used: by (field, language) what is wrong with each."""

    def __init__(self, problems: dict[tuple[str, str], str]) -> None:
        super().__init__(_("The texts were not saved."), " ".join(problems.values()))
        self.problems = problems


def why_not(edition: Edition) -> str:
    """Why nothing of it can be changed now; "" when it can."""
    if edition.state == S.SENDING:
        return _("It is being sent. Pause it first; if nothing has left by then, it can be changed.")
    if edition.state not in OPEN:
        return _("It is over, so nothing of it can be changed.")
    if edition.number is None:
        return _("Its items are being chosen. It can be changed in a moment.")
    counts = tally.by_state(edition_id=edition.pk)
    if any(counts.get(state) for state in _MAY_HAVE_LEFT):
        return _("Some of it has left. What the others get must be the same.")
    return ""


def arrangement_of(edition: Edition) -> Arrangement:
    """What it holds now, in order, and what was taken out."""
    held = edition.edition_items.order_by("position").values_list("item_id", flat=True)
    return Arrangement(tuple(held), tuple(edition.left_out))


def arrange(edition_id: int, order: Sequence[int], *, user: Actor, now: datetime, seen: str) -> Edition:
    """Let the edition hold just these items (ids), in this order; what it held else is left out. It is assembled again.

    `seen` is the `Edition.version` that the person looked at. Raises `Quicker` when it is another by now, and `UserError`.
    """
    with _changing(edition_id, seen) as edition:
        was = arrangement_of(edition)
        items = _items(edition, order, was, now)
        wanted = by_language(
            order, {pk: primary(item.language) for pk, item in items.items()}, edition.digest.languages
        )
        if wanted == was.order:
            return edition
        _put(edition, wanted, items)
        gone = [pk for pk in dict.fromkeys((*was.left_out, *was.order)) if pk not in items]
        edition.left_out = gone
        edition.save(update_fields=["left_out"])
        _renewed(edition, user, now)
        names = Item.objects.in_bulk([*items, *was.order])
        before, after = (
            {"items": [names[pk].title for pk in each if pk in names]} for each in (was.order, wanted)
        )
        audit.record(user, "edition.arranged", edition, before, after)
    return edition


def write(
    edition_id: int,
    *,
    subject: Mapping[str, str],
    intro: Mapping[str, str],
    preheader: Mapping[str, str],
    user: Actor,
    now: datetime,
    seen: str,
) -> Edition:
    """Give the edition texts of its own, by language; an empty one is its digest's again. It is assembled again.

    `seen`: as for `arrange`. Raises `WrongText`, `Quicker` and `UserError`.
    """
    with _changing(edition_id, seen) as edition:
        given = {"subject": subject, "intro": intro, "preheader": preheader}
        texts = {field: _cleaned(edition.digest, field, by) for field, by in given.items()}
        _check(edition.digest, texts)
        was = {field: getattr(edition, field) for field in given}
        if texts == was:
            return edition
        for field, by in texts.items():
            setattr(edition, field, by)
        edition.save(update_fields=list(texts))
        _renewed(edition, user, now)
        differing = [field for field in texts if texts[field] != was[field]]
        before, after = ({field: each[field] for field in differing} for each in (was, texts))
        audit.record(user, "edition.written", edition, before, after)
    return edition


def choose_readers(edition_id: int, segment: int | None, *, user: Actor, now: datetime, seen: str) -> Edition:
    """Send the edition to those of its digest's subscribers who are in this segment; None: to all of them. It is assembled again.

    `seen`: as for `arrange`. Raises `Quicker` and `UserError`.
    """
    with _changing(edition_id, seen) as edition:
        if segment == edition.segment:
            return edition
        if segment is not None and not Segment.objects.filter(pk=segment).exists():
            raise UserError(_("This segment is not there any more."), _("Choose another segment."))
        was, edition.segment, edition.readers = edition.segment, segment, None
        edition.save(update_fields=["segment", "readers"])
        _renewed(edition, user, now)
        before, after = ({"segment": readers.name_of(each)} for each in (was, segment))
        audit.record(user, "edition.readers", edition, before, after)
    return edition


@contextmanager
def _changing(edition_id: int, seen: str) -> Iterator[Edition]:
    """The edition with its row locked, while nobody assembles it. Raises UserError when it cannot be changed."""
    with alone(EDITION + edition_id, wait_seconds=WAIT_SECONDS) as mine, transaction.atomic():
        edition = Edition.objects.select_for_update().select_related("digest").get(pk=edition_id)
        if edition.version != seen:
            raise Quicker(
                _("%(edition)s was changed since you opened it.") % {"edition": edition},
                _("Look at it as it is now, and then change what you still want changed."),
            )
        if not mine:
            raise UserError(
                _("%(edition)s is being assembled just now.") % {"edition": edition},
                _("Nothing was changed. Try again in a moment."),
            )
        reason = why_not(edition)
        if reason or is_in_flight(edition):
            raise UserError(_("%(edition)s cannot be changed.") % {"edition": edition}, reason)
        yield edition


def _items(edition: Edition, order: Sequence[int], was: Arrangement, now: datetime) -> dict[int, Item]:
    """The wanted items by their ids. Raises UserError for what an edition cannot hold."""
    if not order:
        raise UserError(
            _("An edition holds at least one item."), _("Cancel the edition if it is not to be sent.")
        )
    if len(set(order)) != len(order):
        raise UserError(_("An item can stand in an edition once only."), _("Load the page again."))
    if len(order) > MOST_POSITIONS:
        raise UserError(
            _("An edition holds %(most)s items at most, over all languages.") % {"most": MOST_POSITIONS}
        )
    items = Item.objects.in_bulk(order)
    shown = set(visible(now).filter(pk__in=order).values_list("pk", flat=True))
    spoken = set(map(primary, edition.digest.languages))
    for pk in order:
        if pk in was.order:
            continue
        if pk not in shown:
            raise UserError(
                _("An item that was to come in is not there, or not for the public yet."),
                _("Choose another."),
            )
        if primary(items[pk].language) not in spoken:
            raise UserError(
                _("“%(title)s” is in a language that this digest does not come in.")
                % {"title": items[pk].title}
            )
    return {pk: items[pk] for pk in order}


def _put(edition: Edition, order: Sequence[int], items: Mapping[int, Item]) -> None:
    """Write the rows: one for each item, its place as its position."""
    held = {entry.item_id: entry for entry in edition.edition_items.all()}
    edition.edition_items.exclude(item_id__in=order).delete()
    fresh = []
    for position, pk in enumerate(order):
        entry = held.get(pk) or EditionItem(edition=edition, item_id=pk, revision=items[pk].revision)
        entry.position = position
        fresh.append(entry)
    EditionItem.objects.bulk_create([entry for entry in fresh if entry.pk is None])
    EditionItem.objects.bulk_update([entry for entry in fresh if entry.item_id in held], ["position"])


def _renewed(edition: Edition, user: Actor, now: datetime) -> None:
    """Nothing that was rendered counts any more: a bit of a variant's mask may stand for another item now."""
    renew(edition, items_of(edition), everything=True)
    editions.changed(edition, user=user, now=now)


def _cleaned(digest: Digest, field: str, by_language_: Mapping[str, str]) -> dict[str, str]:
    """The texts that are not empty, in the digest's languages; one that says what the digest says anyway is none of its own."""
    texts = {}
    for tag in dict.fromkeys(map(primary, digest.languages)):
        text = _SHAPES[field](by_language_.get(tag, ""))
        if text and (field == "preheader" or text != digest.text(field, tag)):
            texts[tag] = text
    return texts


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


_SHAPES: Final[dict[str, Callable[[str], str]]] = {
    "subject": _one_line,
    "preheader": _one_line,
    "intro": _lines,
}


def _check(digest: Digest, texts: Mapping[str, Mapping[str, str]]) -> None:
    problems: dict[tuple[str, str], str] = {}
    for field, by in texts.items():
        for tag, text in by.items():
            if len(text) > LONGEST[field]:
                problems[field, tag] = _("It has %(has)s characters; %(most)s are the most.") % {
                    "has": len(text),
                    "most": LONGEST[field],
                }
            elif field == "subject" and (problem := template_problem(digest, tag, text)):
                problems[field, tag] = problem
    if problems:
        raise WrongText(problems)


def as_values(edition: Edition, field: str) -> dict[str, Any]:
    """For a form: by each language of the digest what the edition says itself."""
    return {
        tag: edition.own_text(field, tag) for tag in dict.fromkeys(map(primary, edition.digest.languages))
    }
