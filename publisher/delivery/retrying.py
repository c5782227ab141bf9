"""Trying again what failed: the try that failed was not accepted. Where an earlier one was unclear, that is said before. The desk
and the API call these.

A failed mail is queued again, with all its tries before it; its edition goes on if it had ended. A failed message of a post is
queued again while its slot is not long past; later the post itself is approved again, for another slot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from publisher.core import audit, events
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.delivery import reachable
from publisher.delivery.leaving import may_still_leave, too_late
from publisher.delivery.models import Attempt, Delivery
from publisher.delivery.post_state import refresh_post
from publisher.delivery.states import State
from publisher.delivery.unclear import RESENDS
from publisher.digests.models import Edition
from publisher.social import reviewing
from publisher.social.models import Channel, Post
from publisher.social.slots import lock_channel

MOST = 10_000
"""Mails that are tried again by one press."""

ASKED = gettext_noop("A person asked for another try.")
GOING = (*RESENDS, Edition.State.SENT)
"""Editions whose mail may leave, or may leave again once they go on."""

# By their keys. Who presses twice, or second, finds them in another state, or failed once more since.
AGAIN = """
UPDATE delivery_delivery
SET state = 'queued', due_at = %(now)s, attempts = 0, reason = %(reason)s, settled_at = NULL
WHERE id = ANY(%(ids)s) AND edition_id = %(edition)s AND state = 'failed'
  AND (settled_at IS NULL OR settled_at <= %(seen_at)s)
RETURNING id, purpose
"""


@dataclass(frozen=True)
class Failed:
    """What a filter holds that can be tried again: mails by edition, and their answers. Of `doubtful` ones an earlier try was
    unclear, so that they may have arrived. `over` and `posts` are not meant."""

    mails: dict[int, list[int]]
    answers: tuple[tuple[int | None, str, int], ...]
    over: int
    posts: int
    doubtful: int = 0

    @property
    def count(self) -> int:
        return sum(len(ids) for ids in self.mails.values())


def why_not(row: Delivery, *, now: datetime) -> UserError | None:
    """Why this one cannot be tried again; None when it can. `row` with its edition, digest, post and channel."""
    if row.state != State.FAILED:
        return UserError(
            _("It did not fail: it is “%(state)s”.") % {"state": State(row.state).label},
            _("Load the page again to see what can be done with it."),
        )
    if row.post and row.channel:
        if row.post.state != Post.State.FAILED:  # what failed is the old text: somebody decided since
            return UserError(
                _("Its post is “%(state)s” by now: what failed of it is not sent as it was.")
                % {"state": row.post.get_state_display()},
                _("Look at the post: it leaves as it stands there, once it is approved."),
            )
        if row.post.item.retracted_at is not None:
            return UserError(_("Its item was retracted, so nothing about it is published."))
        if not may_still_leave(row.post, row.channel, now):
            return UserError(
                too_late(row.channel), _("Approve the post again on its page: it gets another slot.")
            )
        return _why_no_approval(row.post, row.channel)
    return _why_no_mail(row, now)


def _why_no_approval(post: Post, channel: Channel) -> UserError | None:
    """Its channel asks for more persons since."""
    post.channel = channel
    standing = reviewing.standing_of(post)
    if standing.enough:
        return None
    return UserError(
        _("It lacks approvals: %(standing)s.") % {"standing": standing.said},
        _("Approve the post on its page: it gets another slot."),
    )


def _why_no_mail(row: Delivery, now: datetime) -> UserError | None:
    edition = row.edition
    if edition is None or edition.state not in GOING or edition.forgotten_at:
        state = edition.get_state_display() if edition else ""
        return UserError(_("Its edition is “%(state)s”: nothing of it is sent any more.") % {"state": state})
    if row.purpose == Delivery.Purpose.READER:
        return reachable.why_not(row.subscriber, edition.digest_id, now=now)
    return None


@transaction.atomic
def retry(delivery_id: int, *, user: Actor, fence: int, now: datetime) -> None:
    """Queue one failed message again. `fence`: which failed try the person saw. Raises `UserError`."""
    known = Delivery.objects.select_related("edition__digest", "post__item", "channel", "subscriber")
    row = known.filter(pk=delivery_id).first()
    if row is None:
        raise UserError(_("There is no such delivery."), _("Load the list again."))
    if row.channel_id:
        lock_channel(row.channel_id)
    if row.fence != fence:
        raise UserError(
            _("Somebody had it tried again since you opened this page."),
            _("Look at what became of it first."),
        )
    if refusal := why_not(row, now=now):
        raise refusal
    if row.post_id:
        _again_post(row, fence, now)
    elif not _again_mails(row.edition_id or 0, [row.pk], seen_at=now, now=now):
        raise UserError(_("It was tried again meanwhile."), _("Load the page again."))
    audit.record(user, "delivery.retried", row, {"state": State.FAILED}, {"state": State.QUEUED})
    events.emit("delivery.due")


def _again_post(row: Delivery, fence: int, now: datetime) -> None:
    """With the payload and the key of before: a network that knows keys would take it once only."""
    rows = Delivery.objects.filter(pk=row.pk, state=State.FAILED, fence=fence)
    if not rows.update(state=State.QUEUED, due_at=now, attempts=0, reason=ASKED, settled_at=None):
        raise UserError(_("It was tried again meanwhile."), _("Load the page again."))
    refresh_post(row.post_id or 0)


def found(ids: Collection[int]) -> Failed:
    """What of these deliveries failed, for the question before they are tried again. Reads only."""
    rows = Delivery.objects.filter(pk__in=list(ids), state=State.FAILED).order_by("pk")
    mails: dict[int, list[int]] = {}
    answers: Counter[tuple[int | None, str]] = Counter()
    over = posts = 0
    columns = rows.values_list(
        "pk", "edition_id", "edition__state", "edition__forgotten_at", "code", "enhanced"
    )
    for pk, edition_id, state, forgotten_at, code, enhanced in columns:
        if edition_id is None:
            posts += 1
        elif state not in GOING or forgotten_at:
            over += 1
        else:
            mails.setdefault(edition_id, []).append(pk)
            answers[code, enhanced] += 1
    commonest = tuple((code, enhanced, n) for (code, enhanced), n in answers.most_common())
    tried = Attempt.objects.filter(delivery__in=chain.from_iterable(mails.values()), outcome=State.UNKNOWN)
    doubtful = tried.values("delivery_id").distinct().count()
    return Failed(mails, commonest, over, posts, doubtful)


@transaction.atomic
def retry_all(failed: Failed, *, user: Actor, seen_at: datetime, now: datetime) -> int:
    """Queue these mails again, but those that failed once more after `seen_at`, when the person was asked; how many.

    Who unsubscribed or is on the suppression list meanwhile gets none: that is asked when each is about to leave.
    """
    total = 0
    for edition_id in sorted(failed.mails):
        count = _again_mails(edition_id, failed.mails[edition_id], seen_at=seen_at, now=now)
        if count:
            audit.record(user, "edition.retried", Edition(pk=edition_id), after={"mails": count})
        total += count
    if not total:
        raise UserError(
            _("None of them waits for another try any more."),
            _("Somebody may have been quicker: look again."),
        )
    events.emit("delivery.due")
    return total


def _again_mails(edition_id: int, ids: Collection[int], *, seen_at: datetime, now: datetime) -> int:
    """Queue them, the edition's row locked before theirs as a claim does it; one that had ended goes on until they have left."""
    edition = Edition.objects.select_for_update().get(pk=edition_id)
    if edition.state not in GOING or edition.forgotten_at:  # cancelled since it was looked at
        return 0
    values: dict[str, Any] = {
        "ids": list(ids),
        "edition": edition_id,
        "seen_at": seen_at,
        "now": now,
        "reason": ASKED,
    }
    with connection.cursor() as cursor:
        cursor.execute(AGAIN, values)
        purposes = [purpose for _id, purpose in cursor.fetchall()]
    opens = any(purpose not in Delivery.ALONE for purpose in purposes)
    if opens and edition.state == Edition.State.SENT:
        edition.state, edition.finished_at, edition.changed_at = Edition.State.SENDING, None, now
        edition.save(update_fields=["state", "finished_at", "changed_at"])
        events.emit("edition.changed", edition_id=edition_id)
    return len(purposes)


def said(failed: Failed) -> list[str]:
    """What else there is to know before they are tried again, in sentences."""
    facts = [_("None of them was accepted, so nobody gets it twice.")]
    if failed.doubtful:
        text = ngettext(
            "Of %(num)s mail an earlier try was unclear: whoever got it then gets it a second time.",
            "Of %(num)s mails an earlier try was unclear: whoever got it then gets it a second time.",
            failed.doubtful,
        )
        facts = [text % {"num": failed.doubtful}]
    if failed.over:
        text = ngettext(
            "%(num)s other belongs to an edition that is over, and stays as it is.",
            "%(num)s others belong to editions that are over, and stay as they are.",
            failed.over,
        )
        facts.append(text % {"num": failed.over})
    if failed.posts:
        text = ngettext(
            "%(num)s message of a post is not meant: approve its post again.",
            "%(num)s messages of posts are not meant: approve their posts again.",
            failed.posts,
        )
        facts.append(text % {"num": failed.posts})
    return [*facts, _("An edition that had ended goes on until they have left.")]
