"""A newer revision of an item that an unsent edition holds: the edition is assembled again, and its old renderings are gone.

An edition that is going out already is left as it was approved. Called by the editorial task and by the desk.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.alone import EDITION, alone
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.digests.assembling import send_back, topics_of
from publisher.digests.models import Edition, EditionItem, Variant

log = logging.getLogger(__name__)

S = Edition.State
CORRECTABLE = (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.PAUSED)


def correct_everywhere(*, item_id: int = 0) -> int:
    """Assemble again what holds an outdated revision (of one item, or of any); how many editions. Finds all by itself."""
    held = EditionItem.objects.filter(
        edition__state__in=CORRECTABLE, item__revision__gt=F("revision"), item__retracted_at__isnull=True
    )
    if item_id:
        held = held.filter(item_id=item_id)
    editions = held.order_by("edition_id").values_list("edition_id", flat=True).distinct()
    return sum(_correct(edition_id) for edition_id in editions)


def assemble_again(edition_id: int, *, user: Actor) -> Edition:
    """Render all of it anew, with today's templates, texts and revisions. It goes back to where it stood. Raises UserError."""
    with alone(EDITION + edition_id) as mine, transaction.atomic():
        edition = Edition.objects.select_for_update().select_related("digest").get(pk=edition_id)
        if not mine or edition.state not in CORRECTABLE or is_in_flight(edition):
            raise UserError(
                _("%(edition)s is “%(state)s”: this cannot be done now.")
                % {"edition": edition, "state": edition.get_state_display()},
                _("Pause it first, or wait until what is being sent has been answered."),
            )
        before = edition.state
        renew(edition, list(edition.edition_items.select_related("item")), everything=True)
        audit.record(user, "edition.assemble_again", edition, {"state": before}, {"state": edition.state})
    return edition


def _correct(edition_id: int) -> bool:
    """One edition, unless it is being assembled or mail of it is in flight just now: then the next sweep finds it."""
    with alone(EDITION + edition_id) as mine, transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition_id)
        if not mine or edition.state not in CORRECTABLE or _goes_on(edition) or is_in_flight(edition):
            return False
        outdated = edition.edition_items.select_related("item").filter(item__revision__gt=F("revision"))
        entries = list(outdated)
        if entries:
            renew(edition, entries)
            log.info(
                "edition.corrected",
                extra={"edition_id": edition_id, "items": [entry.item_id for entry in entries]},
            )
        return bool(entries)


def _goes_on(edition: Edition) -> bool:
    """It was going out, and does again as soon as it is assembled without an item that was dropped: nobody would see
    a text that comes in now."""
    return (
        edition.state == S.ASSEMBLING
        and edition.assembled_at is not None
        and edition.after_assembly == S.SENDING
    )


def is_in_flight(edition: Edition) -> bool:
    """Whether mail of it is being handed over just now."""
    return Delivery.objects.filter(edition=edition, state=State.SENDING).exists()


def renew(edition: Edition, entries: list[EditionItem], *, everything: bool = False) -> None:
    """Take the newest revisions, forget the renderings that show them, and send the edition back to be assembled.

    A rendering that somebody has or may have, or that a test waits to show, is kept for the record, and another takes its place.
    """
    topics = topics_of([entry.item_id for entry in entries])
    mask = 0
    for entry in entries:
        entry.revision = entry.item.revision
        entry.topics = sorted(topics.get(entry.item_id, ()))
        mask |= 1 << entry.position
    EditionItem.objects.bulk_update(entries, ["revision", "topics"])
    standing = edition.variants.filter(retired=False).only("mask")
    shown = [variant.pk for variant in standing if everything or variant.mask & mask]
    deliveries = Delivery.objects.filter(edition=edition, variant__in=shown)
    used = deliveries.exclude(state__in=(State.SUPPRESSED, State.CANCELLED)).exclude(
        ~Q(purpose=Delivery.Purpose.TEST), state=State.QUEUED
    )
    Variant.objects.filter(pk__in=used.values("variant_id")).update(retired=True)
    Variant.objects.filter(pk__in=shown, retired=False).update(
        subject="", html="", text="", message=None, content_hash=None, rendered_at=None
    )
    if edition.state != Edition.State.PAUSED:  # why it is paused still holds
        edition.problem = ""
    send_back(edition)
    events.emit("edition.ready", edition_id=edition.pk)
