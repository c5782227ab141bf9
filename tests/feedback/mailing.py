"""A newsletter that was sent, and the corpus of what comes back, with its signs filled in."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from publisher.audience import tokens, unsubscribe_mail
from publisher.audience.tokens import Purpose
from publisher.core.base36 import base36
from publisher.delivery import return_path
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from tests.builders import a_digest, a_sending_edition, a_subscriber

CORPUS = Path(__file__).parent / "corpus"
SENT_AT = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
DOMAIN = "bounces.office.example.org"
LEAVE = "leave@office.example.org"


@dataclass(frozen=True)
class Expected:
    """A row of the table: a file, and what it is. `outcome` is that of the first such message about a reader."""

    file: str
    kind: str
    cause: str
    permanent: bool | None
    outcome: str

    def raw(self) -> bytes:
        return (CORPUS / f"{self.file}.eml").read_bytes()


def table() -> list[Expected]:
    words = {"yes": True, "no": False, "": None}
    with (CORPUS / "expected.csv").open(newline="") as file:
        return [
            Expected(row["file"], row["kind"], row["cause"], words[row["permanent"]], row["outcome"])
            for row in csv.DictReader(file)
        ]


@dataclass(frozen=True)
class Signs:
    """What of a mail is signed, or names it."""

    reader: str
    return_path: str
    message_id: str
    unsubscribe_url: str
    unsubscribe_mail: str

    @classmethod
    def of(cls, delivery_id: int, subscriber_id: int, digest_id: int, edition_id: int, reader: str) -> Signs:
        link = tokens.writer(Purpose.UNSUBSCRIBE, digest_id)(base36(subscriber_id))
        return cls(
            reader,
            return_path.writer(DOMAIN)(delivery_id),
            f"{edition_id}.{delivery_id}.0123456789ab@office.example.org",
            f"https://publisher.office.example.org/u/{link}",
            unsubscribe_mail.writer(LEAVE)(subscriber_id, digest_id),
        )

    @classmethod
    def forged(cls, row: Delivery) -> Signs:
        """As somebody would write them who knows everything but our key."""
        true = cls.of_delivery(row)
        token = true.return_path.partition("@")[0].rpartition("-")[0]
        link = true.unsubscribe_url.partition("~")[0]
        leave = true.unsubscribe_mail.partition("@")[0].rpartition("-")[0]
        return cls(
            true.reader,
            f"{token}-aaaaaaaaaaaaaaaa@{DOMAIN}",
            true.message_id,
            f"{link}~{'A' * 43}",
            f"{leave}-aaaaaaaaaaaaaaaa@office.example.org?subject=unsubscribe",
        )

    @classmethod
    def of_delivery(cls, row: Delivery) -> Signs:
        assert row.edition
        assert row.subscriber_id
        assert row.edition_id
        return cls.of(row.pk, row.subscriber_id, row.edition.digest_id, row.edition_id, row.address)

    def into(self, raw: bytes) -> bytes:
        places = {
            "READER": self.reader,
            "RETURN_PATH": self.return_path,
            "MESSAGE_ID": self.message_id,
            "UNSUBSCRIBE_URL": self.unsubscribe_url,
            "UNSUBSCRIBE_MAIL": self.unsubscribe_mail,
            "LEAVE_ADDRESS": self.unsubscribe_mail.removeprefix("mailto:").partition("?")[0],
        }
        for name, value in places.items():
            raw = raw.replace(f"@@{name}@@".encode(), value.encode())
        return raw


def a_sent_mail(email: str = "ilse@example.net", *, state: State = State.SENT) -> Delivery:
    """One mail of an edition to one reader, accepted at 08:00."""
    digest = a_digest()
    edition = a_sending_edition(digest, mails=0)
    subscriber = a_subscriber(digest, email).subscriber
    return Delivery.objects.create(
        edition=edition,
        subscriber=subscriber,
        address=email,
        state=state,
        due_at=SENT_AT,
        created_at=SENT_AT,
        sent_at=SENT_AT if state == State.SENT else None,
        attempts=1,
    )
