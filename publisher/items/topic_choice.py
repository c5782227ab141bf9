"""What staff decide about the topics of an item. Suggesting is in `suggesting.py`, storing suggestions in `item_topics.py`."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.items.models import Item, ItemTopic, Topic


@transaction.atomic
def decide(item_id: int, topic_id: int, *, accept: bool, user: Actor) -> ItemTopic:
    """Accept or decline a topic of an item, suggested or not. A later revision of the item does not undo it.

    Raises UserError when the item or topic is gone. Deciding the same again changes nothing.
    """
    item = Item.objects.select_for_update(of=("self",)).filter(pk=item_id).first()
    topic = Topic.objects.filter(pk=topic_id, retired=False).first()
    if item is None or topic is None:
        raise UserError(_("The item or the topic is not there any more."), _("Load the page again."))
    state = ItemTopic.State.ACCEPTED if accept else ItemTopic.State.DECLINED
    row = ItemTopic.objects.filter(item=item, topic=topic).first() or ItemTopic(item=item, topic=topic)
    if row.pk and row.state == state and row.decided_by_id:
        return row
    before = {"topic": topic.slug, "state": row.state} if row.pk else {}
    row.state = state
    row.decided_by_id = user.pk if isinstance(user, AbstractBaseUser) else None
    row.save()
    audit.record(user, f"topic.{state}", item, before=before, after={"topic": topic.slug, "state": state})
    events.emit("topics.decided", item_id=item.pk)
    return row
