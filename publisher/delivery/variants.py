"""From a rendered variant to the bytes of its mail: serialised once, stored beside it, joined per recipient later."""

from __future__ import annotations

from django.conf import settings

from publisher.delivery.email.address import parse_address
from publisher.delivery.email.headers import Mailbox
from publisher.delivery.email.message import ListHeaders, MessageTemplate, build_template
from publisher.digests.models import Edition, Variant


def serialise(edition: Edition, variant: Variant) -> bytes:
    """The stored form of a rendered variant's mail. Raises `BadHeader` for an impossible sender or subject."""
    return template_of(edition, variant).to_bytes()


def template_of(edition: Edition, variant: Variant, *, before: str = "") -> MessageTemplate:
    """The mail of one variant with its slots, from its rendered subject (with `before` before it), HTML and text."""
    digest, language = edition.digest, variant.language
    domain = parse_address(digest.from_address).domain
    return build_template(
        subject=before + variant.subject,
        html=variant.html,
        text=variant.text,
        sender=Mailbox(digest.from_address, digest.text("from_name", language)),
        reply_to=Mailbox(digest.reply_to) if digest.reply_to else None,
        list_headers=ListHeaders(
            identifier=f"{digest.slug.replace('_', '-')}.{domain}",
            title=digest.text("title", language),
            help_url=f"{settings.BASE_URL}/",
            feedback_id=f"{edition.pk}:{digest.slug[:60]}:digest:{_short(domain)}",
        ),
        language=language,
        auto_submitted=True,
    )


def _short(domain: str) -> str:
    """The sender's name in the Feedback-ID: the same in every mail of this domain, 5 to 15 characters as Gmail asks."""
    return domain.lower().replace(".", "-")[:15].rstrip("-").ljust(5, "x")
