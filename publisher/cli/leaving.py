"""`publisher unsubscribe`: what a person asked for by mail is carried out."""

from __future__ import annotations

import click

from publisher.audience import subscriptions, unsubscribe_mail
from publisher.cli.report import Report, reporting
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.digests.models import Digest


@click.command()
@click.argument("request")
@reporting
def unsubscribe(request: str) -> Report:
    """Carry out a REQUEST that came to PUBLISHER_UNSUBSCRIBE_ADDRESS: the address that it came to, or the token in it."""
    link = unsubscribe_mail.read(request)
    if link is None:
        raise UserError(
            f"{request[:80]!r} holds no token of ours.",
            "Give the whole address that the mail was sent to: what stands between + and @ in it is the token.",
        )
    title = str(Digest.objects.filter(pk=link.target_id).first() or f"digest {link.target_id}")
    left = subscriptions.leave(link.subscriber_id, link.target_id, how="unsubscribe mail", now=clock.now())
    text = f"Subscriber {link.subscriber_id} no longer receives {title}."
    return Report(
        {"subscriber": link.subscriber_id, "digest": link.target_id, "left": left},
        text if left else f"Subscriber {link.subscriber_id} did not receive {title} any more.",
    )
