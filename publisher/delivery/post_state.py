"""What the states of a post's parts make of the post. Written after every change of a part, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from publisher.delivery.models import Delivery
from publisher.delivery.states import LEFT_US, State
from publisher.social.models import Post

S = Post.State

# The first of these that any part is in decides.
BY_WORST: tuple[tuple[frozenset[State], Post.State], ...] = (
    (frozenset({State.UNKNOWN}), S.UNKNOWN),
    (frozenset({State.FAILED}), S.FAILED),
    (frozenset({State.QUEUED, State.SENDING}), S.SENDING),
    (frozenset({State.HANDED}), S.HANDED),
    (frozenset({State.EXPIRED}), S.EXPIRED),
    (LEFT_US, S.SENT),
    (frozenset({State.CANCELLED, State.SUPPRESSED}), S.CANCELLED),
)


@dataclass(frozen=True)
class Standing:
    """A post's state, and what a person should read about it."""

    state: Post.State
    problem: str = ""


def standing(parts: Sequence[tuple[State, str]]) -> Standing:
    """Decide from each part's state and reason, in order. A thread of which only a beginning left says so."""
    states = [state for state, _ in parts]
    worst, state = next((group, result) for group, result in BY_WORST if group.intersection(states))
    reason = next((reason for part, reason in parts if part in worst and reason), "")
    left = sum(part in LEFT_US for part in states)
    if left == len(parts):
        return Standing(S.SENT)
    if left and state not in (S.SENDING, S.HANDED):
        some = gettext_noop("%(left)s of %(all)s messages were published.") % {
            "left": left,
            "all": len(parts),
        }
        reason = f"{some} {reason}".strip()
    return Standing(state, reason)


def refresh_post(post_id: int) -> Post:
    """Bring the post in line with its parts. Call inside the transaction that changed them."""
    post = Post.objects.select_for_update(no_key=True).get(pk=post_id)
    rows = list(Delivery.objects.filter(post_id=post_id).order_by("part"))
    if not rows:
        return post
    now_is = standing([(State(row.state), row.reason) for row in rows])
    post.state, post.problem = now_is.state, now_is.problem
    if post.state == S.SENT:
        post.sent_at = max((row.sent_at for row in rows if row.sent_at), default=None)
    post.save(update_fields=["state", "problem", "sent_at"])
    return post
