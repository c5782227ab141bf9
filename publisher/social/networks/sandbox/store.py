"""What the sandbox server knows: posts and idempotency keys, in memory and in a file that is written before any answer.

One JSON line a change; reading the file again gives the same state. A torn last line (a crash in writing) is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True)
class Post:
    """One post as readers see it. Times are ISO 8601 in UTC; a picture is `{"id", "alt"}`."""

    id: str
    account: str
    text: str
    created_at: str
    language: str = "en"
    link: str = ""
    card_title: str = ""
    card_summary: str = ""
    reply_to: str = ""
    edited_at: str = ""
    pictures: list[dict[str, str]] = field(default_factory=list)


class KeyUsedForAnother(Exception):
    """The idempotency key belongs to a post with another body."""


class Store:
    """Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._posts: dict[str, Post] = {}
        self._keys: dict[str, tuple[str, str]] = {}
        self._next = 1
        self._lock = threading.Lock()
        self._file = self._read(folder / "posts.jsonl")

    def create(self, fields: dict[str, Any], *, key: str, body: bytes, now: datetime) -> tuple[Post, bool]:
        """The post, and whether it is new. A repeated key gives the post that it made, even if it was deleted since."""
        digest = hashlib.sha256(body).hexdigest()
        with self._lock:
            if key and key in self._keys:
                used_for, post_id = self._keys[key]
                if used_for != digest:
                    raise KeyUsedForAnother(post_id)
                return self._posts.get(post_id) or Post(
                    post_id, fields["account"], "", now.isoformat()
                ), False
            post = Post(id=str(self._next), created_at=now.isoformat(), **fields)
            self._write({"create": asdict(post), "key": key, "digest": digest})
            self._keep(post, key, digest)
            return post, True

    def edit(self, post_id: str, fields: dict[str, Any], *, now: datetime) -> Post | None:
        """The post with another text; None when there is none."""
        with self._lock:
            if post_id not in self._posts:
                return None
            post = replace(self._posts[post_id], **fields, edited_at=now.isoformat())
            self._write({"edit": asdict(post)})
            self._posts[post_id] = post
            return post

    def delete(self, post_id: str) -> None:
        with self._lock:
            if self._posts.pop(post_id, None):
                self._write({"delete": post_id})

    def by_key(self, key: str) -> Post | None:
        with self._lock:
            return self._posts.get(self._keys.get(key, ("", ""))[1])

    def get(self, post_id: str) -> Post | None:
        with self._lock:
            return self._posts.get(post_id)

    def newest(self, account: str = "") -> list[Post]:
        """All posts, or an account's, newest first."""
        with self._lock:
            posts = [post for post in self._posts.values() if not account or post.account == account]
        return posts[::-1]

    def close(self) -> None:
        self._file.close()

    def _read(self, path: Path) -> BinaryIO:
        """Read the file, cut off a torn last line, and open it for what follows."""
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._apply(json.loads(line))
        if whole != content:
            path.write_bytes(whole)
        return path.open("ab")

    def _apply(self, change: dict[str, Any]) -> None:
        if "create" in change:
            self._keep(Post(**change["create"]), change["key"], change["digest"])
        elif "edit" in change:
            self._posts[change["edit"]["id"]] = Post(**change["edit"])
        else:
            self._posts.pop(change["delete"], None)

    def _keep(self, post: Post, key: str, digest: str) -> None:
        self._posts[post.id] = post
        self._next = int(post.id) + 1
        if key:
            self._keys[key] = (digest, post.id)

    def _write(self, change: dict[str, Any]) -> None:
        self._file.write(json.dumps(change, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
