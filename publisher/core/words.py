"""Numbers of things as people read them, in their language but for `counted`. Pure."""

from __future__ import annotations

from django.utils.translation import ngettext


def counted(count: int, what: str) -> str:
    """`1 mail`, `3,000 mails`: for words whose plural only takes an s. English only: for the command line and logs."""
    return f"{count:,} {what if count == 1 else f'{what}s'}"


def mails(count: int) -> str:
    """`1 mail`, `3,000 mails`."""
    return ngettext("%(num)s mail", "%(num)s mails", count) % {"num": f"{count:,}"}


def posts(count: int) -> str:
    """`1 post`, `3,000 posts`."""
    return ngettext("%(num)s post", "%(num)s posts", count) % {"num": f"{count:,}"}


def editions(count: int) -> str:
    """`1 edition`, `3,000 editions`."""
    return ngettext("%(num)s edition", "%(num)s editions", count) % {"num": f"{count:,}"}
