"""What a restored database is told before anything uses it: what may have left since the backup was made, and that all sending
stands still.

The world went on after the backup, and the database does not know. So nothing that may have left is sent again by itself:
each such thing waits for a person, or is looked up where it would be. And no number that was given out since is given out
again: it would be in somebody's mail as a Message-ID or in a link, or in somebody's notes as an edition's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from publisher.audience.models import ReaderLetter
from publisher.core import audit, standstill
from publisher.core.models import Restoration, Standstill
from publisher.delivery.amending import claim as amending
from publisher.delivery.models import Delivery
from publisher.delivery.post_state import refresh_post
from publisher.delivery.states import UNFINISHED
from publisher.delivery.unclear import RESTORED_FROM
from publisher.digests.due import create_due
from publisher.digests.models import Digest, Edition
from publisher.feedback import mailboxes
from publisher.people.models import Letter
from publisher.social.models import Notice, Post

NUMBERS_SINCE = datetime(2025, 1, 1, tzinfo=UTC)
NUMBERS_A_SECOND = 100_000
"""A restored database goes on from a number that grows with the time: faster than any database gives out numbers. So two
restores never give out the same, not even of the same backup."""

NAMES_AHEAD = 100
"""More editions than a digest makes between two backups, and few enough for a name that is typed (`weekly#109`). What was
numbered after the backup keeps its name for itself: it may stand in somebody's notes or scripts."""

LEAST_JUMP = 1_000_000_000
"""Should the clock be wrong."""

# Every number that is a key: of deliveries, editions, subscribers, and the fences of claims. Results of claims that were
# made after the backup, from workers or in Redis, thus match no row.
ADVANCE = """
SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, GREATEST(COALESCE(last_value, 0) + %(jump)s, %(floor)s))
FROM pg_sequences WHERE schemaname = current_schema() AND data_type = 'bigint'::regtype
"""

# Both walk the small partial indexes of leases and of what is unknown. What nobody can be asked about is held, whatever the
# digest would do with it.
HOLD_MAILS = """
WITH held AS (
    UPDATE delivery_delivery
    SET state = 'unknown', held = true, lease_until = NULL,
        reason = CASE
            WHEN state = 'sending' THEN %(reason)s
            WHEN strpos(reason, %(origin)s) > 0 THEN reason
            ELSE trim(reason || ' ' || %(origin)s)
        END
    WHERE state IN ('sending', 'unknown') AND edition_id IS NOT NULL
    RETURNING id, fence, reason
)
INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, enhanced, text)
SELECT id, fence, '', %(made_at)s, 0, 'unknown', '', %(reason)s FROM held WHERE reason = %(reason)s
"""

# The parts of posts that were going out, the next ones too: the network is asked about each (`delivery.doubts`). No other
# step makes `queued` into `unknown`: only here may something have left that the database believes to wait.
DOUBT_POSTS = """
WITH doubtful AS (
    UPDATE delivery_delivery d
    SET state = 'unknown', lease_until = NULL, due_at = %(now)s, reason = %(reason)s
    FROM social_post p
    WHERE p.id = d.post_id AND p.state IN ('sending', 'unknown') AND d.state IN ('queued', 'sending')
    RETURNING d.id, d.fence, d.post_id
), noted AS (
    INSERT INTO delivery_attempt (delivery_id, fence, worker, started_at, duration_ms, outcome, enhanced, text)
    SELECT id, fence, '', %(made_at)s, 0, 'unknown', '', %(reason)s FROM doubtful
)
SELECT DISTINCT post_id FROM doubtful ORDER BY post_id
"""

# Parts that were with a person: somebody may have posted them, and said so, after the backup.
WARN_HANDED = """
UPDATE delivery_delivery
SET reason = %(origin)s || ' Somebody may have posted this after that: look at the channel before you do.'
WHERE state = 'handed'
RETURNING post_id
"""

S = Edition.State


@dataclass(frozen=True)
class Aftermath:
    """How many mails are held, posts looked up or expired; the editions that wait for a person."""

    held_mails: int
    doubted_posts: int
    expired_posts: int
    paused: list[Edition]


def named(at: datetime) -> str:
    """A moment, in words for people anywhere."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M:%S} UTC"


@transaction.atomic
def tell(made_at: datetime, *, by: str, now: datetime) -> Aftermath:
    """Tell the database that Django is connected to that it is from `made_at`. All at once: before it, nothing is told."""
    origin = RESTORED_FROM % {"time": named(made_at)}
    values: dict[str, Any] = {
        "made_at": made_at,
        "now": now,
        "origin": origin,
        "reason": f"{origin} " + gettext_noop("Whether it left after that cannot be known."),
        "jump": LEAST_JUMP,
        "floor": first_number(now),
    }
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, values)
        Digest.objects.update(last_number=F("last_number") + NAMES_AHEAD)
        cursor.execute(HOLD_MAILS, values)
        cursor.execute(DOUBT_POSTS, values)
        doubted = [int(row[0]) for row in cursor.fetchall()]
        cursor.execute(WARN_HANDED, values)
        handed = {int(row[0]) for row in cursor.fetchall()}
    for post_id in sorted({*doubted, *handed}):
        refresh_post(post_id)
    amending.doubt_all(values["reason"])
    stood = standstill.end()  # the backup's own, under which no edition would be begun below
    expired = _expire_posts(origin, now)
    paused = _pause_editions(origin, now, by)
    _doubt_plain_mails(values["reason"], now)
    mailboxes.pause_all(origin)
    before = f" It stood still already: {stood.reason}" if stood else ""
    _stand_still(made_at, origin + before, by=by, now=now)
    return Aftermath(_held(), len(doubted), expired, paused)


def _doubt_plain_mails(reason: str, now: datetime) -> None:
    """Notices and letters, to staff and to readers: they may have left, and none is sent again by guessing."""
    doubted = {"state": "unknown", "reason": reason, "lease_until": None, "settled_at": now}
    for model in (Notice, Letter, ReaderLetter):
        model._default_manager.filter(state__in=["queued", "sending"]).update(**doubted)


def first_number(now: datetime) -> int:
    """From which number on keys are given out after a restore at `now`. Pure."""
    return int((now - NUMBERS_SINCE).total_seconds() * NUMBERS_A_SECOND)


def _held() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM delivery_delivery WHERE state = 'unknown' AND held AND edition_id IS NOT NULL"
        )
        return int(cursor.fetchone()[0])


def _expire_posts(origin: str, now: datetime) -> int:
    """Posts that may have got a slot, or whose slot came, after the backup. None of their parts was prepared by then, so no
    network can be asked for them."""
    problem = f"{origin} Whether this post was published after that cannot be known. Look at the channel."
    posts = list(
        Post.objects.select_for_update(no_key=True).filter(state=Post.State.SCHEDULED, slot_at__lte=now)
        | Post.objects.select_for_update(no_key=True).filter(state=Post.State.APPROVED)
    )
    for post in posts:
        before = {"state": post.state}
        post.state, post.problem, post.version = Post.State.EXPIRED, problem, post.version + 1
        post.save(update_fields=["state", "problem", "version"])
        audit.record(None, "post.expire", post, before, {"state": post.state})
    return len(posts)


def _pause_editions(origin: str, now: datetime, by: str) -> list[Edition]:
    """Every edition that was not finished, and those that have fallen due since, which are begun here for that."""
    create_due(now=now)
    problem = (
        f"{origin} Whether mails of this edition left after that cannot be known here; the mail server's log may say so. "
        "Resume it, and readers who got it after the backup get it again; cancel it, and those who do not have it never get it."
    )
    open_states = (S.ASSEMBLING, S.BLOCKED, S.WAITING, S.SENDING, S.PAUSED)
    editions = list(
        Edition.objects.select_for_update(of=("self",))
        .select_related("digest")
        .filter(state__in=open_states)
        .order_by("due_at", "id")
    )
    editions = [edition for edition in editions if not _is_through(edition)]
    for edition in editions:
        before = edition.state
        edition.after_assembly = S.PAUSED
        if edition.state in (S.WAITING, S.SENDING):
            edition.state = S.PAUSED
        paused = "It was paused already before" if before == S.PAUSED else "Paused by"
        told = f"{paused} the restore of {named(now)}, which {by} ran."
        edition.problem, edition.changed_at = f"{edition.problem} {told} {problem}".strip(), now
        edition.save(update_fields=["state", "after_assembly", "problem", "changed_at"])
        audit.record(
            by, "edition.pause", edition, {"state": before}, {"state": edition.state, "by": "restore"}
        )
    return editions


def _is_through(edition: Edition) -> bool:
    """Whether every mail of it had left by then, and only its end was not written down yet."""
    unfinished = Delivery.objects.filter(edition=edition, state__in=UNFINISHED)
    return edition.state == S.SENDING and edition.assembled_at is not None and not unfinished.exists()


def _stand_still(made_at: datetime, reason: str, *, by: str, now: datetime) -> None:
    Restoration.objects.create(made_at=made_at, restored_at=now)
    row = standstill.begin(Standstill.Kind.RESTORED, reason=reason, by=by, now=now)
    if row is not None:
        audit.record(by, "database.restored", row, after={"made_at": made_at.isoformat(), "by": by})
