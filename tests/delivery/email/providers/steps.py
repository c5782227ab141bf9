"""What the tests of providers share: letters as the sender makes them, and what SMTP would bring of each."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterable
from dataclasses import dataclass

from publisher.core.errors import ChannelDown, Retry
from publisher.delivery.email.headers import Mailbox
from publisher.delivery.email.message import ListHeaders, MessageTemplate, build_template
from publisher.delivery.email.outgoing import Merge, Outgoing, Result
from publisher.delivery.email.providers import HttpLimits, ProviderSession, parse_provider_url
from publisher.render.slots import mark
from tests.fakes.mail_apis.brevo import Brevo
from tests.fakes.mail_apis.mailgun import Mailgun
from tests.fakes.mail_apis.mailjet import Mailjet
from tests.fakes.mail_apis.mailtrap import Mailtrap
from tests.fakes.mail_apis.others import MailerSend, Mandrill, Postal, Scaleway, SparkPost
from tests.fakes.mail_apis.postmark import Postmark
from tests.fakes.mail_apis.resend import Resend
from tests.fakes.mail_apis.sendgrid import SendGrid
from tests.fakes.mail_apis.server import FakeApi, decoded
from tests.fakes.mail_apis.ses import Ses

IN_BATCHES: list[type[FakeApi]] = [Mailgun, Postmark, SendGrid, Brevo, Mailjet, Resend, Mailtrap]
ONE_BY_ONE: list[type[FakeApi]] = [Ses, SparkPost, MailerSend, Mandrill, Scaleway, Postal]
ALL = IN_BATCHES + ONE_BY_ONE

PATIENT = HttpLimits(connect=5, answer=20)
IMPATIENT = HttpLimits(connect=5, answer=0.5)
"""For servers that say nothing; on a busy machine others may need longer."""

SENDER = Mailbox("news@office.example.org", "国别办公室, Almaria")


def a_template(
    *,
    subject: str = "A week in Almaria: rain",
    extra: str = "",
    sender: Mailbox = SENDER,
    title: str = "The week",
) -> MessageTemplate:
    """A digest with each kind of slot, and `extra` in both of its texts."""
    return build_template(
        subject=subject,
        html=f"<html><body><p>{mark('greeting')}</p><p>Rain, at last: 雨 &amp; sun. {extra}</p>"
        f'<a href="{mark("web_url")}">web</a> <a href="{mark("unsubscribe_url")}">leave</a></body></html>',
        text=f"{mark('greeting')}\n\nRain, at last: 雨 & sun. {extra}\n\nLeave: {mark('unsubscribe_url')}\n",
        sender=sender,
        reply_to=Mailbox("desk@office.example.org"),
        list_headers=ListHeaders("weekly.office.example.org", title, feedback_id="7:weekly:digest:office"),
        language="en",
    )


def an_outgoing(number: int, template: MessageTemplate, *, to: str = "", name: str = "") -> Outgoing:
    """The message of one reader, as the sender makes it."""
    address = to or f"reader{number}@example.net"
    name = name or f"Reader {number}"
    values = {
        "to_name": name,
        "to_address": address,
        "message_id": f"7.{number}.abc@office.example.org",
        "date": "Mon, 01 Jun 2026 12:00:00 +0000",
        "greeting": f"Dear {name},",
        "unsubscribe_url": f"https://office.example.org/u/token-{number}_x",
        "preferences_url": f"https://office.example.org/p/token-{number}",
        "web_url": f"https://office.example.org/e/7?a={number}&b=2",
    }
    return Outgoing(
        number, SENDER.address, address, template.join(values), checked=True, merge=Merge(template, values)
    )


def letters(count: int, template: MessageTemplate | None = None) -> list[Outgoing]:
    template = template or a_template()
    return [an_outgoing(number, template) for number in range(1, count + 1)]


@dataclass
class Sent:
    """What came of a round: results in order, and the error that ended it."""

    results: list[Result]
    ended_by: ChannelDown | Retry | None

    @property
    def kinds(self) -> list[str]:
        return ["accepted" if r.answer.error is None else type(r.answer.error).__name__ for r in self.results]


def session_at(fake: FakeApi, *, key: str | None = None, limits: HttpLimits = PATIENT) -> ProviderSession:
    return ProviderSession(parse_provider_url(fake.url(key)), limits)


def send(
    fake: FakeApi, outgoing: Iterable[Outgoing], *, key: str | None = None, limits: HttpLimits = PATIENT
) -> Sent:
    """Send over one session; the results are taken one by one."""
    session, sent = session_at(fake, key=key, limits=limits), Sent([], None)
    try:
        for result in session.send(outgoing):
            sent.results.append(result)
    except (ChannelDown, Retry) as error:
        sent.ended_by = error
    finally:
        session.close()
    return sent


@dataclass(frozen=True)
class Read:
    """A message as its reader sees it."""

    to: str
    name: str
    sender: Mailbox
    reply_to: str
    subject: str
    html: str
    text: str
    unsubscribe: str


def as_smtp_brings_it(outgoing: Outgoing) -> Read:
    message = email.message_from_bytes(outgoing.data, policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    (sender,), (reply_to,) = (message[name].addresses for name in ("From", "Reply-To"))
    name, to = decoded(str(next(value for key, value in message.raw_items() if key == "To")))
    return Read(
        to=to,
        name=name,
        sender=Mailbox(sender.addr_spec, sender.display_name),
        reply_to=reply_to.addr_spec,
        subject=str(message["Subject"]),
        html=html.get_content().replace("\r\n", "\n"),
        text=text.get_content().replace("\r\n", "\n"),
        unsubscribe=str(message["List-Unsubscribe"]),
    )
