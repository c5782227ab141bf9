"""The mail server: what an examination found, another one, and a test mail to the key's owner."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from pydantic import Field

from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import Done, OneOf, Shape
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.told import told
from publisher.delivery import trial_mail
from publisher.delivery.doctor import kept
from publisher.delivery.doctor.findings import Level
from publisher.feedback import health
from publisher.people.permissions import SET_UP


class RecordOut(Shape):
    """A TXT record that DNS shall show."""

    name: str
    value: str


class ExaminedOut(Shape):
    check: str = Field(description="A word for machines.")
    level: Annotated[str, OneOf.of(each.value for each in Level)]
    about: str
    found: str
    meaning: str
    todo: str
    records: list[RecordOut]


class ExaminationOut(Shape):
    at: datetime | None = Field(description="Null: nothing was examined yet.")
    findings: list[ExaminedOut]


@reads("/mail-server/examination", SET_UP, tag="mail")
def read_examination(request: HttpRequest) -> ExaminationOut:  # noqa: ARG001 - ninja's signature
    """What the last examination found."""
    return _last()


@does("/mail-server/examine", SET_UP, tag="mail", alone=True)
def examine_mail_server(request: HttpRequest) -> ExaminationOut:
    """Look at server, DNS and keys now; it takes some seconds, and sends nothing."""
    health.examined(user=user_of(request), now=clock.now())
    return _last()


@does("/mail-server/test", SET_UP, tag="mail", alone=True)
def test_mail_server(request: HttpRequest) -> Done:
    """Send a mail to the address of the key's owner, and tell what the server said."""
    owner = user_of(request)
    if not owner.email:
        raise UserError("The owner of the key has no address, so there is nowhere to send it.")
    return Done(said=trial_mail.send(owner.email, user=owner, now=clock.now()) or "250")


def _last() -> ExaminationOut:
    last = kept.last()
    if last is None:
        return ExaminationOut(at=None, findings=[])
    return ExaminationOut(
        at=last.at,
        findings=[
            ExaminedOut(
                check=each["check"],
                level=each["level"],
                about=told(each["about"]),
                found=told(each["found"]),
                meaning=told(each["meaning"]),
                todo=told(each["todo"]),
                records=[RecordOut(name=r["name"], value=r["value"]) for r in each["records"]],
            )
            for each in last.findings
        ],
    )
