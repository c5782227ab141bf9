"""One edition's mails as they go on the wire: the variant's bytes joined with each recipient's own words and links."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import salted_hmac

from publisher.audience import tokens, unsubscribe_mail
from publisher.audience.tokens import NOBODY, Purpose
from publisher.core.base36 import base36
from publisher.counting import tokens as counting
from publisher.delivery import return_path
from publisher.delivery.claim import ClaimedMail
from publisher.delivery.email.address import parse_address
from publisher.delivery.email.message import MessageTemplate, date_header, message_id
from publisher.delivery.email.outgoing import Merge, Outgoing
from publisher.delivery.email.transport import is_provider
from publisher.delivery.signing import signer_for
from publisher.delivery.variants import template_of
from publisher.digests.models import Digest, Edition, Variant
from publisher.render.words import greeting

CACHED_VARIANTS = 64
"""Parsed templates kept in memory: some 5 MB, whatever the size of the edition."""

TEST = "[Test] "
"""What the subject of a test begins with."""

Templates = Mapping[int, tuple[MessageTemplate, str]]
"""By variant: its mail and its language."""


class Letters:
    """Builds the messages of one edition. `load` reads templates from the database; the rest may be called by any thread.

    `now` is the Date of its messages and the time of their signatures: that of the try, not of the edition, since filters
    suspect a message that is hours old when it arrives. `signed`: False for messages that are only looked at. Raises CannotSign,
    or BadAddress for an impossible sender.
    """

    def __init__(self, edition: Edition, *, now: datetime, signed: bool = True) -> None:
        self.edition = edition
        self._date = date_header(now)
        self._signed_at = int(now.timestamp())
        self._digest_id, self._edition_id, self._from = (
            edition.digest_id,
            edition.pk,
            edition.digest.from_address,
        )
        self._domain = parse_address(self._from).domain
        self._id_end = message_id(_installation(), self._domain)
        self._base_url = settings.BASE_URL
        self._unsubscribe = tokens.writer(Purpose.UNSUBSCRIBE, self._digest_id)
        self._preferences = tokens.writer(Purpose.PREFERENCES, self._digest_id)
        self._web = tokens.writer(Purpose.WEB_VERSION, edition.pk)
        by_person = edition.digest.counting == Digest.Counting.PERSONS
        self._reader = counting.readers(edition.pk) if by_person else None
        address, domain = settings.UNSUBSCRIBE_ADDRESS, settings.RETURN_DOMAIN
        self._unsubscribe_mail = unsubscribe_mail.writer(address) if address else None
        self._return_path = return_path.writer(domain) if domain else None
        self._signer = signer_for(self._domain) if signed and not is_provider(settings.MAIL) else None
        self._templates: OrderedDict[int, tuple[MessageTemplate, str]] = OrderedDict()

    def load(self, variant_ids: Collection[int]) -> Templates:
        """The templates of a claim. Raises ValueError for one that is stored broken."""
        missing = set(variant_ids) - self._templates.keys()
        rows = (
            Variant.objects.filter(pk__in=missing).values_list("pk", "language", "message") if missing else ()
        )
        for pk, language, message in rows:
            self._templates[pk] = MessageTemplate.from_bytes(message or b""), language
        for pk in variant_ids:
            self._templates.move_to_end(pk)
        found = {pk: self._templates[pk] for pk in variant_ids}
        while len(self._templates) > CACHED_VARIANTS:
            self._templates.popitem(last=False)
        return found

    def load_tests(self, variant_ids: Collection[int]) -> Templates:
        """The same for a claim of tests: each says in its subject that it is one."""
        variants = Variant.objects.filter(pk__in=variant_ids)
        return {each.pk: (template_of(self.edition, each, before=TEST), each.language) for each in variants}

    def outgoing(self, mail: ClaimedMail, templates: Templates) -> Outgoing:
        """The message of one delivery. Raises `BadHeader` or `SlotError` when this recipient's own words cannot be sent."""
        template, language = templates[mail.variant_id]
        values = self.values(mail, language)
        data = template.join(values)
        if self._signer:
            data = self._signer.header(data, at=self._signed_at) + data
        return Outgoing(
            id=mail.id,
            mail_from=self._return_path(mail.id) if self._return_path else self._from,
            rcpt_to=mail.address,
            data=data,
            checked=True,
            merge=Merge(template, values),
            seven_bit=template.is_ascii and mail.address.isascii(),
        )

    def message_id(self, mail: ClaimedMail) -> str:
        """The Message-ID of one delivery, without angle brackets: the same in every try, and not the same in another
        installation's database."""
        return f"{self._edition_id}.{mail.id}.{self._id_end}"

    def values(self, mail: ClaimedMail, language: str) -> dict[str, str]:
        """What fills the slots for one recipient. The links of a test or of a copy for the office change nobody's choices."""
        base_url, reader = self._base_url, mail.subscriber_id or NOBODY
        mailto = self._unsubscribe_mail(reader, self._digest_id) if self._unsubscribe_mail else ""
        signed = base36(reader)
        copy = "" if mail.subscriber_id else tokens.write(Purpose.VARIANT, NOBODY, mail.variant_id)
        return {
            "to_name": mail.name,
            "to_address": mail.address,
            "message_id": self.message_id(mail),
            "date": self._date,
            "greeting": greeting(language, mail.name),
            "unsubscribe_url": f"{base_url}/u/{self._unsubscribe(signed)}",
            "unsubscribe_mailto": mailto,
            "preferences_url": f"{base_url}/p/{self._preferences(signed)}",
            "web_url": f"{base_url}/e/{copy or self._web(signed)}",
            "reader": self._reader(signed) if self._reader and mail.counted else "",
        }


@lru_cache(1)
def _installation() -> str:
    return salted_hmac("publisher.message-id", "installation").hexdigest()[:12]
