"""Mail servers' surroundings: the keys that sign mail (DKIM), and the mailboxes that answers come to.

Where mail goes is set in the environment, and only there. Secrets are only ever written.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from pydantic import BeforeValidator, Field, StringConstraints

from publisher.api.v1 import paging
from publisher.api.v1.frame import does, reads
from publisher.api.v1.keys import user_of
from publisher.api.v1.shapes import (
    NO_NUL,
    Done,
    Flag,
    Given,
    Id,
    OneOf,
    Page,
    Shape,
    Version,
    VersionIn,
    Word,
    whole,
)
from publisher.api.v1.versions import seen
from publisher.core import audit, clock
from publisher.delivery import signing
from publisher.delivery.doctor.dkim import record_of, seen_in_dns, switch_on
from publisher.delivery.doctor.dns import Dns
from publisher.delivery.email.dkim import LEAST_BITS
from publisher.delivery.models import SigningKey
from publisher.delivery.signing import CannotSign
from publisher.feedback import mailboxes
from publisher.feedback.mailboxes import Wishes
from publisher.feedback.models import Mailbox
from publisher.people.permissions import SET_UP

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=NO_NUL)]
Host = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=NO_NUL)]
Login = Annotated[str, StringConstraints(min_length=1, max_length=320, pattern=NO_NUL)]
Port = Annotated[int, Field(ge=0, le=65_535), BeforeValidator(whole)]
Pem = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_NUL)]
MailSecret = Annotated[str, StringConstraints(max_length=8_000, pattern=NO_NUL)]
Long = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]
SECRETS = ("password", "client_secret")


class SigningKeyOut(Shape):
    """A key of a sender's domain, and the record that DNS shall show of it."""

    id: int
    domain: str
    selector: str
    active: bool
    created_at: datetime
    record_name: str
    record: str
    problem: str


class SigningKeyIn(Given):
    domain: Host
    selector: Annotated[str, StringConstraints(max_length=63, pattern=NO_NUL)] = Field(
        "", description="Its name in DNS; left out: by the month."
    )


class SwitchOnIn(Given):
    unseen: Flag = Field(False, description="Switch it on though DNS does not show it (yet).")


class MailboxOut(Shape):
    """How it is set up, and how it fares. No secret is in it."""

    id: int
    version: int
    name: str
    way: str
    host: str
    port: int
    security: str
    certificate: str
    login: str
    username: str
    token_url: str
    client_id: str
    scope: str
    folder: str
    after: str
    taken_folder: str
    active: bool
    taken: int = Field(description="Messages that it brought.")
    looked_at: datetime | None
    failures: int
    problem: str
    todo: str


class MailboxRules(Given):
    """docs/feedback.md explains each."""

    port: Port = Field(0, description="0: the usual one.")
    security: Annotated[str, OneOf.of(Mailbox.Security.values)] = Mailbox.Security.TLS.value
    certificate: Pem = ""
    login: Annotated[str, OneOf.of(Mailbox.Login.values)] = Mailbox.Login.PASSWORD.value
    password: MailSecret = Field("", description="A password, or the refresh token; is not told again.")
    token_url: Long = ""
    client_id: Word = ""
    client_secret: MailSecret = ""
    scope: Long = ""
    folder: Word = ""
    after: Annotated[str, OneOf.of(["", *Mailbox.After.values])] = ""
    taken_folder: Word = ""


class MailboxIn(MailboxRules):
    name: Name
    way: Annotated[str, OneOf(("imap", "pop3"))]
    host: Host
    username: Login


class MailboxChangeIn(MailboxRules):
    """What shall be another; what is left out stays. A stored secret stays only where the server stays."""

    version: Version | None = None
    name: Name | None = None
    way: Annotated[str, OneOf(("imap", "pop3"))] | None = None
    host: Host | None = None
    username: Login | None = None


class ReadIn(Given):
    active: Flag = Field(description="Whether it is read. What comes meanwhile stays in it.")


@reads("/signing-keys", SET_UP, tag="mail")
def list_signing_keys(request: HttpRequest) -> Page[SigningKeyOut]:  # noqa: ARG001 - ninja's signature
    """The keys by domain, those in use first."""
    return paging.whole(list(SigningKey.objects.order_by("domain", "-active", "-created_at", "-pk")), _key)


@does("/signing-keys", SET_UP, tag="mail", status=201)
def make_signing_key(request: HttpRequest, given: SigningKeyIn) -> SigningKeyOut:
    """Make a key, switched off: publish its record in DNS, then switch it on."""
    now = clock.now()
    domain = signing.key_domain(given.domain)
    selector = signing.checked_selector(given.selector or f"p{now:%Y%m}")
    return _key(signing.make_key(domain, selector, bits=LEAST_BITS, now=now, actor=user_of(request)))


@does("/signing-keys/{int:signing_key_id}/check", SET_UP, tag="mail", alone=True)
def check_signing_key(request: HttpRequest, signing_key_id: Id) -> Done:  # noqa: ARG001 - as above
    """Ask DNS whether it shows the key. Refused when it does not."""
    return Done(said=seen_in_dns(get_object_or_404(SigningKey, pk=signing_key_id), Dns()))


@does("/signing-keys/{int:signing_key_id}/switch-on", SET_UP, tag="mail", alone=True)
def switch_signing_key_on(request: HttpRequest, signing_key_id: Id, given: SwitchOnIn) -> SigningKeyOut:
    """Sign the domain's mail with it from now on, in the place of the domain's other keys."""
    row = get_object_or_404(SigningKey, pk=signing_key_id)
    switch_on(row, Dns(), actor=user_of(request), force=given.unseen)
    return _key(get_object_or_404(SigningKey, pk=signing_key_id))


@does("/signing-keys/{int:signing_key_id}/switch-off", SET_UP, tag="mail")
def switch_signing_key_off(request: HttpRequest, signing_key_id: Id) -> SigningKeyOut:
    """Sign the domain's mail no more."""
    row = get_object_or_404(SigningKey, pk=signing_key_id)
    if row.active:
        signing.switch_off(row.domain, actor=user_of(request))
    return _key(get_object_or_404(SigningKey, pk=signing_key_id))


@does("/signing-keys/{int:signing_key_id}/remove", SET_UP, tag="mail")
def remove_signing_key(request: HttpRequest, signing_key_id: Id) -> Done:
    """Delete a key that is off. Leave its record in DNS for a week: mail under way is checked by it."""
    row = get_object_or_404(SigningKey, pk=signing_key_id)
    signing.remove(row, actor=user_of(request))
    return Done(said=f"{row} was removed.")


@reads("/mailboxes", SET_UP, tag="mail")
def list_mailboxes(request: HttpRequest) -> Page[MailboxOut]:  # noqa: ARG001 - as above
    """The mailboxes that answers come to, with how each fares."""
    return paging.whole(list(Mailbox.objects.defer("secret").order_by("name")), _mailbox)


@reads("/mailboxes/{int:mailbox_id}", SET_UP, tag="mail")
def read_mailbox(request: HttpRequest, mailbox_id: Id) -> MailboxOut:  # noqa: ARG001 - as above
    """One of them."""
    return _mailbox(get_object_or_404(Mailbox.objects.defer("secret"), pk=mailbox_id))


@does("/mailboxes", SET_UP, tag="mail", status=201)
def make_mailbox(request: HttpRequest, given: MailboxIn) -> MailboxOut:
    """Make one; it is read from then on."""
    return _mailbox(mailboxes.create(Wishes(**given.model_dump()), user=user_of(request), now=clock.now()))


@does("/mailboxes/{int:mailbox_id}/change", SET_UP, tag="mail", versioned=True)
def change_mailbox(request: HttpRequest, mailbox_id: Id, given: MailboxChangeIn) -> MailboxOut:
    """Change what is given of it, or its password alone; its reader begins anew."""
    row = get_object_or_404(Mailbox, pk=mailbox_id)
    said = given.model_dump(exclude_unset=True, exclude={"version"})
    known = {each.name: getattr(row, each.name) for each in fields(Wishes) if each.name not in SECRETS}
    wanted = Wishes(**known | {name: value for name, value in said.items() if value is not None})
    version = seen(request, given.version)
    return _mailbox(mailboxes.change(mailbox_id, wanted, version=version, user=user_of(request)))


@does("/mailboxes/{int:mailbox_id}/switch", SET_UP, tag="mail")
def switch_mailbox(request: HttpRequest, mailbox_id: Id, given: ReadIn) -> MailboxOut:
    """Read it, or pause."""
    get_object_or_404(Mailbox, pk=mailbox_id)
    return _mailbox(mailboxes.switch(mailbox_id, on=given.active, user=user_of(request)))


@does("/mailboxes/{int:mailbox_id}/verify", SET_UP, tag="mail", alone=True)
def verify_mailbox(request: HttpRequest, mailbox_id: Id) -> Done:
    """Look whether it can be read, which takes some seconds. Refused with why when it cannot."""
    row = get_object_or_404(Mailbox, pk=mailbox_id)
    audit.record(user_of(request), "mailbox.verified", row)
    return Done(said=f"{row.name} can be read. New in it: {mailboxes.verify(row)}")


@does("/mailboxes/{int:mailbox_id}/remove", SET_UP, tag="mail", versioned=True)
def remove_mailbox(request: HttpRequest, mailbox_id: Id, given: VersionIn) -> Done:
    """Forget it, with its password. What it brought stays, and what is in it stays there."""
    row = get_object_or_404(Mailbox, pk=mailbox_id)
    if seen(request, given.version) != row.version:
        raise mailboxes.Stale(f"{row.name} was changed since you read it.", "Read it again, then decide.")
    return Done(said=f"{mailboxes.remove(mailbox_id, user=user_of(request))} was removed.")


def _key(row: SigningKey) -> SigningKeyOut:
    try:
        record, problem = record_of(row), ""
    except CannotSign as error:
        record, problem = None, f"{error.message} {error.hint}".strip()
    return SigningKeyOut(
        id=row.pk,
        domain=row.domain,
        selector=row.selector,
        active=row.active,
        created_at=row.created_at,
        record_name=record.name if record else "",
        record=record.value if record else "",
        problem=problem,
    )


def _mailbox(row: Mailbox) -> MailboxOut:
    told: dict[str, Any] = {
        each.name: getattr(row, each.name) for each in fields(Wishes) if each.name not in SECRETS
    }
    return MailboxOut(
        id=row.pk,
        version=row.version,
        **told,
        active=row.active,
        taken=row.taken,
        looked_at=row.looked_at,
        failures=row.failures,
        problem=row.said,
        todo=row.todo,
    )
