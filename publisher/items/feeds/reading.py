"""Bytes of an answer to a feed: which kind it is, and to its reader. `publisher import-feed` and the polling call this."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from publisher.items.feeds.entry import FeedItem, FeedRejection, FeedResult
from publisher.items.feeds.jsonfeed import read_json
from publisher.items.feeds.xml import read_xml
from publisher.items.refusals import refuse
from publisher.items.schema import Kind

MAX_FEED: Final = 5_000_000

__all__ = ["MAX_FEED", "FeedItem", "FeedRejection", "FeedResult", "read_feed"]


def read_feed(
    body: bytes, content_type: str = "", url: str = "", *, now: datetime, kind: Kind = "story"
) -> FeedResult:
    """Reads RSS 2.0, RSS 1.0, Atom or JSON Feed; told by the bytes, not by `content_type`, which is often wrong.

    `url` is where the feed came from (relative addresses are resolved against it), `kind` that of entries which do not
    show theirs, `now` (UTC) bounds dates. Never raises: `FeedResult.refused` says why the whole was no use.
    """
    if len(body) > MAX_FEED:
        return FeedResult("", refused=refuse("feed_too_large", size=len(body), limit=MAX_FEED))
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not start:
        return FeedResult("", refused=refuse("feed_empty_body"))
    if start in b"{[":
        return read_json(body, url, kind=kind, now=now)
    return read_xml(body, content_type, url, kind=kind, now=now)
