"""Posts on an account's PDS, call by call: nothing is repeated in here. `wire.py` asks, `errors.py` says what answers mean.

The library and Pillow are loaded at the first call, so that workers that send no posts stay small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as with_pace
from typing import TYPE_CHECKING, Any

from publisher.core.errors import ChannelDown, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import (
    Account,
    CannotTell,
    NotFound,
    Prepared,
    Receipt,
    Standing,
)
from publisher.social.networks.bluesky.errors import NotThere, Swapped
from publisher.social.networks.bluesky.payload import COLLECTION, mentioned, with_dids

if TYPE_CHECKING:
    from publisher.social.networks.bluesky.wire import Api

SECONDS = 30.0
PICTURE_SECONDS = 50.0
"""With pictures to make and to upload: 4 MB at most."""
LEFT_TO_PUBLISH = 10.0
"""Seconds that must be left for the post itself: less, and it would be given up while the server makes it."""

_REMOTE = re.compile(
    rf"(?P<uri>at://(?P<did>did:[^/ ]+)/{re.escape(COLLECTION)}/(?P<rkey>[^/ ]+)) (?P<cid>\S+)"
)

ANOTHER = gettext_noop(
    "Something else stands at its address on Bluesky. Look there, then say whether it was published."
)


@dataclass(frozen=True)
class Remote:
    """What `Receipt.remote_id` holds: a record's address, with its owner and key, and the version (CID) that was written."""

    uri: str
    did: str
    rkey: str
    cid: str

    @property
    def ref(self) -> dict[str, str]:
        """How another record names it (com.atproto.repo.strongRef)."""
        return {"uri": self.uri, "cid": self.cid}


def remote_of(remote_id: str) -> Remote:
    """Raises `Rejected` for what is none, as after a person's word that a message is there."""
    found = _REMOTE.fullmatch(remote_id)
    if not found:
        raise Rejected(
            gettext_noop("It is not known which post on Bluesky this is: answer, change or delete it there.")
        )
    return Remote(**found.groupdict())


def create(account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
    """Publish where nothing is yet. The same again finds the post there, and gives its receipt."""
    body = prepared.payload
    reply = _reply(before)
    with _connected(account, body) as api:
        record = _record(api, body) | reply
        try:
            receipt = _receipt(api.put(str(body["rkey"]), record, instead_of=None))
            return with_pace(receipt, pace=api.pace)
        except Swapped:
            there = api.get(str(body["rkey"]))
    if not _is_it(there, body):
        raise Rejected(ANOTHER)
    return _receipt(there)


def find(account: Account, prepared: Prepared) -> Receipt | NotFound | CannotTell:
    """Is it there? Raises `Retry`, `ChannelDown` when the server cannot be asked."""
    body = prepared.payload
    with _connected(account, {}) as api, publishes_nothing():
        try:
            there = api.get(str(body["rkey"]))
        except NotThere:
            return NotFound()
        except Rejected as error:
            return CannotTell(error.reason)
        return _receipt(there) if _is_it(there, body) else CannotTell(ANOTHER)


def replace(account: Account, remote_id: str, prepared: Prepared) -> Receipt:
    """Write another text, card or pictures in a post's place; its time and its place in a thread stay. One that somebody changed
    elsewhere is left as it is."""
    remote, body = remote_of(remote_id), prepared.payload
    with _connected(account, body) as api:
        _check_owner(remote, api)
        with publishes_nothing():
            there = api.get(remote.rkey)
        old = _dict(there.get("value"))
        record = _record(api, body) | {name: old[name] for name in ("createdAt", "reply") if name in old}
        if record == old:  # an answer was lost
            return _receipt(there)
        if there.get("cid") != remote.cid:
            raise Rejected(
                gettext_noop("The post was changed on Bluesky since it was published: change it there.")
            )
        return _receipt(api.put(remote.rkey, record, instead_of=remote.cid))


def delete(account: Account, remote_id: str) -> None:
    """Delete a post; one that is gone already is no error."""
    remote = remote_of(remote_id)
    with _connected(account, {}) as api:
        _check_owner(remote, api)
        try:
            api.delete(remote.rkey)
        except NotThere:
            return


def standing(account: Account) -> Standing:
    """The account's handle. Its session is renewed for it: an app password that was revoked shows at once."""
    with _connected(account, {}) as api, publishes_nothing():
        api.renew(certainly=True)
        me = api.whoami()
    if me.get("active") is False:
        raise ChannelDown(
            gettext_noop("The account is not active (%(status)s).")
            % {"status": me.get("status") or "no reason given"}
        )
    return Standing(f"@{me.get('handle') or account.name}")


@contextmanager
def _connected(account: Account, body: Mapping[str, Any]) -> Iterator[Api]:
    """The account's PDS, with its session. Raises `ChannelDown` for an address or credentials that cannot be used."""
    from publisher.social.networks.bluesky.wire import Api  # noqa: PLC0415 - it loads the library

    has_pictures = body.get("pictures") or _dict(body.get("card")).get("picture")
    yield Api(account, seconds=PICTURE_SECONDS if has_pictures else SECONDS)


def _record(api: Api, body: Mapping[str, Any]) -> dict[str, Any]:
    """The whole record: those who are mentioned are looked up, and pictures uploaded. None of it is seen by anybody yet."""
    from publisher.social.networks.bluesky.embedding import embedded  # noqa: PLC0415 - it loads Pillow

    with publishes_nothing():
        record = with_dids(body["record"], _dids(api, mentioned(body["record"]))) | embedded(api, body)
    if api.seconds_left < LEFT_TO_PUBLISH:
        raise Retry(gettext_noop("Bluesky's server took the pictures too slowly; nothing was published."))
    return record


def _dids(api: Api, handles: Sequence[str]) -> dict[str, str]:
    found = {}
    for handle in handles:
        try:
            found[handle] = api.did_of(handle)
        except Rejected:
            continue
    return found


def _reply(before: Sequence[Receipt]) -> dict[str, Any]:
    """A thread's place: its first post and the one before."""
    if not before:
        return {}
    root, parent = remote_of(before[0].remote_id), remote_of(before[-1].remote_id)
    return {"reply": {"root": root.ref, "parent": parent.ref}}


def _check_owner(remote: Remote, api: Api) -> None:
    if remote.did != api.session.did:
        raise Rejected(
            gettext_noop(
                "The post belongs to another account than the channel's present one: change it there."
            )
        )


def _is_it(there: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Keys are chosen by us: only what was made at the very same moment has the same, and an edit keeps its time."""
    return bool(_dict(there.get("value")).get("createdAt") == body["record"]["createdAt"])


def _receipt(answer: Mapping[str, Any]) -> Receipt:
    """What names no record is no proof: the server may have written it all the same."""
    remote_id = f"{answer.get('uri')} {answer.get('cid')}"
    found = _REMOTE.fullmatch(remote_id)
    if not found or len(remote_id) > 300 or answer.get("cid") is None:
        raise Unknown(gettext_noop("The answer of Bluesky's server names no post."))
    return Receipt(remote_id, f"https://bsky.app/profile/{found['did']}/post/{found['rkey']}")


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
