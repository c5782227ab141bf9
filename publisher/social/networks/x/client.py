"""X's API: what is asked for each act of the network. One try each; `wire.py` does the HTTP, `errors.py` says what answers mean.

X knows no idempotency key, so a lost answer is looked for on the account's timeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from publisher.core import clock
from publisher.core.errors import Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account, CannotTell, NotFound, Prepared, Receipt
from publisher.social.networks.x.payload import body
from publisher.social.networks.x.recognition import Likeness, likeness

if TYPE_CHECKING:
    from publisher.social.networks.x.wire import Session

LEAST_SECONDS = 16.0
"""What must be left of the time for the request that publishes: its connection and its answer."""
SLACK = timedelta(minutes=2)
"""How far X's clock and ours may differ."""
MOST_PAGES = 25
PAGE = 20
"""X takes money for each post that it shows, and the newest are mostly enough."""
_NOTHING = CannotTell(
    gettext_noop(
        "X shows no post of this account at all. Look at the account on X, then say here whether the post was published."
    )
)
_ALIKE = gettext_noop(
    "On the account's timeline is a post with the same words that is not quite this one. Look "
    "at X, then say here whether it was published."
)


def create(account: Account, prepared: Prepared, before: Sequence[Receipt]) -> Receipt:
    """Upload the pictures, then publish."""
    stored = prepared.payload
    # Before anything is uploaded: raises when it cannot be a reply.
    body(stored, (), before)
    with _session(account) as session:
        media_ids = _upload(session, stored.get("pictures") or ())
        if session.left < LEAST_SECONDS:
            raise Retry(gettext_noop("Uploading the pictures took too long."))
        receipt = _receipt(session.ask("POST", "/2/tweets", body=body(stored, media_ids, before)))
        return replace(receipt, pace=session.pace)


def find(account: Account, prepared: Prepared, *, since: timedelta) -> Receipt | NotFound | CannotTell:
    """Look through the account's posts, newest first, back to one of shortly before the first try.

    That older one shows that the list works. X is not asked for the later ones only: none of those may mean either.
    """
    start = clock.now() - since - SLACK
    params = {"max_results": str(PAGE), "tweet.fields": "created_at,entities,referenced_tweets"}
    alike, any_post = False, False
    with _session(account) as session, _only_asking():
        route = f"/2/users/{_user_id(session, account)}/tweets"
        for _ in range(MOST_PAGES):
            answer = session.ask("GET", route, params=params)
            posts, following = _page(answer)
            any_post = any_post or bool(posts)
            recent = [post for post in posts if _created(post) >= start]
            for post in recent:
                found = likeness(post, prepared.payload)
                if found is Likeness.SAME:
                    return _receipt_of(post)
                alike = alike or found is Likeness.ALIKE
            if not any_post and not following:
                return NotFound() if _has_none(session) else _NOTHING
            if not following or len(recent) < len(posts):
                return CannotTell(_ALIKE) if alike else NotFound()
            params["pagination_token"] = following
    return CannotTell(
        gettext_noop(
            "The account published more than %(most_pages)s posts since. Look at X, then say here whether it is there."
        )
        % {"most_pages": MOST_PAGES * PAGE}
    )


def delete(account: Account, remote_id: str) -> None:
    """Delete a post; one that is gone is no error."""
    with _session(account) as session:
        answer = session.remove(f"/2/tweets/{quote(remote_id, safe='')}")
    if answer is None:
        return
    data = answer.get("data")
    deleted = data.get("deleted") if isinstance(data, dict) else None
    if deleted is False:
        raise Rejected(gettext_noop("X did not delete the post. Delete it there."))
    if deleted is not True:
        raise Unknown(gettext_noop("X's answer does not say whether the post was deleted."))


def whoami(account: Account) -> str:
    """The account's name, with @."""
    with _session(account) as session, _only_asking():
        return f"@{_me(session)['username']}"


def _session(account: Account) -> Session:
    from publisher.social.networks.x.wire import Session  # noqa: PLC0415 - tweepy is large, mail workers need none

    return Session(account)


def _upload(session: Session, pictures: Sequence[dict[str, Any]]) -> list[str]:
    if not pictures:
        return []
    from publisher.social.networks.x.media import upload  # noqa: PLC0415 - so is the imaging library

    return upload(session, pictures)


@contextmanager
def _only_asking() -> Iterator[None]:
    """A question without a clear answer changed nothing: it may be asked again."""
    try:
        yield
    except Unknown as error:
        raise Retry(error.reason) from error
    except Rejected as error:
        raise Retry(error.reason) from error


def _user_id(session: Session, account: Account) -> str:
    """The account's number. An access token of OAuth 1.0a begins with it."""
    number, dash, _ = str(account.credentials.get("access_token") or "").strip().partition("-")
    return number if dash and number.isascii() and number.isdigit() else str(_me(session)["id"])


def _has_none(session: Session) -> bool:
    """Whether X counts no post of the account. A count that is not told proves nothing."""
    metrics = _me(session).get("public_metrics")
    count = metrics.get("tweet_count") if isinstance(metrics, dict) else None
    return count == 0 and count is not False


def _me(session: Session) -> dict[str, Any]:
    data = session.ask("GET", "/2/users/me", params={"user.fields": "public_metrics"}).get("data")
    if not isinstance(data, dict) or not _is_id(data.get("id")) or not isinstance(data.get("username"), str):
        raise Unknown(gettext_noop("X's answer names no account."))
    return data


def _page(answer: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The posts of a page and the token of the next, "" on the last. What is not whole decides nothing: raises `Unknown`."""
    meta, posts = answer.get("meta"), answer.get("data", [])
    if not isinstance(meta, dict) or not isinstance(posts, list) or answer.get("errors"):
        raise Unknown(gettext_noop("X did not show the account's timeline."))
    whole = [post for post in posts if isinstance(post, dict) and _is_id(post.get("id"))]
    if meta.get("result_count") != len(whole):
        raise Unknown(gettext_noop("X showed the account's timeline only in part."))
    return whole, str(meta.get("next_token") or "")


def _created(post: dict[str, Any]) -> datetime:
    try:
        made = datetime.fromisoformat(str(post.get("created_at")))
    except ValueError:
        made = None
    if made is None or made.tzinfo is None:
        raise Unknown(gettext_noop("X showed a post without the time of its making."))
    return made.astimezone(UTC)


def _receipt(answer: dict[str, Any]) -> Receipt:
    """What names no post is no proof: X may have published all the same."""
    data = answer.get("data")
    if not isinstance(data, dict) or not _is_id(data.get("id")):
        raise Unknown(gettext_noop("X's answer names no post."))
    return _receipt_of(data)


def _receipt_of(post: dict[str, Any]) -> Receipt:
    return Receipt(post["id"], f"https://x.com/i/status/{post['id']}")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19
