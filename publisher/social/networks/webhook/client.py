"""A webhook's request: one POST with the stored body, signed at the moment it leaves. `errors.py` says what answers mean.

The address of a webhook is its password, so it stands in no error.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from publisher.core.errors import ChannelDown, Rejected, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.core.webhook_signing import signature_headers
from publisher.social.networks.answer import Answer
from publisher.social.networks.base import Account, Prepared, Receipt
from publisher.social.networks.webhook.errors import MessageGone, error_of
from publisher.social.networks.webhook.payload import EDITED, RETRACTED, event
from publisher.social.networks.webhook.rules import Format
from publisher.social.networks.wire import CutShort, Request, ask, time_left

WHOLE_SECONDS = 25.0

_SAID_BY_STATUS = (Format.GENERIC, Format.SLACK)
"""Of these the status says all, so an answer whose body broke off is whole enough."""
_CONTENT_TYPE = {Format.GENERIC: "application/cloudevents+json; charset=utf-8"}


def send(account: Account, prepared: Prepared, *, reply_to: str = "") -> Receipt:
    """Publish. A receiver that keeps to `Idempotency-Key` or `webhook-id` takes a repeated one once; others do not."""
    target, body = Format(prepared.payload["format"]), prepared.payload["body"]
    if target is Format.GENERIC and reply_to:
        body = {**body, "data": {**body["data"], "reply_to": reply_to}}
    answer = _post(
        account, target, "POST", _address(account, target), body=body, key=prepared.idempotency_key
    )
    return _discord_receipt(answer) if target is Format.DISCORD else _receipt(answer, prepared)


def edit(account: Account, remote_id: str, prepared: Prepared) -> Receipt:
    """Tell of another text for the message. Raises `Rejected` where nothing can be changed."""
    target, body = Format(prepared.payload["format"]), prepared.payload["body"]
    key = prepared.idempotency_key
    if target is Format.DISCORD:
        url = _message(account, remote_id)
        _post(account, target, "PATCH", url, body=body, key=key)
    else:
        _must_be_generic(target, remote_id)
        told = event(account, key, EDITED, {**body["data"], "message": remote_id})
        _post(account, target, "POST", _address(account, target), body=told, key=key)
    return Receipt(remote_id)


def retract(account: Account, remote_id: str) -> None:
    """Delete the message, or tell that it is to be deleted. One that is gone is no error. A receiver that is not there, or knows
    nothing of the message, did not delete it: that is all that can be said."""
    target = format_of(account)
    if target is Format.DISCORD:
        with contextlib.suppress(MessageGone):
            _post(account, target, "DELETE", _message(account, remote_id))
        return
    _must_be_generic(target, remote_id)
    key = f"retract-{remote_id}"
    told = event(account, key, RETRACTED, {"message": remote_id})
    answer = _asked(account, target, "POST", _address(account, target), body=told, key=key)
    if answer.status in (404, 410):
        raise Rejected(
            gettext_noop(
                "The webhook's receiver answered %(status)s to the deletion. Look there whether it is gone."
            )
            % {"status": answer.status}
        )
    _check(answer, target)


def whoami(account: Account) -> str:
    """Discord tells the webhook's name. The others cannot be asked without sending: their address and secret are looked at."""
    target = format_of(account)
    url = _address(account, target)
    if target is not Format.DISCORD:
        _signed(account, target, "check", b"")
        return f"{target.value} webhook at {urlsplit(url).hostname}"
    try:
        answer = _post(account, target, "GET", url)
    except Unknown as error:
        raise Retry(error.reason) from error
    except Rejected as error:
        raise ChannelDown(error.reason) from error
    return str(answer.fields.get("name") or gettext_noop("Discord webhook"))


def format_of(account: Account) -> Format:
    """The channel's `format`; raises `ChannelDown` for one that there is not."""
    given = str(account.settings.get("format") or Format.GENERIC.value)
    try:
        return Format(given)
    except ValueError:
        known = ", ".join(each.value for each in Format)
        raise ChannelDown(
            gettext_noop("The channel's `format` is none of: %(known)s.") % {"known": known}
        ) from None


def _post(
    account: Account,
    target: Format,
    method: str,
    url: str,
    *,
    body: Mapping[str, Any] | None = None,
    key: str = "",
) -> Answer:
    """One request, and what its answer means is raised."""
    answer = _asked(account, target, method, url, body=body, key=key)
    _check(answer, target)
    return answer


def _asked(
    account: Account, target: Format, method: str, url: str, *, body: Mapping[str, Any] | None, key: str
) -> Answer:
    content = b"" if body is None else encoded(body)
    headers = {"Idempotency-Key": key} if key else {}
    if body is not None:
        headers["Content-Type"] = _CONTENT_TYPE.get(target, "application/json; charset=utf-8")
        headers |= _signed(account, target, key, content)
    request = Request(method, url, headers, content=None if body is None else content)
    try:
        return ask(request, until=time_left(WHOLE_SECONDS))
    except CutShort as error:
        if target in _SAID_BY_STATUS:
            return error.answer
        raise


def _check(answer: Answer, target: Format) -> None:
    if refused := error_of(answer, target):
        raise refused


def encoded(body: Mapping[str, Any]) -> bytes:
    """The same bytes for the same body in every try, also when the database gave its keys back in another order."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _signed(account: Account, target: Format, key: str, content: bytes) -> dict[str, str]:
    """Rooms know nothing of signatures, and their address is secret; a receiver of our own must be able to tell who sends."""
    secret = str(account.credentials.get("secret") or "").strip()
    if secret:
        return signature_headers(secret, key, int(time.time()), content)
    if target is Format.GENERIC:
        raise ChannelDown(
            gettext_noop("The channel has no `secret` to sign its webhooks with (whsec_ and base64).")
        )
    return {}


def _address(account: Account, target: Format) -> str:
    url = str(account.credentials.get("url") or account.settings.get("url") or "").strip()
    if not url:
        raise ChannelDown(gettext_noop("The channel has no `url` to send its webhooks to."))
    return _with_query(url, wait="true") if target is Format.DISCORD else url


def _message(account: Account, remote_id: str) -> str:
    """Where Discord keeps the message of that number."""
    if not remote_id.isascii() or not remote_id.isdigit():
        raise Rejected(
            gettext_noop("It is not known which message on Discord this is: change or delete it there.")
        )
    parts = urlsplit(_address(account, Format.DISCORD))
    return parts._replace(path=f"{parts.path.rstrip('/')}/messages/{remote_id}").geturl()


def _with_query(url: str, **more: str) -> str:
    """Discord answers with the message when it is asked to wait for it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ChannelDown(gettext_noop("The channel's address cannot be used.")) from None
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **more})).geturl()


def _must_be_generic(target: Format, remote_id: str) -> None:
    if target is not Format.GENERIC:
        raise Rejected(
            gettext_noop("A message in a room of %(title)s cannot be changed by its webhook: do it there.")
            % {"title": target.value.title()}
        )
    if not remote_id:
        raise Rejected(
            gettext_noop("It is not known which message this is: change or delete it at the receiver.")
        )


def _receipt(answer: Answer, prepared: Prepared) -> Receipt:
    """Our key is the message's name. A receiver may say where it is to be seen, as `url`."""
    url = answer.fields.get("url")
    return Receipt(prepared.idempotency_key, url if isinstance(url, str) else "")


def _discord_receipt(answer: Answer) -> Receipt:
    """What names no message is no proof: it may be there all the same."""
    number = answer.fields.get("id")
    if not isinstance(number, str) or not number.isascii() or not number.isdigit() or len(number) > 40:
        raise Unknown(gettext_noop("Discord's answer names no message."))
    return Receipt(number)
