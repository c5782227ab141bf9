"""A Mastodon server's API, call by call: nothing is repeated in here. `wire.py` sends, `errors.py` says what answers mean.

Mastodon.py and Pillow are loaded at the first call, so that workers that send no posts stay small.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace as with_pace
from typing import TYPE_CHECKING, Any

from publisher.core.errors import Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import Account, PictureLimits, Prepared, Receipt, Standing
from publisher.social.networks.mastodon.errors import NotThere

if TYPE_CHECKING:
    from publisher.social.networks.mastodon.wire import Api

LEFT_TO_PUBLISH = 15.0
"""Seconds that must be left after the uploads: less, and the status would be given up while the server makes it."""
POLL_SECONDS = 1.0
POLLS = 15


def create(account: Account, prepared: Prepared, limits: PictureLimits, *, reply_to: str = "") -> Receipt:
    """Upload the pictures, then publish. The server answers a key that it knows with the status that it has."""
    body = prepared.payload
    with connected(account) as api:
        media = _upload(api, body, limits)
        status = api.ask(
            lambda library: library.status_post(
                str(body["status"]),
                in_reply_to_id=reply_to or None,
                media_ids=media or None,
                sensitive=bool(body.get("sensitive")),
                visibility=body.get("visibility"),
                spoiler_text=body.get("spoiler_text"),
                language=body.get("language") or None,
                idempotency_key=prepared.idempotency_key,
            )
        )
        return with_pace(receipt_of(status), pace=api.pace)


def replace(account: Account, remote_id: str, prepared: Prepared, limits: PictureLimits) -> Receipt:
    """Put another text and other pictures in a status's place. Language and visibility stay: the library sends neither."""
    body = prepared.payload
    with connected(account) as api:
        media = _upload(api, body, limits)
        status = api.ask(
            lambda library: library.status_update(
                remote_id,
                str(body["status"]),
                spoiler_text=str(body.get("spoiler_text") or ""),
                sensitive=bool(body.get("sensitive")),
                media_ids=media or None,
            )
        )
        return with_pace(receipt_of(status), pace=api.pace)


def delete(account: Account, remote_id: str) -> None:
    """Delete a status and its pictures; one that is gone already is no error."""
    with connected(account) as api:
        try:
            api.ask(lambda library: library.status_delete(remote_id))
        except NotThere:
            return


def standing(account: Account) -> Standing:
    """The account's name, such as @office@mastodon.example, and what the server says of its limits. Asks for the account's
    statuses too: a token must be able to look.
    """
    with connected(account) as api, publishes_nothing():
        me = api.ask(lambda library: library.account_verify_credentials())
        api.ask(lambda library: library.account_statuses(me["id"], limit=1))
        told = api.ask(lambda library: library.instance_v2())
    host = str(account.settings.get("url")).rstrip("/").split("//")[-1]
    return Standing(f"@{me.get('acct') or account.name}@{host}", limits_in(_dict(told.get("configuration"))))


def limits_in(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The limits in an instance's configuration, by the names that a channel's settings have for them."""
    statuses, media = _dict(configuration.get("statuses")), _dict(configuration.get("media_attachments"))
    names = (
        (statuses, "max_characters"),
        (statuses, "characters_reserved_per_url"),
        (statuses, "max_media_attachments"),
        (media, "image_size_limit"),
        (media, "image_matrix_limit"),
        (media, "description_limit"),
    )
    found: dict[str, Any] = {
        name: part[name] for part, name in names if isinstance(part.get(name), int) and part[name] > 0
    }
    if isinstance(types := media.get("supported_mime_types"), list):
        found["image_types"] = sorted(str(each) for each in types if str(each).startswith("image/"))
    return found


@contextmanager
def connected(account: Account) -> Iterator[Api]:
    """The way to the account's server. Raises `ChannelDown` for an address or a token that cannot be used."""
    from publisher.social.networks.mastodon.wire import Api  # noqa: PLC0415 - it loads Mastodon.py

    with Api(account) as api:
        yield api


def receipt_of(status: object) -> Receipt:
    """What is no status is no proof: the server may have published all the same."""
    if not isinstance(status, Mapping) or not isinstance(status.get("id"), str | int):
        raise Unknown(gettext_noop("The Mastodon server's answer names no status."))
    remote_id, url = str(status["id"]), str(status.get("url") or "")
    if not remote_id or len(remote_id) > 300 or not remote_id.isascii() or "/" in remote_id:
        raise Unknown(gettext_noop("The Mastodon server's answer names no status."))
    return Receipt(remote_id, url[:2000] if url.startswith(("https://", "http://")) else "")


def _upload(api: Api, body: Mapping[str, Any], limits: PictureLimits) -> list[str]:
    """The ids of the pictures, in order. An upload that no status uses is deleted by the server after a day."""
    with publishes_nothing():
        media = [_uploaded(api, picture, limits) for picture in body.get("pictures") or ()]
    if media and api.seconds_left < LEFT_TO_PUBLISH:
        raise Retry(gettext_noop("The Mastodon server took the pictures too slowly."))
    return media


def _uploaded(api: Api, picture: Mapping[str, Any], limits: PictureLimits) -> str:
    """Upload one, and wait until the server has worked on it: it refuses a status with a picture that is not ready."""
    from publisher.social.media.fitting import fitted  # noqa: PLC0415 - it loads Pillow

    file = fitted(str(picture["digest"]), limits)
    focus = picture.get("focus")
    media = api.ask(
        lambda library: library.media_post(
            file.data,
            mime_type=file.type,
            description=picture.get("alt") or None,
            focus=(focus[0], focus[1]) if focus else None,
            file_name=f"{picture['digest'][:16]}.{file.type.split('/')[-1]}",
        )
    )
    media_id = receipt_of(media).remote_id
    for _ in range(POLLS):
        if media.get("url"):
            return media_id
        if api.seconds_left < LEFT_TO_PUBLISH:
            break
        time.sleep(POLL_SECONDS)
        media = api.ask(lambda library: library.media(media_id))
    raise Retry(gettext_noop("The Mastodon server is still working on a picture."))


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
