"""WeChat's drafts over HTTP: upload the pictures, lay the draft, look for it. `errors.py` says what answers mean.

Only `draft/add` makes something that staff see. What goes wrong before it is tried again: a picture in the account's material
that no article shows is seen by nobody. The token is part of each address, so no address stands in any error.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from publisher.core.errors import OtherSideError, Retry, Unknown
from publisher.core.marking import gettext_noop
from publisher.social.networks.answer import Answer
from publisher.social.networks.asking import publishes_nothing
from publisher.social.networks.base import Account, CannotTell, NotFound, Prepared, Receipt
from publisher.social.networks.wechat import tokens
from publisher.social.networks.wechat.errors import TokenDead, error_of
from publisher.social.networks.wechat.payload import content
from publisher.social.networks.wechat.rules import PICTURES
from publisher.social.networks.wire import File, Request, ask, time_left

API = "https://api.weixin.qq.com"
WHOLE_SECONDS = 50.0
ANSWER_SECONDS = 20.0
"""Of one request, within the whole."""
CLOCKS_DIFFER = timedelta(minutes=5)
PAGE, MOST_PAGES = 20, 5
_NOT_ALL = CannotTell(
    gettext_noop(
        "WeChat does not show all drafts that it counts. Look at the account's drafts "
        "(草稿箱), then say here whether it is there."
    )
)


@dataclass(frozen=True)
class Session:
    """Requests for one account, all of them ended by `until` (monotonic seconds)."""

    account: Account
    until: float

    def call(self, path: str, body: Mapping[str, Any] | None = None, file: File | None = None) -> Answer:
        """One request with the account's token; once more with a new one where WeChat refuses that. Raises what it means."""
        keys = tokens.keys_of(self.account)
        dead = ""
        while True:
            token = tokens.token_of(keys, self._ask_token, until=self.until, dead=dead)
            answer = self._send(path, token, body, file)
            error = error_of(answer, now=datetime.now(UTC))
            if error is None:
                return answer
            if not isinstance(error, TokenDead) or dead:
                raise _without(token, error)
            dead = token

    def _send(self, path: str, token: str, body: Mapping[str, Any] | None, file: File | None) -> Answer:
        sign = "&" if "?" in path else "?"
        url = f"{self._api}{path}{sign}access_token={quote(token, safe='')}"
        if file:
            return self._ask(Request("POST", url, files={"media": file}))
        # WeChat shows escapes such as \\u4f5c as they are written.
        data = json.dumps(body or {}, ensure_ascii=False).encode()
        return self._ask(Request("POST", url, {"Content-Type": "application/json"}, data))

    def _ask_token(self, body: bytes) -> Answer:
        url = f"{self._api}/cgi-bin/stable_token"
        with publishes_nothing():
            return self._ask(Request("POST", url, {"Content-Type": "application/json"}, body))

    def _ask(self, request: Request) -> Answer:
        return ask(request, until=min(self.until, time_left(ANSWER_SECONDS)))

    @property
    def _api(self) -> str:
        return str(self.account.settings.get("api") or API).rstrip("/")


def lay(account: Account, prepared: Prepared) -> Receipt:
    """Lay the draft. Nothing tells WeChat that a draft is a repeated one: never call it again after `Unknown` before `find`."""
    session = Session(account, time_left(WHOLE_SECONDS))
    given = dict(prepared.payload)
    with publishes_nothing():
        files = _files(given["pictures"])
        cover = given["cover"] if not files else _cover(session, files[0])
        urls = [_image(session, file) for file in files]
    article = {
        "article_type": "news",
        "title": given["title"],
        "author": given["author"],
        "digest": given["digest"],
        "content": content(given, urls),
        "content_source_url": given["link"],
        "thumb_media_id": cover,
    }
    answer = session.call("/cgi-bin/draft/add", {"articles": [article]})
    media_id = answer.fields.get("media_id")
    if not isinstance(media_id, str) or not media_id:
        raise Unknown(gettext_noop("WeChat's answer names no draft."))
    return Receipt(media_id)


def find(account: Account, prepared: Prepared, *, since: timedelta) -> Receipt | NotFound | CannotTell:
    """Look through the drafts, newest first, back to the first try or to the last that WeChat counts."""
    session = Session(account, time_left(WHOLE_SECONDS))
    began = datetime.now(UTC) - since - CLOCKS_DIFFER
    for page in range(MOST_PAGES):
        query = {"offset": page * PAGE, "count": PAGE, "no_content": 1}
        with publishes_nothing():
            fields = session.call("/cgi-bin/draft/batchget", query).fields
        items = fields.get("item")
        if not isinstance(items, list):
            raise Retry(gettext_noop("WeChat's list of drafts cannot be read."))
        for item in items:
            verdict = _verdict(item, prepared.payload, began)
            if verdict is not None:
                return verdict
        if len(items) < PAGE:
            return NotFound() if fields.get("total_count") == page * PAGE + len(items) else _NOT_ALL
    return CannotTell(
        gettext_noop(
            "The account has too many newer drafts to look through. Look there whether it is among them."
        )
    )


def check(account: Account) -> str:
    """The account's AppID, once it is known that it may make drafts."""
    session = Session(account, time_left(WHOLE_SECONDS))
    with publishes_nothing():
        session.call("/cgi-bin/draft/batchget", {"offset": 0, "count": 1, "no_content": 1})
    return tokens.keys_of(account).app_id


def _files(pictures: list[Mapping[str, Any]]) -> list[File]:
    if not pictures:
        return []
    from publisher.social.media.fitting import fitted  # noqa: PLC0415 - Pillow, which mail workers do without

    made = [fitted(str(picture["digest"]), PICTURES) for picture in pictures]
    return [
        File(f"picture{number}.{'png' if each.type == 'image/png' else 'jpg'}", each.data, each.type)
        for number, each in enumerate(made)
    ]


def _cover(session: Session, file: File) -> str:
    media_id = session.call("/cgi-bin/material/add_material?type=image", file=file).fields.get("media_id")
    if not isinstance(media_id, str) or not media_id:
        raise Retry(gettext_noop("WeChat named no place for the cover."))
    return media_id


def _image(session: Session, file: File) -> str:
    url = session.call("/cgi-bin/media/uploadimg", file=file).fields.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise Retry(gettext_noop("WeChat named no address for the picture."))
    return url


def _verdict(
    item: object, payload: Mapping[str, Any], began: datetime
) -> Receipt | NotFound | CannotTell | None:
    """What one draft of the list says of ours. None: look at the next."""
    draft: Mapping[str, Any] = item if isinstance(item, dict) else {}
    media_id, changed = draft.get("media_id"), draft.get("update_time")
    held = draft.get("content")
    news = held.get("news_item") if isinstance(held, dict) else None
    if not isinstance(media_id, str) or not isinstance(changed, int) or not isinstance(news, list):
        return CannotTell(
            gettext_noop("WeChat's list holds something that is no draft. Look there whether ours is there.")
        )
    if changed < began.timestamp():
        return NotFound()
    for article in (each for each in news if isinstance(each, dict)):
        same_link = bool(payload["link"]) and _plain(article.get("content_source_url")) == _plain(
            payload["link"]
        )
        same_words = all(_plain(article.get(name)) == _plain(payload[name]) for name in ("title", "digest"))
        if same_words and (same_link or not payload["link"]):
            return Receipt(media_id)
        if same_link:
            return CannotTell(
                gettext_noop(
                    "A draft “%(title)s” with the same link is there, in other words. "
                    "Look whether it is this one, changed by somebody."
                )
                % {"title": str(article.get("title"))[:80]}
            )
    return None


def _plain(value: object) -> str:
    """As it is read: without escapes of HTML, and with single spaces."""
    return " ".join(html.unescape(value if isinstance(value, str) else "").split())


def _without(token: str, error: OtherSideError) -> OtherSideError:
    error.reason = error.reason.replace(token, "…")
    error.args = (error.reason,)
    return error
