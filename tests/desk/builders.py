"""Small builders of what the desk shows: posts, editions with variants and deliveries, refused entries, audit entries."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from publisher.audience.evidence import consent_text
from publisher.audience.models import MailDomain, SignUp, Suppression, SuppressionImport
from publisher.core import clock
from publisher.core.models import Pause
from publisher.delivery.email.dkim import LEAST_BITS
from publisher.delivery.models import Amendment, Attempt, Delivery, Export, SigningKey
from publisher.delivery.signing import make_key
from publisher.digests.models import Digest, Edition, EditionItem, EditionSelection, Variant
from publisher.feedback import rules
from publisher.feedback.models import Mailbox, Report
from publisher.hooks import endpoints
from publisher.hooks.models import Endpoint, Message
from publisher.items.models import Item, Rejection, Revision
from publisher.social.accounts import account_of
from publisher.social.models import Channel, Post
from publisher.social.networks import registry
from publisher.social.networks.base import Part, Picture
from tests.builders import NOON, a_channel, a_digest, a_subscriber, an_item

_numbers = itertools.count(1)


def a_post(item: Item | None = None, channel: Channel | None = None, text: str = "", **given: Any) -> Post:
    """A draft, unless told otherwise."""
    item = item or an_item()
    fields: dict[str, Any] = {
        "item_revision": item.revision,
        "language": item.language,
        "parts": [{"text": text or f"{item.title} {item.url}"}],
        "link": item.url,
        "created_at": NOON,
        "trace_id": "a" * 32,
        **given,
    }
    return Post.objects.create(item=item, channel=channel or a_channel(), **fields)


def an_edition(digest: Digest | None = None, *, items: list[Item] | None = None, **given: Any) -> Edition:
    """A waiting edition with one English variant of its items."""
    digest = digest or a_digest()
    n = next(_numbers)
    fields: dict[str, Any] = {
        "number": n,
        "due_at": NOON + timedelta(minutes=n),
        "window_from": NOON - timedelta(days=7),
        "window_to": NOON,
        "state": Edition.State.WAITING,
        "created_at": NOON,
        "assembled_at": NOON,
        "trace_id": "b" * 32,
        **given,
    }
    edition = Edition.objects.create(digest=digest, **fields)
    items = [an_item()] if items is None else items
    for position, item in enumerate(items):
        EditionItem.objects.create(edition=edition, item=item, revision=item.revision, position=position)
    return edition


def a_variant(edition: Edition, *, html: str = "", text: str = "", **given: Any) -> Variant:
    """A rendered variant that one selection receives."""
    fields: dict[str, Any] = {
        "mask": next(_numbers),
        "language": "en",
        "selections": 1,
        "recipients": 1,
        "subject": "The week in Almaria",
        "html": html or "<!doctype html><html lang=en><title>m</title><h1>The week in Almaria</h1></html>",
        "text": text or "THE WEEK IN ALMARIA",
        "rendered_at": NOON,
        **given,
    }
    variant = Variant.objects.create(edition=edition, **fields)
    selection = a_subscriber(edition.digest).selection
    EditionSelection.objects.get_or_create(
        edition=edition, selection_id=selection.pk, defaults={"variant": variant}
    )
    return variant


def a_mail(edition: Edition, address: str = "", *, at: datetime = NOON, **given: Any) -> Delivery:
    """A queued delivery of an edition."""
    fields: dict[str, Any] = {"due_at": at, "created_at": at, **given}
    return Delivery.objects.create(
        edition=edition, address=address or f"reader{next(_numbers)}@example.net", **fields
    )


def a_signing_key(domain: str = "office.example.org", selector: str = "june") -> SigningKey:
    """A DKIM key that is off."""
    return make_key(domain, selector, bits=LEAST_BITS, now=NOON)


def a_pause(**given: Any) -> Pause:
    """Of a country, unless told otherwise."""
    fields: dict[str, Any] = {"reason": "A flood in the valley", "by": "mira", "since": NOON, **given}
    if not {"channel_id", "topic_id"} & fields.keys():
        fields |= {"scope": "country", "country": "KE", "name": "KE"}
    return Pause.objects.create(**fields)


def a_post_delivery(post: Post, part: int = 0, *, at: datetime = NOON, **given: Any) -> Delivery:
    fields: dict[str, Any] = {"due_at": at, "created_at": at, **given}
    return Delivery.objects.create(
        post=post, channel=post.channel, part=part, address=post.channel.name, **fields
    )


def a_handed_post(network: str = "weibo", *, pictures: tuple[Picture, ...] = (), **given: Any) -> Post:
    """A post that waits for a person, with one delivery as `leaving.py` writes it."""
    channel = given.pop("channel", None) or a_channel(network)
    now = clock.now()
    fields: dict[str, Any] = {"state": "handed", "slot_at": now, "approved_at": now, **given}
    post = a_post(channel=channel, **fields)
    part = Part(post.parts[0]["text"], post.link, post.language, pictures=pictures)
    prepared = registry.leaving(network).prepare(part, account_of(channel), "k" * 32)
    a_post_delivery(post, at=now, state="handed", prepared=dict(prepared.payload))
    return post


def pictures_in(folder: Path, settings: Any) -> None:
    """Let the store of pictures be in that folder."""
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder / "media")},
    }
    settings.STORAGES = {**settings.STORAGES, "default": files}


def an_attempt(delivery: Delivery, **given: Any) -> Attempt:
    fields: dict[str, Any] = {
        "fence": 1,
        "worker": "mail@host-1",
        "started_at": NOON,
        "duration_ms": 41.5,
        "outcome": "sent",
        "code": 250,
        "enhanced": "2.0.0",
        "text": "2.0.0 Ok: queued",
        **given,
    }
    return Attempt.objects.create(delivery=delivery, **fields)


def a_report(delivery: Delivery | None = None, **given: Any) -> Report:
    """A hard bounce that came back, unless told otherwise."""
    fields: dict[str, Any] = {
        "fingerprint": secrets.token_bytes(32),
        "kind": Report.Kind.BOUNCE,
        "cause": Report.Cause.UNKNOWN_USER,
        "outcome": Report.Outcome.SUPPRESSED,
        "source": "mailbox bounces",
        "code": "5.1.1",
        "said": "550 5.1.1 <reader@example.net>: Recipient address rejected: User unknown",
        "why": rules.HARD,
        "address_key": delivery.address if delivery else "reader@example.net",
        "delivery_id": delivery.pk if delivery else None,
        "received_at": NOON,
        "evidence": zlib.compress(
            b"From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n550 5.1.1 User unknown\n"
        ),
        **given,
    }
    return Report.objects.create(**fields)


def an_amendment(post: Post, **given: Any) -> Amendment:
    """An answer below the post's message, waiting for its turn unless told otherwise."""
    fields: dict[str, Any] = {
        "deed": "reply",
        "text": "Correction.",
        "revision": post.item.revision,
        "idempotency_key": "k",
        "due_at": NOON,
        "created_at": NOON,
        **given,
    }
    return Amendment.objects.create(delivery=post.deliveries.get(), **fields)


def an_export(**given: Any) -> Export:
    """A file of deliveries that is ready, and empty."""
    fields: dict[str, Any] = {
        "form": "csv",
        "state": "ready",
        "key": f"key{next(_numbers)}",
        "created_at": NOON,
        "finished_at": NOON,
        **given,
    }
    return Export.objects.create(**fields)


def a_suppression(email: str = "", **given: Any) -> Suppression:
    """An address that staff put on the list for good."""
    fields: dict[str, Any] = {"reason": "staff", "evidence": "asked by phone", "at": NOON, **given}
    return Suppression.objects.create(email_key=email or f"away{next(_numbers)}@example.org", **fields)


def a_suppression_import(**given: Any) -> SuppressionImport:
    """A list of which one row was refused."""
    rows = b"line,reason why,email\n2,It has ended already.,a@example.org\n"
    fields: dict[str, Any] = {
        "name": "old-system.csv",
        "by_name": "mira",
        "at": NOON,
        "read": 3,
        "added": 2,
        "refused": 1,
    }
    return SuppressionImport.objects.create(**fields | {"refused_rows": zlib.compress(rows)} | given)


def a_webhook(*events: str, **given: Any) -> Endpoint:
    """An endpoint that is on and told of everything."""
    fields: dict[str, Any] = {
        "name": f"Newsroom site {next(_numbers)}",
        "url": "https://newsroom.example.org/hooks/publisher",
        "secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="],
        "events": list(events or ("*",)),
        "created_at": NOON,
        **given,
    }
    endpoint = Endpoint.objects.create(**fields)
    endpoints.renew_wanted()
    return endpoint


def a_message(endpoint: Endpoint, **given: Any) -> Message:
    """A message that was taken, with one try."""
    n = next(_numbers)
    change = {
        "id": n,
        "object": 42,
        "old": "sending",
        "new": "sent",
        "at": NOON.isoformat(),
        "post": 42,
        "channel": 3,
    }
    fields: dict[str, Any] = {
        "key": f"evt_{n}",
        "type": "post.sent",
        "changes": [change],
        "state": "sent",
        "status": 204,
        "attempts": 1,
        "due_at": NOON,
        "created_at": NOON,
        "begun_at": NOON,
        "settled_at": NOON,
        **given,
    }
    message = Message.objects.create(endpoint=endpoint, **fields)
    if message.attempts:
        said = {"status": message.status, "error": message.reason}
        message.tries.create(at=NOON, ms=41, answer="ok" if message.state == "sent" else "busy", **said)
    return message


def a_rejection(payload: bytes = b'{"title": ""}', **given: Any) -> Rejection:
    n = next(_numbers)
    fields: dict[str, Any] = {
        "source_name": "newsroom",
        "origin": "api",
        "code": "no-title",
        "reason": "The item has no title.",
        "hint": "Send a title of at least one character.",
        "payload_size": len(payload),
        "digest": hashlib.sha256(payload + str(n).encode()).digest(),
        "first_at": NOON,
        "last_at": NOON + timedelta(seconds=n),
        "trace_id": "c" * 32,
        **given,
    }
    return Rejection.objects.create(payload=payload, **fields)


def a_revision(item: Item, number: int, content: dict[str, Any], changed: list[str]) -> Revision:
    return Revision.objects.create(
        item=item,
        number=number,
        content=content,
        changed=changed,
        content_hash=hashlib.sha256(str(content).encode()).digest(),
        entry_id=f"1700000000000-{number}",
        received_at=NOON + timedelta(hours=number),
        trace_id="d" * 32,
    )


def a_sign_up(digest: Digest, email: str = "lin@example.net", **given: Any) -> SignUp:
    """One that a person has to look at, unless `held` says otherwise."""
    text = consent_text("en", "I want to receive it.", now=NOON)
    fields = {
        "email_key": email.lower(),
        "wanted": [{"digest": digest.pk, "topics": [], "kinds": [], "language": "en", "region": ""}],
        "language": "en",
        "held": "role",
        "created_at": NOON,
        "expires_at": clock.now() + timedelta(days=7),
        **given,
    }
    return SignUp.objects.create(email=email, text=text, **fields)


def a_mail_domain(domain: str = "away.example", *, disposable: bool = True) -> MailDomain:
    return MailDomain.objects.create(domain=domain, disposable=disposable, at=NOON)


def a_mailbox(**given: Any) -> Mailbox:
    """Read from ilse's mailbox by IMAP, with the last look at noon; nobody answers there."""
    fields: dict[str, Any] = {
        "name": f"Bounces {Mailbox.objects.count() + 1}",
        "way": "imap",
        "host": "127.0.0.1",
        "port": 9,
        "security": "none",
        "username": "bounces@office.example.org",
        "secret": {"password": "a-pass-word"},
        "created_at": NOON,
        "looked_at": NOON,
        "waits_by_idle": True,
    } | given
    return Mailbox.objects.create(**fields)
