"""Tags: words that staff put on subscribers, one at a time here, many at once by `bulk/`."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from publisher.audience.models import Bulk, Subscriber, Tag
from publisher.audience.segments import matching
from publisher.audience.segments.matching import TooLong
from publisher.audience.stale import Stale
from publisher.core import audit
from publisher.core.audit import Actor
from publisher.core.errors import UserError

LONGEST = 60


def key_of(name: str) -> str:
    """How two names are compared: folded, with single blanks."""
    return " ".join(name.split()).casefold()


def counts() -> dict[int, int] | None:
    """How many have each tag, by its id; None when that takes too long."""
    through = Subscriber.tags.through._default_manager
    try:
        with matching.limited(matching.COUNT_SECONDS):
            return dict(through.values_list("tag_id").annotate(n=Count("*")).order_by())
    except TooLong:
        return None


def checked(name: str) -> str:
    """The name as it is kept. Raises `UserError`."""
    text = " ".join(name.split())
    if not text:
        raise UserError(_("A tag needs a name."), _("Write a word or two."))
    if len(text) > LONGEST or not text.isprintable() or "," in text or ";" in text:
        raise UserError(
            _("A tag has at most %(most)s characters, and no comma or semicolon.") % {"most": LONGEST},
            _("Shorten it."),
        )
    return text


@transaction.atomic
def made(name: str, *, user: Actor, now: datetime) -> Tag:
    """The tag of this name, made if there is none. Raises `UserError`."""
    text = checked(name)
    tag, new = Tag.objects.get_or_create(key=key_of(text), defaults={"name": text, "created_at": now})
    if new:
        audit.record(user, "tag.made", tag, after={"name": text})
    return tag


@transaction.atomic
def rename(tag_id: int, name: str, *, seen: str, user: Actor) -> Tag:
    """Another name for all who have it. `seen`: the one that the person saw. Raises `Stale`, and `UserError`."""
    text, tag = checked(name), Tag.objects.select_for_update().get(pk=tag_id)
    if tag.name != seen:
        raise Stale(
            _("The tag has been renamed to %(name)s since you saw it.") % {"name": tag.name},
            _("Look at it again."),
        )
    if text == tag.name:
        return tag
    before, tag.name, tag.key = tag.name, text, key_of(text)
    try:
        with transaction.atomic():
            tag.save(update_fields=["name", "key"])
    except IntegrityError:
        raise UserError(
            _("There is a tag %(name)s already.") % {"name": text}, _("Choose another name.")
        ) from None
    audit.record(user, "tag.renamed", tag, {"name": before}, {"name": text})
    return tag


@transaction.atomic
def remove(tag_id: int, *, user: Actor) -> None:
    """Remove a tag that nobody has. Raises `UserError`."""
    tag = Tag.objects.select_for_update().get(pk=tag_id)
    if Subscriber.objects.filter(tags=tag).exists():
        raise UserError(
            _("Subscribers have the tag %(name)s.") % {"name": tag.name},
            _("Take it off them first: filter by it, and choose Act on these."),
        )
    if Bulk.objects.filter(state__in=Bulk.OPEN, given__tag=tag.pk).exists():
        raise UserError(_("A bulk action with this tag is being done."), _("Wait for its end."))
    audit.record(user, "tag.removed", tag, {"name": tag.name})
    tag.delete()


@transaction.atomic
def put(subscriber_id: int, name: str, *, user: Actor, now: datetime) -> Tag:
    """Put a tag on a subscriber; one that is there stays. Raises `UserError`."""
    row = Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber_id)
    tag = made(name, user=user, now=now)
    if not row.tags.filter(pk=tag.pk).exists():
        row.tags.add(tag)
        audit.record(user, "subscriber.tagged", row, after={"tag": tag.name})
    return tag


@transaction.atomic
def take_off(subscriber_id: int, tag_id: int, *, user: Actor) -> None:
    """Take a tag off a subscriber; one that is not there is no error."""
    row = Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber_id)
    tag = row.tags.filter(pk=tag_id).first()
    if tag:
        row.tags.remove(tag)
        audit.record(user, "subscriber.untagged", row, {"tag": tag.name})
