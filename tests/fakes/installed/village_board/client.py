"""The board over HTTP: one request a call, by Publisher's `wire`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from publisher.core.errors import ChannelDown, Retry, Unknown
from publisher.social.networks.base import Account, NotFound, Prepared, Receipt
from publisher.social.networks.wire import Request, ask, time_left
from village_board.errors import error_of

SECONDS = 10.0


def pin(account: Account, prepared: Prepared) -> Receipt:
    """The board knows a repeated note by its key."""
    return _receipt(_ask(account, "POST", "/notes", prepared.payload, prepared.idempotency_key))


def find(account: Account, prepared: Prepared) -> Receipt | NotFound:
    """The note of this key."""
    try:
        found = _ask(account, "GET", f"/notes?key={quote(prepared.idempotency_key, safe='')}")
        return _receipt(found["notes"][0]) if _list(found.get("notes")) else NotFound()
    except Unknown as error:
        raise Retry(error.reason) from error


def replace(account: Account, remote_id: str, prepared: Prepared) -> Receipt:
    """Another text in its place."""
    return _receipt(_ask(account, "PUT", f"/notes/{quote(remote_id, safe='')}", prepared.payload))


def take_down(account: Account, remote_id: str) -> None:
    """The board says 200 also for one that is gone."""
    _ask(account, "DELETE", f"/notes/{quote(remote_id, safe='')}")


def keeper(account: Account) -> str:
    """Whose board it is."""
    try:
        return str(_ask(account, "GET", "/keeper").get("name") or account.name)
    except Unknown as error:
        raise Retry(error.reason) from error


def _ask(account: Account, method: str, path: str, body: object = None, key: str = "") -> dict[str, Any]:
    board = str(account.settings.get("board") or "").rstrip("/")
    if not board:
        raise ChannelDown("The channel's settings name no `board`.")
    headers = {
        "Authorization": f"Bearer {account.credentials.get('key', '')}",
        "Content-Type": "application/json",
    }
    headers |= {"Idempotency-Key": key} if key else {}
    given = account.settings.get("timeout_seconds")
    seconds = min(float(given), SECONDS) if isinstance(given, int | float) and given > 0 else SECONDS
    content = None if body is None else json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    answer = ask(Request(method, board + path, headers, content=content), until=time_left(seconds))
    if refused := error_of(answer):
        raise refused
    found = answer.json()
    if found is None:
        raise Unknown("The village board's answer cannot be read.")
    return found


def _list(notes: object) -> list[object]:
    if not isinstance(notes, list):
        raise Unknown("The village board's answer cannot be read.")
    return notes


def _receipt(note: object) -> Receipt:
    number = note.get("number") if isinstance(note, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise Unknown("The village board's answer names no note.")
    return Receipt(str(number), f"https://board.example/notes/{number}")
