"""The sandbox network's API over HTTP: one request a call, nothing is repeated in here. `errors.py` says what answers mean.

Only an error before the request could have left is safe to retry. Whatever goes wrong later is `Unknown`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from publisher.core.deadline import DeadlineTransport
from publisher.core.errors import ChannelDown, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account, NotFound, Prepared, Receipt
from publisher.social.networks.sandbox.errors import error_of
from publisher.social.networks.sandbox.rules import PICTURES

ANSWER_SECONDS = 10.0
"""Of one request, its connection and its answer: four pictures and the post stay within the time of one `publish`."""
LONGEST_ANSWER = 256 * 1024

# Raised before a byte of the request is on its way.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNUSABLE = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError)


def create(account: Account, prepared: Prepared, *, reply_to: str = "") -> Receipt:
    """Publish. The server answers a repeated key with the post that it has."""
    body = {**_with_pictures(account, prepared), **({"reply_to": reply_to} if reply_to else {})}
    return _receipt(_ask(account, "POST", "/api/posts", body=body, key=prepared.idempotency_key))


def find(account: Account, prepared: Prepared) -> Receipt | NotFound:
    """The post that was made with this key, if there is one."""
    key = quote(prepared.idempotency_key, safe="")
    try:
        posts = _posts(_ask(account, "GET", f"/api/posts?idempotency_key={key}"))
        return _receipt_of(posts[0]) if posts else NotFound()
    except Unknown as error:
        raise Retry(error.reason) from error


def replace(account: Account, remote_id: str, prepared: Prepared) -> Receipt:
    """Put another text, and its pictures, in a post's place."""
    path = f"/api/posts/{quote(remote_id, safe='')}"
    return _receipt(_ask(account, "PUT", path, body=_with_pictures(account, prepared)))


def delete(account: Account, remote_id: str) -> None:
    """Delete a post; the server says 204 also for one that is gone."""
    _ask(account, "DELETE", f"/api/posts/{quote(remote_id, safe='')}")


def whoami(account: Account) -> str:
    """What the server says of the account's token."""
    try:
        return str(_json(_ask(account, "GET", "/api/account")).get("name") or account.name)
    except Unknown as error:
        raise Retry(error.reason) from error


def _with_pictures(account: Account, prepared: Prepared) -> dict[str, Any]:
    """The body with its pictures uploaded. An upload publishes nothing, so one that is unclear is tried again."""
    body = dict(prepared.payload)
    if pictures := body.pop("pictures", []):
        body["pictures"] = [{"id": _upload(account, each["digest"]), "alt": each["alt"]} for each in pictures]
    return body


def _upload(account: Account, digest: str) -> str:
    from publisher.social.media.fitting import fitted  # noqa: PLC0415 - Pillow, which mail workers do without

    picture = fitted(digest, PICTURES)
    try:
        return _receipt(_ask(account, "POST", "/api/pictures", content=picture.data)).remote_id
    except Unknown as error:
        raise Retry(
            gettext_noop("A picture could not be uploaded. %(reason)s") % {"reason": error.reason}
        ) from error


def _ask(
    account: Account,
    method: str,
    path: str,
    *,
    body: Mapping[str, Any] | None = None,
    content: bytes | None = None,
    key: str = "",
) -> Answer:
    headers = {
        "Authorization": f"Bearer {account.credentials.get('token', '')}",
        "Accept-Encoding": "identity",
    }
    headers |= {"Idempotency-Key": key} if key else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    try:
        with (
            httpx.Client(transport=DeadlineTransport(_until(account)), trust_env=False) as client,
            client.stream(method, _base(account) + path, content=content, headers=headers) as answer,
        ):
            got = Answer(answer.status_code, dict(answer.headers), _read(answer))
    except _NEVER_LEFT as error:
        raise Retry(
            gettext_noop("The sandbox server cannot be reached: %(said)s.") % {"said": _said(error)}
        ) from error
    except (*_UNUSABLE, UnicodeError) as error:
        # The error would quote the header, and with it the token.
        raise ChannelDown(
            gettext_noop("The channel's address or token cannot be used (%(name)s).")
            % {"name": type(error).__name__}
        ) from None
    except httpx.HTTPError as error:
        raise Unknown(
            gettext_noop("The sandbox server took the request and gave no answer: %(said)s.")
            % {"said": _said(error)}
        ) from error
    if refused := error_of(got):
        raise refused
    return got


def _base(account: Account) -> str:
    url = str(account.settings.get("url") or "").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ChannelDown(gettext_noop("The channel's settings name no `url` of a sandbox server."))
    return url


def _until(account: Account) -> float:
    """When the request ends, on the monotonic clock."""
    given = account.settings.get("timeout_seconds")
    seconds = float(given) if isinstance(given, int | float) and given > 0 else ANSWER_SECONDS
    return time.monotonic() + min(seconds, ANSWER_SECONDS)


def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise Unknown(gettext_noop("The sandbox server's answer had no end."))
    return bytes(body)


def _receipt(answer: Answer) -> Receipt:
    return _receipt_of(_json(answer))


def _receipt_of(post: object) -> Receipt:
    """What is no post is no proof: the server may have published all the same."""
    if not isinstance(post, dict) or not isinstance(post.get("id"), str) or not post["id"]:
        raise Unknown(gettext_noop("The sandbox server's answer names no post."))
    return Receipt(post["id"][:300], str(post.get("url") or ""))


def _posts(answer: Answer) -> list[object]:
    posts = _json(answer).get("posts")
    if not isinstance(posts, list):
        raise Unknown(
            gettext_noop("The sandbox server answered a search with something that is no list of posts.")
        )
    return posts


def _json(answer: Answer) -> dict[str, Any]:
    found = answer.json()
    if found is None:
        raise Unknown(gettext_noop("The sandbox server's answer cannot be read."))
    return found


def _said(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
