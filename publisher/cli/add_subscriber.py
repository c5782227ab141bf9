"""`publisher add-subscriber`: one person who has agreed to it."""

from __future__ import annotations

import click

from publisher.audience import addresses, erased, mailboxes, subscriptions
from publisher.audience.choices import Choice
from publisher.cli.report import Report, reporting
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.digests.models import Digest
from publisher.items.languages import primary
from publisher.items.models import Kind, Topic
from publisher.items.topic_slugs import ids_of


@click.command("add-subscriber")
@click.argument("address")
@click.option("--digest", "slug", required=True, help="The digest's slug.")
@click.option("--name", default="", help="How to greet the person.")
@click.option("--language", default="", help="BCP 47, one of the digest's. New readers: its first.")
@click.option("--topic", "topics", multiple=True, help="A topic's slug; may be repeated. None: all.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(Kind.values), help="May be repeated. None: all."
)
@click.option("--consent", required=True, help="How this person agreed, for the record.")
@reporting
def add_subscriber(
    *,
    address: str,
    slug: str,
    name: str,
    language: str,
    topics: tuple[str, ...],
    kinds: tuple[str, ...],
    consent: str,
) -> Report:
    """Subscribe a person who has agreed to it; or change what they chose. What is not given stays as it is."""
    shared = _is_shared(address)
    digest = Digest.objects.filter(slug=slug).first()
    if digest is None:
        known = ", ".join(Digest.objects.values_list("slug", flat=True)) or "none yet: see `publisher apply`"
        raise UserError(f"There is no digest {slug}.", f"Digests: {known}.")
    before = subscriptions.chosen(address, digest.pk) or Choice.of(language=digest.languages[0])
    choice = Choice.of(
        topics=ids_of(topics) if topics else before.topics,
        kinds=kinds or before.kinds,
        language=_spoken(digest, language) if language else before.language,
        region=before.region,
    )
    erased.check(address)
    subscription = subscriptions.join(
        address, digest_id=digest.pk, choice=choice, how=consent, now=clock.now(), name=name
    )
    email = subscription.subscriber.email
    names = list(Topic.objects.filter(pk__in=choice.topics).values_list("slug", flat=True))
    held = f"topics {', '.join(names) or 'all'}, kinds {', '.join(choice.kinds) or 'all'}"
    return Report(
        {
            "address": email,
            "digest": slug,
            "language": choice.language,
            "topics": names,
            "kinds": choice.kinds,
            "shared": shared,
        },
        f"{email} receives {digest} in {choice.language}: {held}."
        + ("\nNote: this looks like a mailbox that people share (info@, press@ …)." if shared else ""),
    )


def _is_shared(address: str) -> bool:
    """Whether people share the mailbox. Raises UserError for one that no reader has: as in an import."""
    local = addresses.key(addresses.checked(address)).partition("@")[0]
    if local in mailboxes.MACHINES:
        raise UserError(
            mailboxes.MACHINE_REFUSED % {"address": address.strip()}, "Give the address of a person."
        )
    return local in mailboxes.ROLES


def _spoken(digest: Digest, language: str) -> str:
    if primary(language) not in set(map(primary, digest.languages)):
        raise UserError(
            f"{digest} does not come in {language}.", f"Its languages: {', '.join(digest.languages)}."
        )
    return language
