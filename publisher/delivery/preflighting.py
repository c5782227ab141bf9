"""Looking an edition over before it is sent. What each check decides is in `digests/preflight.py`; here is what it looks at.

`look` asks the database only, and runs whenever an edition that waits for a person is assembled. `look_closely` also asks the
servers of its links, and the spam filter, which takes some seconds: a thread of the web waits for it, so it has a deadline.
"""

from __future__ import annotations

import email
import email.policy
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.conf import settings

from publisher.core.errors import UserError
from publisher.delivery import copies, spam, tally
from publisher.delivery.claim import ClaimedMail
from publisher.delivery.email.address import BadAddress, parse_address
from publisher.delivery.email.headers import BadHeader
from publisher.delivery.email.transport import is_provider
from publisher.delivery.letters import Letters
from publisher.delivery.models import SigningKey
from publisher.delivery.progress import VariantSize, variants_of
from publisher.digests import answers, pictures, preflight
from publisher.digests.assembling import items_of
from publisher.digests.mail_outline import outline_of
from publisher.digests.models import Edition, EditionItem, Preflight
from publisher.digests.preflight import Finding, HeldItem, Mail
from publisher.digests.rendering import SLOT_BYTES
from publisher.items.languages import primary
from publisher.render.slots import SlotError

log = logging.getLogger(__name__)

S = Edition.State
BEFORE_SENDING = (S.WAITING, S.PAUSED)
SECONDS = 8.0
"""For everything that `look_closely` asks, together."""
CLOSE = ("pictures", "links", "spam")
"""Checks that ask others: their findings are kept by `look` as long as the edition is the same."""


def look(edition_id: int, *, now: datetime) -> Preflight:
    """Look over what the database knows of an assembled edition, and store what was found."""
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    asked_at = _asked_at(edition)
    close = [each for each in preflight.current(edition) or [] if each.check in CLOSE]
    if not asked_at:
        close = [
            *preflight.pictures(_held(items_of(edition)), []),
            preflight.not_asked("links", "not-yet"),
            preflight.not_asked("spam", "not-yet"),
        ]
    return _store(edition, [*_quick(edition, now), *close], now, asked_at)


def look_closely(edition_id: int, *, now: datetime, seconds: float = SECONDS) -> Preflight:
    """The same, and ask whether links and pictures are there and what the spam filter says: all of them within `seconds`. What
    had not answered by then is told as not checked."""
    until = time.monotonic() + seconds
    edition = Edition.objects.select_related("digest").get(pk=edition_id)
    entries = items_of(edition)
    mails = dict(_messages(edition, now))

    def scored(data: bytes) -> spam.Score | None:
        return spam.score(
            data, seconds=until - time.monotonic()
        )  # they come to their turn one after the other

    left = until - time.monotonic()
    with ThreadPoolExecutor(4, thread_name_prefix="preflight") as pool:
        asked = pool.submit(answers.ask, list(_links(entries)), seconds=left)
        shown = pool.submit(pictures.ask, [entry.item.image_url for entry in entries], seconds=left)
        scores = dict(zip(mails, pool.map(scored, mails.values()), strict=True))
    found, seen = asked.result(), shown.result()
    close = [
        *preflight.pictures(_held(entries), list(seen.gone.values()), seen.late),
        *preflight.links(found.asked, found.gone, found.unsure, found.late),
        *_spam(scores),
    ]
    return _store(edition, [*_quick(edition, now), *close], now, now)


def _spam(scores: dict[str, spam.Score | None]) -> list[Finding]:
    if not spam.program():
        return [preflight.not_asked("spam", "no-filter")]
    known = {language: (each.points, each.rules) for language, each in scores.items() if each}
    if len(known) < len(scores) or not known:
        return [preflight.not_asked("spam", "no-answer")]
    return preflight.spam(known)


def _asked_at(edition: Edition) -> datetime | None:
    row = Preflight.objects.filter(edition=edition, version=edition.version).first()
    return row.asked_at if row else None


def _store(edition: Edition, findings: list[Finding], now: datetime, asked_at: datetime | None) -> Preflight:
    ordered = sorted(findings, key=lambda each: preflight.CHECKS.index(each.check))
    row, _made = Preflight.objects.update_or_create(
        edition=edition,
        defaults={
            "version": edition.version,
            "findings": [each.as_json() for each in ordered],
            "at": now,
            "asked_at": asked_at,
        },
    )
    log.info("edition.looked_over", extra={"edition_id": edition.pk, "level": preflight.worst(ordered).value})
    return row


def _quick(edition: Edition, now: datetime) -> list[Finding]:
    digest = edition.digest
    spoken = list(dict.fromkeys(map(primary, digest.languages)))
    held = _held(items_of(edition))
    try:
        mails = [_mail(language, *given) for language, given in _written(edition, now).items()]
    except (BadAddress, BadHeader, SlotError, UserError, ValueError) as error:
        log.warning("edition.not_looked_over", extra={"edition_id": edition.pk, "error": str(error)})
        mails = []
    domain = digest.from_address.rpartition("@")[2]
    try:
        domain = parse_address(digest.from_address).domain.lower()
    except BadAddress:
        log.warning("edition.bad_sender", extra={"edition_id": edition.pk})
    missing = {
        field: [language for language in spoken if not digest.text(field, language).strip()]
        for field in ("organisation", "postal_address")
    }
    findings = [
        *preflight.items(held, recipients=sum(tally.by_state(edition_id=edition.pk).values()), now=now),
        *preflight.size(_largest(variants_of(edition))),
        *preflight.sender(
            domain,
            signs=SigningKey.objects.filter(domain=domain, active=True).exists(),
            by_provider=is_provider(settings.MAIL),
        ),
        *preflight.address(missing),
        *preflight.translations(held, spoken),
    ]
    if mails:
        findings += [
            *preflight.subject(mails),
            *preflight.unsubscribe(mails),
            *preflight.accessibility(mails),
        ]
    else:
        findings.append(preflight.not_asked("unsubscribe", "unread"))
    return findings


def _held(entries: list[EditionItem]) -> list[HeldItem]:
    return [
        HeldItem(
            title=entry.item.title,
            language=primary(entry.item.language),
            group=entry.item.original_id or entry.item_id,
            outdated=entry.item.revision > entry.revision,
            retracted=entry.item.retracted_at is not None,
            embargo_until=entry.item.embargo_until,
            undescribed_picture=bool(entry.item.image_url and not entry.item.image_alt.strip()),
        )
        for entry in entries
    ]


def _largest(variants: list[VariantSize]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in variants:
        if not each.retired and each.html_bytes:
            found[each.language] = max(found.get(each.language, 0), each.html_bytes + SLOT_BYTES)
    return found


def _links(entries: list[EditionItem]) -> Iterator[str]:
    for entry in entries:
        yield entry.item.url
        yield from entry.item.links.values()


def _written(edition: Edition, now: datetime) -> dict[str, tuple[bytes, str]]:
    """By language the fullest mail as it would leave, to the sender's own address, and its link to unsubscribe."""
    letters = Letters(edition, now=now)
    written = {}
    for language, variant in copies.fullest(edition).items():
        if not variant.rendered_at:
            continue
        templates = letters.load([variant.pk])
        mail = ClaimedMail(0, variant.pk, edition.digest.from_address, "", None, 1, now.timestamp(), "")
        link = letters.values(mail, language)["unsubscribe_url"]
        written[language] = (letters.outgoing(mail, templates).data, link)
    return written


def _messages(edition: Edition, now: datetime) -> Iterator[tuple[str, bytes]]:
    try:
        for language, (data, _link) in _written(edition, now).items():
            yield language, data
    except (BadAddress, BadHeader, SlotError, UserError, ValueError) as error:
        log.warning("edition.not_scored", extra={"edition_id": edition.pk, "error": str(error)})


def _mail(language: str, data: bytes, unsubscribe_url: str) -> Mail:
    message = email.message_from_bytes(data, policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    shown = html.get_content() if html else ""
    return Mail(
        language=language,
        subject=str(message["Subject"] or ""),
        html=shown,
        text=text.get_content() if text else "",
        headers={name.lower(): str(value) for name, value in message.items()},
        outline=outline_of(shown),
        unsubscribe_url=unsubscribe_url,
    )
