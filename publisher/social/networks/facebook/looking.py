"""Was a post published? The page's own posts since the first try are compared with what was sent.

They are read from `/{page}/published_posts`, which lists all; `/{page}/feed` leaves out what Facebook ranks low. Nothing is
concluded from the order of the list: it must have ended, or a whole page of it must be older.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from publisher.core import clock
from publisher.core.errors import Retry
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import Account, CannotTell, NotFound, Prepared, Receipt
from publisher.social.networks.facebook.client import receipt_of
from publisher.social.networks.facebook.wire import Graph

CLOCKS_DIFFER = timedelta(minutes=5)
PAGE, MOST_PAGES = 25, 8

COMMENT = CannotTell(
    gettext_noop("Comments are not searched. Look at the post on Facebook, then say whether it is there.")
)
NONE = CannotTell(
    gettext_noop(
        "Facebook shows no post of this page at all. Look at the page, then say whether it is there."
    )
)
ALIKE = CannotTell(
    gettext_noop(
        "On the page is a post with the same words that is not quite this one. Look at it, then say whether it is this."
    )
)
REWRITTEN = CannotTell(
    gettext_noop(
        "Facebook rewrites mentions, so this post cannot be recognised. Look at the page, then say whether it is there."
    )
)
TOO_MANY = CannotTell(
    gettext_noop("The page has too many newer posts to look through. Look whether it is there.")
)


class Likeness(Enum):
    """SAME: it is ours. ALIKE: the same words, and yet not the same text: a person must look."""

    SAME = "same"
    ALIKE = "alike"
    OTHER = "other"


_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


def likeness(ours: str, theirs: str) -> Likeness:
    """Compare two texts; white space may have changed on the way. Pure."""
    if _plain(ours) == _plain(theirs):
        return Likeness.SAME
    return Likeness.ALIKE if _words(ours) == _words(theirs) else Likeness.OTHER


def find(account: Account, prepared: Prepared, *, since: timedelta) -> Receipt | NotFound | CannotTell:
    """Raises `Retry` when the list cannot be read, `ChannelDown`."""
    if prepared.payload["number"] > 0:
        return COMMENT
    graph, message = Graph(account), str(prepared.payload["message"])
    began = clock.now() - since - CLOCKS_DIFFER
    fields = {"fields": "id,message,created_time,permalink_url", "limit": str(PAGE)}
    alike, any_post = False, False
    for _ in range(MOST_PAGES):
        with publishes_nothing():
            answer = graph.ask("GET", f"/{graph.page}/published_posts", fields)
            posts, after = _page(answer)
            recent = [post for post in posts if _created(post) >= began]
            for post in recent:
                found = likeness(message, str(post.get("message") or ""))
                if found is Likeness.SAME:
                    return receipt_of(post)
                alike = alike or found is Likeness.ALIKE
        any_post = any_post or bool(posts)
        if not after or (posts and not recent):
            return _not_seen(message, alike=alike, any_post=any_post)
        fields["after"] = after
    return TOO_MANY


def _not_seen(message: str, *, alike: bool, any_post: bool) -> NotFound | CannotTell:
    """The list was read back to the first try, and the post was not in it."""
    if alike:
        return ALIKE
    if not any_post:
        return NONE
    return REWRITTEN if "@[" in message else NotFound()


def _page(answer: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], str]:
    """The posts of a page, and the cursor of the next ("" on the last). What is not whole decides nothing."""
    posts, paging = answer.get("data"), answer.get("paging", {})
    if not isinstance(posts, list) or not all(isinstance(post, dict) for post in posts):
        raise Retry(gettext_noop("Facebook's list of posts cannot be read."))
    if not isinstance(paging, dict):
        raise Retry(gettext_noop("Facebook's list of posts cannot be read."))
    if not paging.get("next"):
        return posts, ""
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if not isinstance(after, str) or not after:
        raise Retry(gettext_noop("Facebook's list of posts goes on, and does not say where."))
    return posts, after


def _created(post: Mapping[str, Any]) -> datetime:
    try:
        made = datetime.fromisoformat(str(post.get("created_time")))
    except ValueError:
        made = None
    if made is None or made.tzinfo is None:
        raise Retry(gettext_noop("Facebook's list holds a post without the time of its making."))
    return made


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _words(text: str) -> str:
    """Letters and digits only, without any link."""
    bare = _LINK.sub(" ", unicodedata.normalize("NFC", text)).casefold()
    return "".join(character for character in bare if character.isalnum())
