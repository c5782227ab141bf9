"""The sandbox network's API: what each request means and what it is answered. `server.py` does the HTTP around it.

POST /api/posts  {account, text, language?, link?, card?: {title, summary}, pictures?: [{id, alt?}], reply_to?}
                 with Authorization, Idempotency-Key
POST /api/pictures  the bytes of a JPEG or PNG; answers {id}
GET  /api/posts?idempotency_key=…  ·  PUT, DELETE /api/posts/ID  ·  GET /api/account  ·  GET /api/timeline (public)
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from publisher.social.networks.sandbox.faults import Faults, Kind
from publisher.social.networks.sandbox.pictures import LONGEST_ALT, MOST, Pictures
from publisher.social.networks.sandbox.store import KeyUsedForAnother, Post, Store

LONGEST_TEXT = 500
LONGEST_NAME = 100
MOST_LISTED = 1000


@dataclass(frozen=True)
class Context:
    """What a request may use. `now` is aware."""

    store: Store
    pictures: Pictures
    tokens: frozenset[str] | None
    base_url: str
    now: datetime


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body; `headers` beside the usual ones."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The request cannot be done, for the reason in `answer`."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.answer = Answer(status, {"error": error})


def publish(context: Context, body: bytes, authorization: str, key: str) -> Answer:
    """201 for a new post, 200 with the old one for a repeated key, 409 for a key used with another body."""
    try:
        _authorise(context, authorization)
        fields = _fields(context, body)
        _check_thread(context, fields["reply_to"])
        post, is_new = context.store.create(fields, key=key[:255], body=body, now=context.now)
    except Refused as refused:
        return refused.answer
    except KeyUsedForAnother:
        return Answer(409, {"error": "This idempotency key was used with another post."})
    return Answer(201 if is_new else 200, _as_json(context, post))


def upload(context: Context, body: bytes, authorization: str) -> Answer:
    """201 with the picture's id, 422 for what is none."""
    try:
        _authorise(context, authorization)
    except Refused as refused:
        return refused.answer
    name = context.pictures.put(body)
    return Answer(201, {"id": name}) if name else Answer(422, {"error": "This is no JPEG and no PNG."})


def get(context: Context, path: str, query: dict[str, str], authorization: str) -> Answer:
    """Reading. The timeline is public, everything else needs a token."""
    if path == "/api/timeline":
        posts = context.store.newest(query.get("account", ""))[:MOST_LISTED]
        return Answer(200, {"posts": [_as_json(context, post) for post in posts]})
    try:
        _authorise(context, authorization)
    except Refused as refused:
        return refused.answer
    if path == "/api/account":
        return Answer(200, {"name": "sandbox account"})
    if path == "/api/posts" and "idempotency_key" in query:
        found = context.store.by_key(query["idempotency_key"])
        return Answer(200, {"posts": [_as_json(context, found)] if found else []})
    return Answer(404, {"error": "There is nothing here."})


def put(context: Context, path: str, body: bytes, authorization: str) -> Answer:
    """Replace a post's text, link, card and pictures. 410 when the post is gone."""
    try:
        _authorise(context, authorization)
        fields = _fields(context, body)
    except Refused as refused:
        return refused.answer
    del fields["reply_to"], fields["account"]
    post = context.store.edit(_id(path), fields, now=context.now)
    return Answer(200, _as_json(context, post)) if post else Answer(410, {"error": "There is no such post."})


def delete(context: Context, path: str, authorization: str) -> Answer:
    """204, also when the post was gone."""
    try:
        _authorise(context, authorization)
    except Refused as refused:
        return refused.answer
    context.store.delete(_id(path))
    return Answer(204)


def add_fault(faults: Faults, body: bytes) -> Answer:
    """`{"kind": "drop_reply", "times": 1, "seconds": 0}`; see `faults.Kind`."""
    try:
        given = json.loads(body)
        faults.add(
            Kind(given["kind"]), times=int(given.get("times", 1)), seconds=float(given.get("seconds", 0))
        )
    except (ValueError, KeyError, TypeError):
        kinds = ", ".join(kind.value for kind in Kind)
        return Answer(422, {"error": f"`kind` must be one of: {kinds}."})
    return Answer(201)


def _authorise(context: Context, authorization: str) -> None:
    scheme, _, token = authorization.partition(" ")
    if scheme != "Bearer" or not token:
        raise Refused(401, "A bearer token is needed.")
    if context.tokens is not None and token not in context.tokens:
        raise Refused(401, "This token is not known.")


def _check_thread(context: Context, reply_to: str) -> None:
    if reply_to and context.store.get(reply_to) is None:
        raise Refused(422, "The post that this one replies to does not exist.")


def _fields(context: Context, body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except ValueError as error:
        raise Refused(400, "The body is not JSON.") from error
    if not isinstance(given, dict):
        raise Refused(400, "The body is not an object.")
    card = given.get("card") if isinstance(given.get("card"), dict) else {}
    fields: dict[str, Any] = {
        "account": _text(given, "account", LONGEST_NAME),
        "text": _text(given, "text", LONGEST_TEXT),
        "language": _text(given, "language", 35) or "en",
        "link": _text(given, "link", 2000),
        "card_title": _text(card or {}, "title", 500),
        "card_summary": _text(card or {}, "summary", 2000),
        "reply_to": _text(given, "reply_to", 20),
        "pictures": _pictures(context, given.get("pictures") or []),
    }
    for needed in ("account", "text"):
        if not fields[needed].strip():
            raise Refused(422, f"`{needed}` is empty.")
    if fields["link"] and not fields["link"].startswith(("http://", "https://")):
        raise Refused(422, "`link` must be an http or https address.")
    return fields


def _pictures(context: Context, given: object) -> list[dict[str, str]]:
    if not isinstance(given, list) or len(given) > MOST:
        raise Refused(422, f"`pictures` must be a list of at most {MOST}.")
    pictures = []
    for each in given:
        if not isinstance(each, dict) or not context.pictures.has(str(each.get("id"))):
            raise Refused(422, "A picture must be uploaded before the post that shows it.")
        pictures.append({"id": str(each["id"]), "alt": _text(each, "alt", LONGEST_ALT)})
    return pictures


def _text(given: dict[str, Any], name: str, most: int) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise Refused(422, f"`{name}` must be text.")
    length = len(unicodedata.normalize("NFC", value))
    if length > most:
        raise Refused(422, f"`{name}` is {length} characters long; the limit is {most}.")
    return value


def _id(path: str) -> str:
    return path.removeprefix("/api/posts/")


def _as_json(context: Context, post: Post) -> dict[str, Any]:
    return {**asdict(post), "url": f"{context.base_url}/posts/{post.id}"}
