"""A person lets an edition go: approves it, or has a paused one go on. The desk, the API and the command line call these.

It is looked over once more first, as it is at this moment, so that nothing leaves on a person's word that the preflight of now
would have stopped. It stands here, and not among the digests, since the preflight looks at finished mails.
"""

from __future__ import annotations

from datetime import datetime

from publisher.core.audit import Actor
from publisher.delivery import preflighting
from publisher.digests import editions
from publisher.digests.models import Edition


def look_over(edition_id: int, *, despite: str, now: datetime) -> None:
    """So that nobody is asked whether to send what is not fit to be sent. `despite`: why it is to be sent all the same.
    Raises `NotFit`."""
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    if edition.state not in preflighting.BEFORE_SENDING:
        return
    preflighting.look(edition_id, now=now)
    editions.check_fit(Edition.objects.select_related("digest").get(pk=edition_id), despite.strip())


def approve(
    edition_id: int, *, user: Actor, now: datetime, seen: str | None = None, despite: str = ""
) -> Edition:
    """`digests.editions.approve` of what is fit to be sent. Raises as that does."""
    look_over(edition_id, despite=despite, now=now)
    return editions.approve(edition_id, user=user, now=now, seen=seen, despite=despite)


def resume(
    edition_id: int, *, user: Actor, now: datetime, seen: str | None = None, despite: str = ""
) -> Edition:
    """`digests.editions.resume` of what is fit to be sent. Raises as that does."""
    look_over(edition_id, despite=despite, now=now)
    return editions.resume(edition_id, user=user, now=now, seen=seen, despite=despite)


def send(edition_id: int, *, user: Actor, now: datetime, seen: str | None = None) -> Edition:
    """Whatever a person has to do for it to go out. Raises as `digests.editions.send` does."""
    look_over(edition_id, despite="", now=now)
    return editions.send(edition_id, user=user, now=now, seen=seen)
