"""LinkedIn's Posts API: publish, look, change, delete. Nothing is repeated in here. `wire.py` makes one request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from publisher.core.errors import OtherSideError, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import Account, CannotTell, NotFound, Prepared, Receipt
from publisher.social.networks.linkedin import images
from publisher.social.networks.linkedin.errors import duplicate_of, error_of, is_post
from publisher.social.networks.linkedin.looking import same
from publisher.social.networks.linkedin.payload import with_images
from publisher.social.networks.linkedin.token import moment
from publisher.social.networks.linkedin.wire import Wire

OURS_WITHIN = timedelta(days=2)
"""A post that LinkedIn names as the original of a repeat is this one if it is not older: LinkedIn refuses repeats of texts from
long before too, and those were published for another reason."""
CLOCKS_DIFFER = timedelta(minutes=5)
PAGE, MOST_PAGES = 50, 4
_NOTHING = CannotTell(
    gettext_noop(
        "LinkedIn shows no post of this page at all. Look at the page on LinkedIn, then say here whether the post is there."
    )
)


def create(account: Account, prepared: Prepared) -> Receipt:
    """Publish. When LinkedIn calls it a repeat, the receipt is that of the original, if that is ours."""
    wire = Wire(account)
    post, pictures = prepared.payload["post"], prepared.payload.get("pictures") or []
    urns = images.uploaded(wire, pictures, post["author"])
    body = with_images(post, urns, [str(picture.get("alt") or "") for picture in pictures])
    answer = wire.ask("POST", "/rest/posts", body=body)
    original = duplicate_of(answer)
    if original is not None:
        return _original(wire, original, post["author"])
    _raise_for(answer)
    urn = answer.headers.get("x-restli-id", "")
    if answer.status != 201 or not is_post(urn):
        # A page of some gate, perhaps in front of a server that did publish.
        raise Unknown(
            gettext_noop("LinkedIn answered %(status)s and named no post.") % {"status": answer.status}
        )
    return _receipt(urn)


def find(account: Account, prepared: Prepared, *, since: timedelta) -> Receipt | NotFound | CannotTell:
    """Look through the page's newest posts, back to the first try. Certain only where they go back that far;
    a list without any post is believed only of a page that has none."""
    wire, post = Wire(account), prepared.payload["post"]
    began = datetime.now(UTC) - since - CLOCKS_DIFFER
    for page in range(MOST_PAGES):
        query = f"author={quote(post['author'], safe='')}&q=author&sortBy=CREATED&count={PAGE}&start={page * PAGE}"
        with publishes_nothing():
            answer = wire.ask("GET", f"/rest/posts?{query}", restli="FINDER")
            if answer.status == 403:
                return CannotTell(
                    gettext_noop(
                        "This token may not read the page's posts (r_organization_social). Look on LinkedIn whether it is there."
                    )
                )
            _raise_for(answer)
        found = answer.fields.get("elements")
        if not isinstance(found, list):
            raise Retry(gettext_noop("LinkedIn's list of posts cannot be read."))
        for element in found:
            verdict = _verdict(element, post["commentary"], began)
            if verdict is not None:
                return verdict
        if not found:
            return NotFound() if page or _counts_none(answer) else _NOTHING
    return CannotTell(
        gettext_noop(
            "The page has too many newer posts to look through. Look on LinkedIn whether it is there."
        )
    )


def replace(account: Account, urn: str, prepared: Prepared) -> Receipt:
    """Put another text in a post's place; LinkedIn changes nothing else of it."""
    _check(urn)
    body = {"patch": {"$set": {"commentary": prepared.payload["post"]["commentary"]}}}
    answer = Wire(account).ask("POST", _path(urn), body=body, restli="PARTIAL_UPDATE")
    if answer.status == 404:
        raise Rejected(gettext_noop("The post is not on LinkedIn any more."))
    _raise_for(answer)
    if answer.status not in {200, 204}:
        raise Unknown(gettext_noop("LinkedIn answered %(status)s to the change.") % {"status": answer.status})
    return _receipt(urn)


def delete(account: Account, urn: str) -> None:
    """Delete a post; LinkedIn says 204 also for one that was deleted already."""
    _check(urn)
    answer = Wire(account).ask("DELETE", _path(urn), restli="DELETE")
    if answer.status == 404:
        return
    _raise_for(answer)
    if answer.status not in {200, 204}:
        raise Unknown(
            gettext_noop("LinkedIn answered %(status)s to the deletion.") % {"status": answer.status}
        )


def _original(wire: Wire, urn: str, author: str) -> Receipt:
    """What a repeat is a repeat of. That it cannot be read decides nothing: LinkedIn names deleted posts, too."""
    if not urn:
        raise Unknown(
            gettext_noop(
                "LinkedIn takes this for a repeat of a post that it does not name. Look on the page."
            )
        )
    receipt = _receipt(urn)
    unclear = Unknown(
        gettext_noop("LinkedIn takes this for a repeat of %(url)s. Look there whether it is.")
        % {"url": receipt.url}
    )
    try:
        answer = wire.ask("GET", _path(urn))
        _raise_for(answer)
    except OtherSideError:
        raise unclear from None
    post = answer.fields
    created = _created(post)
    if post.get("author") != author or created is None or post.get("lifecycleState") != "PUBLISHED":
        raise unclear
    if datetime.now(UTC) - created > OURS_WITHIN:
        raise Rejected(
            gettext_noop(
                "LinkedIn refuses this as a repeat of %(url)s of %(created)s: change the text, then approve it again."
            )
            % {"url": receipt.url, "created": f"{created:%Y-%m-%d}"}
        )
    return receipt


def _verdict(element: object, commentary: str, began: datetime) -> Receipt | NotFound | CannotTell | None:
    """What one post of the list says of ours; the list is newest first. None: look at the next."""
    post: Mapping[str, Any] = element if isinstance(element, dict) else {}
    created, urn = _created(post), str(post.get("id") or "")
    if created is None or not is_post(urn):
        return CannotTell(
            gettext_noop(
                "LinkedIn's list holds something that is no post. Look on LinkedIn whether it is there."
            )
        )
    if created < began:
        return NotFound()
    if not same(commentary, str(post.get("commentary") or "")):
        return None
    state = post.get("lifecycleState")
    if state in {"PUBLISH_REQUESTED", "PROCESSING"}:
        return CannotTell(gettext_noop("LinkedIn is still publishing it."))
    return _receipt(urn) if state == "PUBLISHED" else None


def _counts_none(answer: Answer) -> bool:
    """Whether LinkedIn says that the page has no post. A count that is not told proves nothing."""
    paging = answer.fields.get("paging")
    total = paging.get("total") if isinstance(paging, dict) else None
    return total == 0 and total is not False


def _created(post: Mapping[str, Any]) -> datetime | None:
    return moment(post.get("createdAt")) if isinstance(post.get("createdAt"), int) else None


def _raise_for(answer: Answer) -> None:
    if error := error_of(answer, now=datetime.now(UTC)):
        raise error


def _check(urn: str) -> None:
    if not is_post(urn):
        raise Rejected(
            gettext_noop("It is not known which post on LinkedIn this is: change or delete it there.")
        )


def _path(urn: str) -> str:
    return f"/rest/posts/{quote(urn, safe='')}"


def _receipt(urn: str) -> Receipt:
    return Receipt(urn, f"https://www.linkedin.com/feed/update/{urn}/")
