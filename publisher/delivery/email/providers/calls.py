"""From letters to calls: what anymail's backends are given, alone, as one message with placeholders, or as many in one.

Anymail knows the form of every API's message; what is here is only what a newsletter adds.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import urljoin

from anymail.message import AnymailMessage
from django.core.mail import EmailMultiAlternatives

from publisher.delivery.email.headers import Mailbox
from publisher.delivery.email.providers.content import Form, Letter, harmless
from publisher.delivery.email.providers.provider import Listing, Merging, Provider
from publisher.render import slots
from publisher.render.slots import Cut

DELIVERY = "delivery"
"""The name under which a provider keeps the delivery's id beside a message, and reports it with its events."""


@dataclass
class Call:
    """One request. `payload` is what anymail's backend posts, `message` what it takes it for."""

    payload: Any
    message: Any
    letters: Sequence[Letter]
    listing: Listing | None = None


def call_of(backend: Any, provider: Provider, letters: Sequence[Letter]) -> Call:
    """The request for one letter, or for several together. Raises anymail's errors for what its form cannot hold."""
    if provider.backend == "amazon_ses":
        return _built(backend, provider, _Ready(letters[0]), letters)
    if len(letters) == 1:
        return _built(backend, provider, _message(provider, letters[0]), letters)
    if isinstance(provider.batch, Merging):
        return _built(backend, provider, _merged(provider, provider.batch, letters), letters)
    calls = [call_of(backend, provider, [letter]) for letter in letters]
    assert isinstance(provider.batch, Listing)  # noqa: S101 - no batch: no groups
    together = _Together([call.payload for call in calls], provider.batch)
    _know_again(provider, together.headers, together.extra, letters)
    return Call(together, calls[0].message, letters, provider.batch)


def idempotency_key(letters: Sequence[Letter]) -> str:
    """The same for the same deliveries: a UUID, as Brevo wants it."""
    ids = "\n".join(letter.message_id for letter in letters)
    return str(uuid.UUID(bytes=hashlib.sha256(ids.encode()).digest()[:16], version=4))


def _built(backend: Any, provider: Provider, message: Any, letters: Sequence[Letter]) -> Call:
    payload = backend.build_message_payload(message, {})
    if provider.idempotency:
        _know_again(provider, payload.headers, payload.data.get("headers", {}), letters)
    return Call(payload, message, letters)


def _know_again(
    provider: Provider, headers: dict[str, str], in_body: dict[str, str], letters: Sequence[Letter]
) -> None:
    if provider.idempotency == "header":
        headers["Idempotency-Key"] = idempotency_key(letters)
    elif provider.idempotency == "body":
        in_body["idempotencyKey"] = idempotency_key(letters)


def _message(provider: Provider, letter: Letter) -> AnymailMessage:
    """One letter, whole."""
    form = letter.form
    own = dict(letter.headers)
    if provider.message_id != "replaced" and letter.message_id:
        own["Message-ID"] = f"<{letter.message_id}>"
    html, text = (slots.join(cut, letter.values) for cut in (form.html, form.text))
    message = _common(provider, form, html=html, text=text, to=[letter.to], headers=own)
    if provider.metadata and letter.is_delivery:
        message.metadata = {DELIVERY: str(letter.id)}
    return message


def _merged(provider: Provider, merging: Merging, letters: Sequence[Letter]) -> AnymailMessage:
    """Several letters of one form as one message, in which the provider puts each recipient's own words and links."""
    form, nonce = letters[0].form, secrets.token_hex(8)

    def key_and_text(cut: Cut, name: str) -> tuple[str, str]:
        return merging.placeholder(f"{cut.kind}_{name}", nonce)

    def joined(cut: Cut) -> str:
        texts = [key_and_text(cut, name)[1] for name in cut.names]
        parts = [harmless(part, cut.kind, provider.syntax) for part in cut.parts]
        return parts[0] + "".join(text + part for text, part in zip(texts, parts[1:], strict=True))

    message = _common(
        provider, form, html=joined(form.html), text=joined(form.text), to=[letter.to for letter in letters], merged=True
    )  # fmt: skip
    message.merge_data = {
        letter.to.address: {
            key_and_text(cut, name)[0]: harmless(
                slots.safe_value(cut.kind, name, letter.values), cut.kind, provider.syntax
            )
            for cut in (form.html, form.text)
            for name in cut.names
        }
        for letter in letters
    }
    message.merge_headers = {letter.to.address: _own_headers(provider, letter) for letter in letters}
    if provider.metadata:
        message.merge_metadata = {
            letter.to.address: {DELIVERY: str(letter.id)} for letter in letters if letter.is_delivery
        }
    return message


def _own_headers(provider: Provider, letter: Letter) -> dict[str, str]:
    own = dict(letter.headers)
    if provider.message_id == "kept":
        own["Message-ID"] = f"<{letter.message_id}>"
    return own


def _common(
    provider: Provider,
    form: Form,
    *,
    html: str,
    text: str,
    to: Sequence[Mailbox],
    headers: Mapping[str, str] | None = None,
    merged: bool = False,
) -> AnymailMessage:
    """What single and merged messages share. The texts of a merged one are harmless already: they hold placeholders."""
    if not merged:
        html, text = harmless(html, "html", provider.syntax), harmless(text, "text", provider.syntax)
    message = AnymailMessage(
        subject=harmless(form.subject, "text", provider.syntax),
        body=text,
        from_email=_address(form.sender, provider),
        to=[_address(box, provider) for box in to],
        reply_to=[_address(form.reply_to, provider)] if form.reply_to else None,
        headers={**_headers(provider, form.headers), **(headers or {}), **provider.headers},
    )
    if html:
        message.attach_alternative(html, "text/html")
    if provider.tracking:
        message.track_clicks = message.track_opens = False
    if provider.extra:
        message.esp_extra = dict(provider.extra)
    return message


def _headers(provider: Provider, headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if name.lower() not in provider.without}
    if provider.decodes_headers or any(
        provider.syntax.search(value) for value in kept.values() if provider.syntax
    ):
        kept = {name: _without_phrase(name, value) for name, value in kept.items()}
    return kept


def _without_phrase(name: str, value: str) -> str:
    """A List-Id without its title, which may be in any script: what it identifies is behind it (RFC 2919)."""
    return value[value.rfind("<") :] if name.lower() == "list-id" else value


def _address(box: Mailbox, provider: Provider) -> str:
    """`"Name" <address>` with the name as it is, which each API encodes in its own way."""
    name = harmless(box.name, "text", provider.syntax)
    if not name:
        return box.address
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{box.address}>'


@dataclass
class _Together:
    """Several payloads in one request; anymail's backends take it for one payload."""

    payloads: Sequence[Any]
    listing: Listing
    headers: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    """More headers of the first message, for what goes there and belongs to the call."""

    def get_request_params(self, api_url: str) -> dict[str, Any]:
        first = self.payloads[0]
        params: dict[str, Any] = first.get_request_params(api_url)
        for payload in self.payloads[1:]:
            payload.serialize_data()
        endpoint, body = self.listing.combine([payload.data for payload in self.payloads])
        if self.extra:
            body["headers"] = {**body.get("headers", {}), **self.extra}
        if endpoint:
            params["url"] = urljoin(api_url, endpoint)
        return {
            **params,
            "data": first.serialize_json(body),
            "headers": {**params["headers"], **self.headers},
        }


class _Ready(EmailMultiAlternatives):
    """A message that is already written: Amazon SES takes it as it is."""

    def __init__(self, letter: Letter) -> None:
        super().__init__(from_email=letter.form.sender.address, to=[letter.to.address])
        self._raw = letter.raw
        # Event destinations report it; the mail does not hold it.
        if letter.is_delivery:
            self.esp_extra = {"EmailTags": [{"Name": DELIVERY, "Value": str(letter.id)}]}

    def message(self, **_options: object) -> Any:  # Django's own type names its own subclass
        return _Raw(self._raw)


class _Raw(Message):
    """The bytes of a message where anymail expects one that it could still change."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self._raw = raw

    def walk(self) -> Any:
        return iter(())

    def as_bytes(self, unixfrom: bool = False, policy: Any = None) -> bytes:  # noqa: ARG002 - as its base has it
        return self._raw
