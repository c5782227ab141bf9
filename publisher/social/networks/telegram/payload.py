"""What one message to Telegram is: the text with how it is shown, and its pictures by digest. Pure, and survives JSON."""

from __future__ import annotations

from html import escape
from typing import Any

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account, Part
from publisher.social.networks.telegram.measure import measure
from publisher.social.networks.telegram.rules import CAPTION, MOST_PICTURES, Rules


def payload(part: Part, account: Account, rules: Rules) -> dict[str, Any]:
    """`text`, `parse_mode` (empty for plain text), `pictures`, and `options` that every method takes as they are.

    Raises `Rejected` for a text that does not fit.
    """
    text = part.text.replace("\r\n", "\n").strip()
    limit = min(CAPTION, rules.limit) if part.pictures else rules.limit
    fit = measure(text, Rules(limit))
    if not fit.fits:
        where = gettext_noop("a text with pictures on Telegram") if part.pictures else "Telegram"
        raise Rejected(
            gettext_noop("The text does not fit %(where)s (%(limit)s characters at most): %(why)s.")
            % {"where": where, "limit": limit, "why": fit.why}
        )
    if len(part.pictures) > MOST_PICTURES:
        raise Rejected(
            gettext_noop("Telegram shows %(most_pictures)s pictures at most, and the post has %(pictures)s.")
            % {"most_pictures": MOST_PICTURES, "pictures": len(part.pictures)}
        )
    html = account.settings.get("format") == "html"
    return {
        "text": _html(text) if html else text,
        "parse_mode": "HTML" if html else "",
        "link_preview": _preview(part, account),
        "pictures": [
            {
                "digest": picture.digest,
                "alt": picture.alt,
                "focus": list(picture.focus) if picture.focus else None,
            }
            for picture in part.pictures
        ],
        "options": _options(account),
    }


def _html(text: str) -> str:
    """The first line bold, and nothing else: whatever the text holds is shown as it is written."""
    first, line_break, rest = text.partition("\n")
    return f"<b>{escape(first, quote=False)}</b>{line_break}{escape(rest, quote=False)}"


def _preview(part: Part, account: Account) -> dict[str, Any]:
    if account.settings.get("link_preview") is False:
        return {"is_disabled": True}
    return {"url": part.link} if part.link.startswith(("https://", "http://")) else {}


def _options(account: Account) -> dict[str, Any]:
    options: dict[str, Any] = {"disable_notification": True} if account.settings.get("silent") else {}
    topic = account.settings.get("topic")
    return options | ({"message_thread_id": topic} if isinstance(topic, int) and topic > 0 else {})
