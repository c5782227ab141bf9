"""What the composer's one form carries, post by post. Nothing of it is lost when something is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.http.request import QueryDict
from django.utils.translation import gettext as _

from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.desk.forms import RescheduleForm
from publisher.desk.posts.pictures import described_in
from publisher.social.approval import MOST_PARTS
from publisher.social.models import Post
from publisher.social.saving import Described

CHOSEN = "chosen"
"""The choice of a time that is written into the field beside it."""


@dataclass
class Typed:
    """The fields of one post as a person left them. `texts` has empty parts too; `alts` and `focuses` by picture number.

    `when`: empty for the next free slot, a moment in ISO 8601 for a slot that was proposed, or `CHOSEN`.
    """

    post_id: int
    version: int
    texts: list[str]
    alts: dict[int, str] = field(default_factory=dict)
    focuses: dict[int, str] = field(default_factory=dict)
    new_alt: str = ""
    when: str = ""
    chosen: str = ""
    override: str = ""
    why: str = ""

    @property
    def kept(self) -> list[str]:
        """The texts as they are saved: trimmed, without empty parts."""
        return [text for text in (text.strip() for text in self.texts) if text]

    def described(self, post: Post) -> dict[int, Described]:
        """What is said of each picture of the post, as it was read."""
        typed = {number: (alt, self.focuses.get(number, "")) for number, alt in self.alts.items()}
        return described_in(post, typed)

    def at(self, post: Post) -> datetime | None:
        """The chosen time (UTC); None for the next free slot. Raises `UserError` for what is no time."""
        if (
            self.chosen and self.when != CHOSEN
        ):  # a browser without scripts does not tick the choice beside the field
            raise UserError(
                _("A time was written, but another one is chosen."),
                _("Choose “Another time” to use what was written, or empty the field."),
            )
        if self.when == "":
            return None
        if self.when != CHOSEN:
            at = _moment(self.when)
            if at is None:
                raise UserError(_("That slot cannot be read."), _("Choose it again."))
            return at
        form = RescheduleForm({"at": self.chosen}, zone=post.channel.schedule.zone)
        if not form.is_valid():
            raise UserError(" ".join(map(str, form.errors.get("at", []))), _("Nothing you wrote is lost."))
        chosen: datetime = form.cleaned_data["at"]
        return chosen


def _moment(text: str) -> datetime | None:
    """An ISO 8601 moment with its offset, in UTC; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def written_in(data: QueryDict) -> list[int]:
    """The ids of the posts whose fields the form carried."""
    return [int(found[1]) for name in data if (found := re.fullmatch(r"version-(\d{1,18})", name, re.ASCII))]


def typed_in(data: QueryDict, posts: Iterable[Post]) -> dict[int, Typed]:
    """The fields of each of these posts that the form carried, by the post's id."""
    return {post.pk: _of(data, post.pk) for post in posts if f"version-{post.pk}" in data}


def _of(data: QueryDict, post_id: int) -> Typed:
    def value(name: str) -> str:
        return data.get(f"{name}-{post_id}", "")[:2000]

    version = value("version")
    texts = [text.replace("\r\n", "\n") for text in data.getlist(f"text-{post_id}")][: MOST_PARTS + 1]
    numbers = {int(found[1]) for name in data if (found := re.fullmatch(rf"alt-{post_id}-(\d{{1,2}})", name))}
    return Typed(
        post_id=post_id,
        version=number_in(version) or 0,
        texts=texts or [""],
        alts={number: data.get(f"alt-{post_id}-{number}", "") for number in sorted(numbers)},
        focuses={number: data.get(f"focus-{post_id}-{number}", "") for number in numbers},
        new_alt=data.get(f"newalt-{post_id}", ""),
        when=value("when"),
        chosen=value("chosen"),
        override=value("override"),
        why=value("why"),
    )
