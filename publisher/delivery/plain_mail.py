"""Plain mails to single people: notices about channels, invitations, new passwords, letters to readers. Built, and tried once.

They take no part in editions and pacing; whoever calls keeps the row that says what became of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from publisher.core import standstill
from publisher.core.errors import (
    ChannelDown,
    OtherSideError,
    Rejected,
    Retry,
    SenderRefused,
    Unknown,
    UserError,
)
from publisher.delivery import outage
from publisher.delivery.email.address import BadAddress, parse_address
from publisher.delivery.email.headers import BadHeader, Mailbox
from publisher.delivery.email.message import ListHeaders, build_template, date_header, message_id
from publisher.delivery.email.outgoing import Answer, Merge, Outgoing, Withdrawn
from publisher.delivery.email.transport import Transport, is_provider, open_transport
from publisher.delivery.settle import WAITS
from publisher.delivery.signing import signer_for
from publisher.digests.models import Digest
from publisher.render.letter import render_letter
from publisher.render.slots import neutralise

log = logging.getLogger(__name__)

SENDER = "Publisher"
_NO_SENDER = gettext_noop("There is no address to send it from.")


class PlainMail(NamedTuple):
    """`key` makes its Message-ID, which is the same in every try."""

    id: int
    to: str
    subject: str
    text: str
    key: str
    language: str = "en"


class From(NamedTuple):
    """In whose name a mail leaves. `mail_from`: its return path, if that is another address. `list_headers` come with the address
    of the web that unsubscribes (`unsubscribe_url`)."""

    mailbox: Mailbox
    reply_to: str = ""
    mail_from: str = ""
    list_headers: ListHeaders | None = None
    unsubscribe_url: str = ""
    unsubscribe_mailto: str = ""


class Tried(NamedTuple):
    """What came of a try. `spent`: it counts among those after which a mail is given up. `server_away`: the trouble is the
    mail server's, and every other mail would meet it. `answer`: what the server said to this mail; None: it did not come to
    that."""

    error: OtherSideError | None
    spent: bool = True
    server_away: bool = False
    answer: Answer | None = None


class Done(NamedTuple):
    """What came of a row: the state it is in now, and the try, if there was one."""

    state: str
    tried: Tried | None = None


NOT_ITS_FAULT = timedelta(minutes=1)
"""Between tries that something else than the mail stopped; a server that is away is left alone longer (`outage.py`)."""
BATCH = 50

Send = Callable[[int, Transport], Done | None]


def can_leave() -> bool:
    """Whether mails to people of the office have a server and a sender."""
    return bool(settings.MAIL and sender_address())


def sender_address() -> str:
    """Where they come from: the setting, else the sender of the first digest, whose mail the server takes; else ""."""
    if settings.NOTICES_FROM:
        return str(settings.NOTICES_FROM)
    known = Digest.objects.filter(enabled=True).exclude(from_address="").order_by("pk").first()
    return known.from_address if known else ""


def try_to_send(build: Callable[[], Outgoing], transport: Transport) -> Tried:
    """Build the mail and hand it over, unless all sending stands still by then."""
    try:
        message = build()
    except UserError as error:  # a person can mend it: it waits
        return Tried(ChannelDown(f"{error.message} {error.hint}".strip()), spent=False)
    except (BadAddress, BadHeader) as error:
        return Tried(Rejected(str(error)))
    try:
        answer = next(iter(transport.send([message], may_go=_may_go))).answer
        return Tried(answer.error, answer=answer)
    except Withdrawn:
        return Tried(ChannelDown(gettext_noop("All sending stands still.")), spent=False)
    except (ChannelDown, Retry) as error:
        return Tried(error, spent=False, server_away=not isinstance(error, SenderRefused))


def send_each(due: QuerySet[Any], send: Send, *, what: str, now: datetime) -> dict[str, int]:
    """Have `send` claim, try and settle the rows of `due` by their ids, until the server is away; counts by the state reached.

    Nothing leaves while no mail server is set, while it is left alone after a failure, or while all sending stands still.
    `what` begins the names of the log's events.
    """
    before = outage.look()
    if not settings.MAIL or standstill.is_on() or before.rests or not due.exists():
        return {}
    try:
        transport = open_transport(settings.MAIL)
    except UserError as error:
        log.error("%s.no_transport", what, extra={"error": error.message})  # noqa: TRY400 - the message says it all
        return {}
    counts: dict[str, int] = {}
    try:
        for row_id in list(due.values_list("pk", flat=True)[:BATCH]):
            done = send(row_id, transport)
            if done is None:
                continue
            counts[done.state] = counts.get(done.state, 0) + 1
            if done.tried and done.tried.server_away:
                server_is_away(done.tried.error, before.last, now)
                break
    finally:
        transport.close()
    if "sent" in counts:
        outage.over()
    return counts


def next_step(tried: Tried, *, attempts: int, due_at: datetime, now: datetime) -> tuple[str, datetime]:
    """The state that a try leads to (sent, unknown, failed or queued), and when the row is due. `attempts` counts this one."""
    error, spent = tried.error, tried.spent
    if error is None:
        return "sent", due_at
    if isinstance(error, Unknown):
        return "unknown", due_at
    if isinstance(error, Rejected) or (spent and attempts >= settings.ATTEMPTS):
        return "failed", due_at
    wait = timedelta(seconds=WAITS[min(attempts, len(WAITS)) - 1]) if spent else NOT_ITS_FAULT
    asked = error.after if isinstance(error, Retry) and error.after else timedelta()
    return "queued", now + max(wait, asked)


def server_is_away(error: OtherSideError | None, last: str, now: datetime) -> None:
    """Have it left alone for a while, as any mail that met it would: a refused login every few seconds locks an account."""
    if error is not None:
        asked = error.after if isinstance(error, Retry) else None
        outage.begin(error.reason, lasting=isinstance(error, ChannelDown), asked=asked, now=now, last=last)


def message(mail: PlainMail, *, now: datetime, links: bool = False, sender: From | None = None) -> Outgoing:
    """The mail in both forms; `links`: addresses in its text can be clicked. Without a `sender` it comes from the office.

    Raises BadAddress, BadHeader; UserError without a sender, or with a signing key that cannot be opened.
    """
    sender = sender or _office()
    domain = parse_address(sender.mailbox.address).domain
    text = neutralise(mail.text)
    template = build_template(
        subject=neutralise(mail.subject),
        html=render_letter(mail.subject, text, language=mail.language, links=links),
        text=text,
        sender=sender.mailbox,
        reply_to=Mailbox(sender.reply_to) if sender.reply_to else None,
        list_headers=sender.list_headers,
        language=mail.language,
        auto_submitted=True,
    )
    values = {
        "to_address": mail.to,
        "message_id": message_id(mail.key, domain),
        "date": date_header(now),
        "unsubscribe_url": sender.unsubscribe_url,
        "unsubscribe_mailto": sender.unsubscribe_mailto,
    }
    data = template.join(values)
    signer = None if is_provider(settings.MAIL) else signer_for(domain)
    if signer:
        data = signer.header(data, at=int(now.timestamp())) + data
    return Outgoing(
        id=mail.id,
        mail_from=sender.mail_from or sender.mailbox.address,
        rcpt_to=mail.to,
        data=data,
        checked=True,
        merge=Merge(template, values),
        seven_bit=template.is_ascii and mail.to.isascii(),
        is_delivery=False,
    )


def _office() -> From:
    address = sender_address()
    if not address:
        raise UserError(_NO_SENDER, _("Set PUBLISHER_NOTICES_FROM."))
    return From(Mailbox(address, SENDER))


def _may_go() -> bool:
    """Asked right before the content leaves."""
    return not standstill.is_on()
