"""The way to an account's PDS: the library atproto, over our one request (`networks/wire.py`), with a session that is kept.

The library's own way out follows redirects, wraps what goes wrong in its errors, and has one time-out for all; here each request
has its own and its share of the whole, and each answer is told by `errors.py`. Its high-level client renews sessions by our
clock and moves to the address that the session names; this one renews what a server refuses, and stays.
Imported by `client.py` only, when it sends: the library is large.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
from atproto_client import models
from atproto_client.client.raw import ClientRaw
from atproto_client.exceptions import AtProtocolError
from atproto_client.models.dot_dict import DotDict
from atproto_client.request import Request, RequestBase

from publisher.core.errors import ChannelDown, OtherSideError, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social import sessions
from publisher.social.networks import wire
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account, Pace
from publisher.social.networks.bluesky.errors import TokenEnded, error_of, pace
from publisher.social.networks.bluesky.payload import COLLECTION
from publisher.social.networks.bluesky.session import Login, Session, login_of, session_in, stored

T = TypeVar("T")

ANSWER_SECONDS = 20.0
MAX_DID = 200
"""Longer than any in use: a receipt must hold it."""


class Api:
    """An account's PDS, for the requests of one call that is over after `seconds`."""

    def __init__(self, account: Account, *, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self._answer_seconds = _seconds(account)
        self._channel_id = account.channel_id
        self._login: Login = login_of(account)
        self._kept = sessions.kept(self._channel_id)
        self._session = session_in(self._kept.value, self._login)
        self._token = ""
        self.pace: Pace | None = None
        """What the last success says of the server's rate limits."""
        self._client = ClientRaw(self._login.service, request=_Request(self._send))

    @property
    def seconds_left(self) -> float:
        return self.until - time.monotonic()

    @property
    def session(self) -> Session:
        """The session, made now if none is kept. Raises `Retry`, `ChannelDown`."""
        return self._session or self._logged_in()

    def put(self, rkey: str, record: dict[str, Any], *, instead_of: str | None) -> dict[str, Any]:
        """Write a post where the record with the CID `instead_of` is now; None: where there is none.

        Raises `Swapped` when something else is there. `{"uri", "cid"}`.
        """
        # The library's model leaves a null out, and without it the request would write over whatever is there.
        body = {
            "repo": self.session.did,
            "collection": COLLECTION,
            "rkey": rkey,
            "record": record,
            "swapRecord": instead_of,
        }
        answer = self._ask(
            lambda client: client.invoke_procedure(
                "com.atproto.repo.putRecord", data=DotDict(body), input_encoding="application/json"
            )
        )
        return _object(answer.content)

    def get(self, rkey: str) -> dict[str, Any]:
        """A post of the account, `{"uri", "cid", "value"}`. Raises `NotThere`."""
        params = models.ComAtprotoRepoGetRecord.Params(
            repo=self.session.did, collection=COLLECTION, rkey=rkey
        )
        # As it stands: the library's model of a record refuses what another client put into it.
        answer = self._ask(lambda client: client.invoke_query("com.atproto.repo.getRecord", params=params))
        return _object(answer.content)

    def delete(self, rkey: str) -> None:
        """Delete a post; a PDS says nothing of one that is not there."""
        data = models.ComAtprotoRepoDeleteRecord.Data(repo=self.session.did, collection=COLLECTION, rkey=rkey)
        self._ask(lambda client: client.com.atproto.repo.delete_record(data))

    def upload(self, data: bytes, kind: str) -> dict[str, Any]:
        """A picture; how a record names it. The PDS drops one that no record names soon."""
        answer = self._ask(
            lambda client: client.com.atproto.repo.upload_blob(data, headers={"Content-Type": kind})
        )
        named: dict[str, Any] = answer.blob.model_dump(mode="json", by_alias=True)
        return named

    def did_of(self, handle: str) -> str:
        """The DID of a handle. Raises `Rejected` when nobody has it."""
        params = models.ComAtprotoIdentityResolveHandle.Params(handle=handle)
        answer = self._ask(lambda client: client.com.atproto.identity.resolve_handle(params))
        return str(answer.did)

    def whoami(self) -> dict[str, Any]:
        """The server's word on the session: `handle`, `did`, `active`, `status`."""
        answer = self._ask(lambda client: client.com.atproto.server.get_session())
        found: dict[str, Any] = answer.model_dump()
        return found

    def renew(self, *, certainly: bool = False) -> Session:
        """Another session in the place of one whose token is refused: what another process made meanwhile, the old one renewed,
        or a login. `certainly`: ask the server in any case."""
        if self._session is None:
            return self._logged_in()
        if not certainly and self._another():
            return self._session
        refresh = self._session.refresh
        try:
            made = self._call(lambda client: client.com.atproto.server.refresh_session(), refresh)
        except TokenEnded:
            return self._session if self._another() else self._logged_in()
        except Unknown as error:
            raise Retry(error.reason) from error
        return self._keep(made)

    def _logged_in(self) -> Session:
        data = models.ComAtprotoServerCreateSession.Data(
            identifier=self._login.identifier, password=self._login.password
        )
        try:
            made = self._call(lambda client: client.com.atproto.server.create_session(data), "")
        except Unknown as error:
            raise Retry(error.reason) from error
        return self._keep(made)

    def _keep(self, made: Any) -> Session:
        """Use a session, and keep it for others unless one of them was faster: theirs is as good."""
        if len(made.did) > MAX_DID:
            raise ChannelDown(gettext_noop("The account's DID is too long."))
        self._session = Session(made.did, made.handle, made.access_jwt, made.refresh_jwt)
        value = stored(self._session, self._login)
        self._kept = sessions.keep(self._channel_id, value, instead_of=self._kept)
        return self._session

    def _another(self) -> bool:
        """Whether somebody else has kept another session since; it is taken over."""
        now_kept = sessions.kept(self._channel_id)
        found = session_in(now_kept.value, self._login)
        if found is None or found == self._session:
            return False
        self._kept, self._session = now_kept, found
        return True

    def _ask(self, call: Callable[[ClientRaw], T]) -> T:
        """One request. If its token is refused, it did nothing: it goes out again with another token."""
        try:
            return self._call(call, self.session.access)
        except TokenEnded:
            return self._call(call, self.renew().access)

    def _call(self, call: Callable[[ClientRaw], T], token: str) -> T:
        self._token = token
        try:
            return call(self._client)
        except OtherSideError as error:
            raise _without((token, self._login.password), error) from None
        except (AtProtocolError, ValueError) as error:
            # Its text would quote the answer, which may hold tokens.
            kind = type(error).__name__
            raise Unknown(
                gettext_noop("The answer of Bluesky's server cannot be read (%(kind)s).") % {"kind": kind}
            ) from None

    def _send(self, method: str, url: str, headers: dict[str, str], content: bytes | None) -> Answer:
        if self._token:
            headers = {**headers, "Authorization": f"Bearer {self._token}"}
        until = min(self.until, time.monotonic() + self._answer_seconds)
        answer = wire.ask(wire.Request(method, url, headers, content=content), until=until)
        if refused := error_of(answer, datetime.now(UTC)):
            raise refused
        self.pace = pace(answer.headers, datetime.now(UTC))
        return answer


class _Request(Request):  # type: ignore[misc]  # the library has no types
    """The library's way out, through ours."""

    def __init__(self, send: Callable[[str, str, dict[str, str], bytes | None], Answer]) -> None:
        RequestBase.__init__(self)  # without the client that its own class makes
        self._send = send

    def _send_request(self, method: str, url: str, **given: Any) -> httpx.Response:
        if given.get("params"):
            url = f"{url}?{httpx.QueryParams(given['params'])}"
        content = given.get("content") or given.get("data")
        answer = self._send(
            method,
            url,
            self.get_headers(given.get("headers")),
            content.encode() if isinstance(content, str) else content,
        )
        kind = answer.headers.get("content-type", "")
        return httpx.Response(answer.status, headers={"Content-Type": kind}, content=answer.body)


def _seconds(account: Account) -> float:
    given = account.settings.get("timeout_seconds")
    seconds = float(given) if isinstance(given, int | float) and given > 0 else ANSWER_SECONDS
    return min(seconds, ANSWER_SECONDS)


def _object(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise Unknown(gettext_noop("The answer of Bluesky's server cannot be read."))
    return content


def _without(secrets: tuple[str, ...], error: OtherSideError) -> OtherSideError:
    """Something before the server may quote the request: what is secret is taken out of what it says."""
    for secret in filter(None, secrets):
        error.reason = error.reason.replace(secret, "…")
    error.args = (error.reason,)
    return error
