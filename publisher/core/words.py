"""Numbers of things as people read them. Pure."""

from __future__ import annotations


def counted(count: int, what: str) -> str:
    """`1 mail`, `3,000 mails`: for words whose plural only takes an s."""
    return f"{count:,} {what if count == 1 else f'{what}s'}"
