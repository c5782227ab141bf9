"""Is a page's token good, how long still, and whose is it? Asks Facebook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from publisher.core import clock
from publisher.core.errors import ChannelDown, Rejected, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import Account, Standing
from publisher.social.networks.facebook.client import own_name
from publisher.social.networks.facebook.wire import Graph

NEEDED = ("pages_manage_posts", "pages_read_engagement")


def verified(account: Account) -> Standing:
    """The page's name, and when the token ends. Reads the page's posts, too: a token must be able to look.

    Raises `ChannelDown`, `Retry`.
    """
    graph = Graph(account)
    with publishes_nothing():
        try:
            ends = _inspected(graph)
            name = own_name(graph)
            graph.ask("GET", f"/{graph.page}/published_posts", {"fields": "id", "limit": "1"})
        except Rejected as error:
            raise ChannelDown(error.reason) from error
    return Standing(name, credentials_end_at=ends)


def _inspected(graph: Graph) -> datetime | None:
    """When the token ends, as Facebook says; None without the app's `app_id` and `app_secret`, or when it does not end."""
    if not graph.app_token():
        return None
    try:
        data = graph.inspected().get("data")
    except (ChannelDown, Rejected) as error:
        raise ChannelDown(
            gettext_noop(
                "%(reason)s Facebook was asked about the token in the app's name: check `app_id` and `app_secret`."
            )
            % {"reason": error.reason}
        ) from error
    if not isinstance(data, dict) or not isinstance(data.get("is_valid"), bool):
        raise Unknown(gettext_noop("Facebook's answer about the token cannot be read."))
    if not data["is_valid"]:
        raise ChannelDown(
            gettext_noop(
                "The access token is not valid (any more)%(why)s: make a new one and store it with the channel."
            )
            % {"why": _why(data)}
        )
    scopes = data.get("scopes")
    if isinstance(scopes, list) and (missing := [each for each in NEEDED if each not in scopes]):
        raise ChannelDown(
            gettext_noop("The access token lacks %(missing)s: make one with these permissions.")
            % {"missing": " and ".join(missing)}
        )
    return _ends(data)


def _ends(data: Mapping[str, Any]) -> datetime | None:
    """The earlier of the token's end and of the end of the app's access to the page's data; 0 is never."""
    given = [data.get("expires_at"), data.get("data_access_expires_at")]
    moments = [each for each in given if isinstance(each, int) and 0 < each < 10**11]
    if not moments:
        return None
    ends = datetime.fromtimestamp(min(moments), UTC)
    if ends <= clock.now():
        raise ChannelDown(
            gettext_noop("The access token ended on %(ends)s: make a new one and store it with the channel.")
            % {"ends": f"{ends:%Y-%m-%d}"}
        )
    return ends


def _why(data: Mapping[str, Any]) -> str:
    error = data.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return f" ({message[:200].rstrip('.')})" if isinstance(message, str) and message else ""
