"""Pictures onto LinkedIn, before the post that shows them: reserve a place, put the bytes there, wait until they can be shown.

Nothing is published by it, so all that goes wrong here may be tried again: a picture that no post shows is seen by nobody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from publisher.core.errors import ChannelDown, Rejected, Retry
from publisher.core.marking import gettext_noop
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.linkedin.errors import error_of
from publisher.social.networks.linkedin.rules import PICTURES
from publisher.social.networks.linkedin.wire import Wire

if TYPE_CHECKING:
    from publisher.social.media.fitting import Fitted

WITHIN_SECONDS = 24.0
"""Of one call of ours: what is left is for the post itself."""
ASK_EVERY = 0.5


def uploaded(wire: Wire, pictures: Sequence[Mapping[str, Any]], owner: str) -> list[str]:
    """The URNs of the pictures, all ready to be shown. Raises `Retry`, `Rejected`, `ChannelDown`; never `Unknown`."""
    if not pictures:
        return []
    from publisher.social.media.fitting import fitted  # noqa: PLC0415 - Pillow is large; most processes never need it

    with publishes_nothing():
        made = [fitted(str(picture["digest"]), PICTURES) for picture in pictures]
        urns = [_upload(wire, picture, owner) for picture in made]
        for urn in urns:
            _wait_for(wire, urn)
    _check_time(wire)
    return urns


def _upload(wire: Wire, picture: Fitted, owner: str) -> str:
    _check_time(wire)
    body = {"initializeUploadRequest": {"owner": owner}}
    answer = wire.ask("POST", "/rest/images?action=initializeUpload", body=body)
    if error := error_of(answer, now=datetime.now(UTC)):
        raise error
    value = answer.fields.get("value")
    url, urn = (value.get("uploadUrl"), value.get("image")) if isinstance(value, dict) else (None, None)
    if not isinstance(url, str) or not isinstance(urn, str) or not urn.startswith("urn:li:image:"):
        raise Retry(gettext_noop("LinkedIn gave no place for the picture."))
    headers = {"Content-Type": picture.type}
    bearer = wire.is_linkedin(url)
    try:
        put = wire.send("PUT", url, content=picture.data, headers=headers, bearer=bearer, upload=True)
    except ChannelDown as unusable:
        # About the place that LinkedIn named, not about the channel's own address.
        raise Retry(gettext_noop("LinkedIn named a place for the picture that cannot be used.")) from unusable
    if error := error_of(put, now=datetime.now(UTC)):
        # The place is good for this once and for a short time: whatever it answers is of this try only.
        raise Retry(
            gettext_noop("LinkedIn did not take the picture: %(reason)s") % {"reason": error.reason},
            getattr(error, "after", None),
        )
    return urn


def _wait_for(wire: Wire, urn: str) -> None:
    while True:
        _check_time(wire)
        answer = wire.ask("GET", f"/rest/images/{quote(urn, safe='')}")
        if answer.status == 403:
            # This token may post and not look; LinkedIn says itself if it cannot show the picture yet.
            return
        error = error_of(answer, now=datetime.now(UTC))
        if error and answer.status != 404:
            raise error
        status = answer.fields.get("status")
        if status == "AVAILABLE":
            return
        if status == "PROCESSING_FAILED":
            raise Rejected(gettext_noop("LinkedIn cannot show a picture of this post: attach another."))
        time.sleep(ASK_EVERY)


def _check_time(wire: Wire) -> None:
    if wire.spent > WITHIN_SECONDS:
        raise Retry(gettext_noop("LinkedIn took too long over the pictures; nothing was published."))
