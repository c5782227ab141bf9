"""Whether a post may have a time that a person chose: the rules of its channel are asked, and a reason may set some aside.

`approval.reschedule` does it. What was set aside is kept on the post with the reason, and holds for that time only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from publisher.core import clock
from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.schedule.against import Breach, breaches
from publisher.social.models import Post
from publisher.social.slots import proposals, taken

LONGEST_REASON = 500


class AgainstRules(UserError):
    """A time that the channel's rules do not allow. `rules` names each that it breaks, `proposals` are free slots (UTC)."""

    def __init__(self, rules: list[Breach], proposals: list[datetime], hint: str) -> None:
        super().__init__(" ".join(breach.words for breach in rules), hint)
        self.rules = rules
        self.proposals = proposals

    @property
    def may_be_overridden(self) -> bool:
        """Whether a reason would be enough to take the time even so."""
        return all(breach.may_be_overridden for breach in self.rules)


def broken_by(post: Post, at: datetime, now: datetime) -> list[Breach]:
    """The rules that the post would break at `at` (aware). Reads only. Raises `UserError` for a schedule that cannot be used."""
    return breaches(
        post.channel.schedule.rules(),
        at,
        others=taken(post.channel_id, now, besides=post.pk),
        now=now,
        embargo_until=post.item.embargo_until,
    )


def choose(post: Post, at: datetime, *, user: Actor, override: str, now: datetime) -> dict[str, Any]:
    """Give the post the time `at` (aware), which the caller saves; what the audit trail shall say of rules set aside.

    `override` is the reason for a time against the rules; without need of one it is not kept. Raises `AgainstRules`, and
    `UserError` for a reason that is too long.
    """
    reason = " ".join(override.split())
    if len(reason) > LONGEST_REASON:
        raise UserError(
            _("The reason is longer than %(most)s characters.") % {"most": LONGEST_REASON},
            _("Say it in a sentence or two."),
        )
    broken = broken_by(post, at, now)
    post.override_slot_at = post.overridden_by = post.overridden_at = None
    post.override_reason = ""
    post.slot_at = at
    if not broken:
        return {}
    if not reason or not all(breach.may_be_overridden for breach in broken):
        free = proposals(post, now)
        raise AgainstRules(broken, free, _hint(post, free))
    post.override_slot_at, post.override_reason, post.overridden_at = at, reason, now
    post.overridden_by_id = user.pk if isinstance(user, AbstractBaseUser) else None
    return {"override": reason, "rules": [breach.words for breach in broken]}


def _hint(post: Post, free: list[datetime]) -> str:
    if not free:
        return _("Choose another time.")
    when = clock.written(free[0], post.channel.schedule.rules().zone)
    return _("The next free slot is %(when)s.") % {"when": when}
