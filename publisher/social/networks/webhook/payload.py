"""The body of a request, as each kind of receiver takes it. Pure, and survives JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from publisher.core.errors import Rejected
from publisher.core.marking import gettext_noop
from publisher.social.networks.base import Account, Part
from publisher.social.networks.webhook.escaping import escaped
from publisher.social.networks.webhook.measure import measure
from publisher.social.networks.webhook.rules import TEAMS_BYTES, Format, Rules

PUBLISHED = "publisher.message.published"
EDITED = "publisher.message.edited"
RETRACTED = "publisher.message.retracted"


def payload(part: Part, account: Account, key: str, rules: Rules) -> dict[str, Any]:
    """`format` and `body`. Raises `Rejected` for a text that does not fit."""
    fit = measure(part.text, rules)
    if not fit.fits:
        raise Rejected(gettext_noop("The text does not fit this webhook: %(why)s.") % {"why": fit.why})
    body = _body(part, account, key, rules.format)
    if rules.format is Format.TEAMS and len(json.dumps(body, ensure_ascii=False).encode()) > TEAMS_BYTES:
        raise Rejected(
            gettext_noop("The text makes a card that is too large for Teams: it has too many lines.")
        )
    return {"format": rules.format.value, "body": body}


def event(account: Account, key: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """A CloudEvent 1.0. It has no `time`: the same event is sent in every try, and the signature has the moment."""
    return {
        "specversion": "1.0",
        "id": key,
        "source": str(account.settings.get("source") or f"urn:publisher:channel:{account.channel_id}"),
        "type": kind,
        "datacontenttype": "application/json",
        "data": data,
    }


def _body(part: Part, account: Account, key: str, target: Format) -> dict[str, Any]:
    text = escaped(part.text, target)
    if target is Format.SLACK:
        return {"text": text, "mrkdwn": False, "unfurl_links": True}
    if target is Format.DISCORD:
        return {"content": text, "allowed_mentions": {"parse": []}}
    if target is Format.TEAMS:
        return _teams(text, part.link)
    return event(account, key, PUBLISHED, _data(part))


def _data(part: Part) -> dict[str, Any]:
    data: dict[str, Any] = {
        "text": part.text,
        "link": part.link,
        "language": part.language,
        "number": part.number,
        "of": part.of,
    }
    if part.warning:
        data["warning"] = part.warning
    if part.card:
        data["card"] = {
            "title": part.card.title,
            "summary": part.card.summary,
            "image_url": part.card.image_url,
            "image_alt": part.card.image_alt,
        }
    return data


def _teams(text: str, link: str) -> dict[str, Any]:
    """An adaptive card. Its text runs know no markup, and no links: the link is a button with the host's name."""
    blocks = [
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line}]}
        for line in text.split("\n")
        if line.strip()
    ]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    if link.startswith(("https://", "http://")):
        title = urlsplit(link).hostname or link
        card["actions"] = [{"type": "Action.OpenUrl", "title": title, "url": link}]
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}
