"""Fakes of what receives webhooks: one that verifies by Standard Webhooks and CloudEvents, and rooms of Slack, Teams, Discord.

Written from the standards' and vendors' pages, with checks of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

from publisher.social.networks.base import Account
from tests.fakes.switches import Answer, Fake, Request, as_json

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"an old secret, an old secret, an").decode()
SLACK_PATH = "/services/T0000/B0000/XXXXSECRETXXXX"
DISCORD_PATH = "/api/webhooks/123456789/discord-token-secret"
TEAMS_PATH = "/workflows/abc/triggers/manual/paths/invoke"
TOLERANCE = 300


class FakeReceiver(Fake):
    """Takes a message once for each `webhook-id` when it is `careful`; a careless one takes all."""

    def __init__(self, *, secret: str = SECRET, careful: bool = True) -> None:
        super().__init__()
        self.secret = secret
        self.careful = careful
        self.seen: set[str] = set()
        self.events: list[dict[str, Any]] = []

    @property
    def texts(self) -> list[str]:
        return [event["data"]["text"] for event in self.events if "text" in event["data"]]

    def take(self, request: Request) -> Answer:
        identity = request.headers.get("webhook-id", "")
        if request.headers.get("idempotency-key") != identity or not self._verified(request, identity):
            return as_json(401, {"error": "no valid signature"})
        if not request.headers.get("content-type", "").startswith("application/cloudevents+json"):
            return Answer(415)
        event = json.loads(request.body)
        required = ("id", "source", "specversion", "type")
        names_are_good = all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in event)
        if not all(event.get(key) for key in required) or event["specversion"] != "1.0" or not names_are_good:
            return as_json(400, {"error": "no CloudEvent"})
        if not (self.careful and identity in self.seen):
            self.seen.add(identity)
            self.events.append(event)
        return as_json(202, {"url": f"https://receiver.example.org/{event['id']}"})

    def _verified(self, request: Request, identity: str) -> bool:
        moment = request.headers.get("webhook-timestamp", "")
        if not moment.isdigit() or abs(time.time() - int(moment)) > TOLERANCE or not identity:
            return False
        key = base64.b64decode(self.secret.split("_", 1)[1])
        signed = b".".join([identity.encode(), moment.encode(), request.body])
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = request.headers.get("webhook-signature", "").split(" ")
        return any(hmac.compare_digest(each, f"v1,{right}") for each in given)


class FakeSlack(Fake):
    """An incoming webhook. `texts` are what people read."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def take(self, request: Request) -> Answer:
        if request.path != SLACK_PATH:
            return Answer(403, b"invalid_token")
        body = json.loads(request.body)
        text = body.get("text")
        if not isinstance(text, str) or not text.strip():
            return Answer(400, b"no_text")
        if re.search(r"[<>]|&(?!(?:amp|lt|gt);)", text) or body.get("mrkdwn") is not False:
            return Answer(400, b"invalid_payload")
        self.texts.append(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        return Answer(200, b"ok")


class FakeTeams(Fake):
    """A workflow with an incoming webhook: it takes adaptive cards of at most 28 KB."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.cards: list[Any] = []

    def take(self, request: Request) -> Answer:
        if request.path.split("?")[0] != TEAMS_PATH:
            return Answer(404)
        if len(request.body) > 28 * 1024:
            return Answer(413)
        body = json.loads(request.body)
        attachment = body["attachments"][0]
        card = attachment["content"]
        if (
            body["type"] != "message"
            or attachment["contentType"] != "application/vnd.microsoft.card.adaptive"
            or card["type"] != "AdaptiveCard"
        ):
            return Answer(400)
        lines = ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]
        self.texts.append("\n".join(lines))
        self.cards.append(card)
        return Answer(202)


class FakeDiscord(Fake):
    """Execute, edit and delete a webhook's message. `texts` are what people read, Markdown taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.next_id = 1_100_000_000_000_000_001

    @property
    def texts(self) -> list[str]:
        return [
            re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", message["content"]) for message in self.messages.values()
        ]

    def take(self, request: Request) -> Answer:
        path, _, query = request.path.partition("?")
        if not path.startswith(DISCORD_PATH):
            return as_json(404, {"message": "Unknown Webhook", "code": 10015})
        if request.method == "GET":
            return as_json(200, {"id": "123456789", "name": "Office news"})
        if request.method == "POST" and path == DISCORD_PATH:
            return self._execute(json.loads(request.body), wait="wait=true" in query)
        return self._change(request, path.removeprefix(f"{DISCORD_PATH}/messages/"))

    def _change(self, request: Request, number: str) -> Answer:
        if number not in self.messages:
            return as_json(404, {"message": "Unknown Message", "code": 10008})
        if request.method == "DELETE":
            del self.messages[number]
            return Answer(204)
        if refusal := self._refusal(json.loads(request.body)):
            return refusal
        self.messages[number] |= json.loads(request.body)
        return as_json(200, self.messages[number])

    def _execute(self, body: Any, *, wait: bool) -> Answer:
        if refusal := self._refusal(body):
            return refusal
        number = str(self.next_id)
        self.next_id += 1
        self.messages[number] = {"id": number, "channel_id": "99", **body}
        return as_json(200, self.messages[number]) if wait else Answer(204)

    @staticmethod
    def _refusal(body: Any) -> Answer | None:
        content = body.get("content", "")
        length = sum(2 if ord(character) > 0xFFFF else 1 for character in content)
        if not content.strip():
            return as_json(400, {"message": "Cannot send an empty message", "code": 50006})
        if length > 2000:
            return as_json(400, {"content": ["Must be 2000 or fewer in length."]})
        return None


PATHS = {FakeReceiver: "/hook", FakeSlack: SLACK_PATH, FakeTeams: TEAMS_PATH, FakeDiscord: DISCORD_PATH}
FORMATS = {FakeReceiver: "generic", FakeSlack: "slack", FakeTeams: "teams", FakeDiscord: "discord"}
AnyFake = FakeReceiver | FakeSlack | FakeTeams | FakeDiscord


def account_at(fake: AnyFake, *, secret: str | None = None, **settings: Any) -> Account:
    """A channel of that receiver."""
    kind = type(fake)
    usual = SECRET if kind is FakeReceiver else ""
    credentials = {"url": fake.url + PATHS[kind], "secret": usual if secret is None else secret}
    return Account(1, "Almaria Office", credentials, {"format": FORMATS[kind], **settings})
