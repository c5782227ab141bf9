"""A Facebook page's posts: publish, change, delete. One try each; `wire.py` makes a request, `errors.py` says what answers mean.

Facebook knows no idempotency key: `looking.py` searches for a post whose answer was lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace as with_pace
from typing import Any

from publisher.core.errors import ChannelDown, Rejected, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import Account, Prepared, Receipt
from publisher.social.networks.facebook.errors import NotThere
from publisher.social.networks.facebook.pictures import uploaded
from publisher.social.networks.facebook.wire import Graph

_ID = re.compile(r"[0-9]{1,40}(?:_[0-9]{1,40})?")
_IN_URL = re.compile(r"(?:/posts/(?:[^/?#]+/)?|[?&]story_fbid=)([0-9]{1,40})(?![0-9])")


def create(account: Account, prepared: Prepared, before: Sequence[Receipt]) -> Receipt:
    """Publish on the page, or as a comment on the first of `before`."""
    stored, graph = prepared.payload, Graph(account)
    if bool(before) != (stored["number"] > 0):
        # What was prepared as a post is looked for among posts, so a comment of that kind would never be found.
        raise Rejected(gettext_noop("This was prepared for another place in its thread: prepare it anew."))
    fields = {"message": str(stored["message"])}
    if before:
        return _published(graph, f"/{_parent(graph, before[0])}/comments", fields)
    for number, picture in enumerate(uploaded(graph, stored["pictures"])):
        fields[f"attached_media[{number}]"] = json.dumps({"media_fbid": picture})
    if stored["link"]:
        fields["link"] = str(stored["link"])
    return _published(graph, f"/{graph.page}/feed", fields)


def _published(graph: Graph, path: str, fields: Mapping[str, str]) -> Receipt:
    receipt = receipt_of(graph.ask("POST", path, fields))
    return with_pace(receipt, pace=graph.pace)


def replace(account: Account, remote_id: str, prepared: Prepared) -> Receipt:
    """Put another text in the place of a post's or comment's; its link and pictures stay."""
    graph = Graph(account)
    try:
        done = graph.ask("POST", f"/{_checked(remote_id)}", {"message": str(prepared.payload["message"])})
    except NotThere as error:
        raise Rejected(
            gettext_noop("%(reason)s Was it deleted, or published by another app?") % {"reason": error.reason}
        ) from error
    if done.get("success") is not True:
        raise Unknown(gettext_noop("Facebook's answer does not say whether the text was changed."))
    return Receipt(remote_id, _url(remote_id))


def delete(account: Account, remote_id: str) -> None:
    """Delete a post or comment; one that is gone already is no error."""
    graph = Graph(account)
    try:
        done = graph.ask("DELETE", f"/{_checked(remote_id)}")
    except NotThere:
        # Facebook says the same to who may not see it. The page's own token may.
        with publishes_nothing():
            own_name(graph)
        return
    if done.get("success") is not True:
        raise Unknown(gettext_noop("Facebook's answer does not say whether it was deleted."))


def own_name(graph: Graph) -> str:
    """The page's name. Raises `ChannelDown` when the token is not the page's."""
    me = graph.ask("GET", "/me", {"fields": "id,name"})
    if not isinstance(me.get("id"), str) or not isinstance(me.get("name"), str):
        raise Unknown(gettext_noop("Facebook's answer names no page."))
    if me["id"] != graph.page:
        raise ChannelDown(
            gettext_noop(
                "The access token is that of “%(name)s” and not of the page %(page)s: store the page's own token."
            )
            % {"name": me["name"], "page": graph.page}
        )
    return str(me["name"])


def receipt_of(post: Mapping[str, Any]) -> Receipt:
    """What names no post is no proof: Facebook may have published all the same."""
    found = post.get("id")
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise Unknown(gettext_noop("Facebook's answer names no post."))
    url = post.get("permalink_url")
    known = isinstance(url, str) and url.startswith("https://") and len(url) <= 2000
    return Receipt(found, str(url) if known else _url(found))


def _parent(graph: Graph, receipt: Receipt) -> str:
    """What to comment on. A person who confirmed it gave its address, or nothing."""
    if _ID.fullmatch(receipt.remote_id):
        return receipt.remote_id
    if found := _IN_URL.search(receipt.url):
        return f"{graph.page}_{found[1]}"
    raise Rejected(
        gettext_noop("It is not known which post on Facebook this answers: write the comment there.")
    )


def _checked(remote_id: str) -> str:
    if not _ID.fullmatch(remote_id):
        raise Rejected(
            gettext_noop("It is not known which post on Facebook this is: change or delete it there.")
        )
    return remote_id


def _url(remote_id: str) -> str:
    return f"https://www.facebook.com/{remote_id}"
