"""Setting up mailboxes: make, change, pause, verify, remove. Every change is in the audit trail, which never holds a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from publisher.core import audit
from publisher.core.crypto import CannotDecrypt, opened
from publisher.core.errors import ChangedSince, UserError
from publisher.core.marking import gettext_noop
from publisher.delivery.email.smtp.url import OAuth, is_loopback, is_private_way
from publisher.feedback.models import Mailbox
from publisher.feedback.ways import way_of
from publisher.feedback.ways.base import Account, Memory, Trouble

Rows: TypeAlias = QuerySet[Mailbox]

MOST: Final = 50
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]+")
PLACE: Final = ("way", "host", "port", "security", "username", "folder")
"""With another of these it is another mailbox: nothing that is remembered holds there."""

SECRETS_PLACE: Final = ("way", "host", "port", "security", "login", "username", "token_url", "client_id")


class Stale(ChangedSince):
    """Somebody has changed the mailbox since the form was shown."""


@dataclass(frozen=True)
class Wishes:
    """How a mailbox is set up, as a person wrote it. An empty secret: the one that is stored stays."""

    name: str
    way: str
    host: str
    username: str
    port: int = 0
    security: str = Mailbox.Security.TLS
    certificate: str = ""
    login: str = Mailbox.Login.PASSWORD
    password: str = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    scope: str = ""
    folder: str = ""
    after: str = ""
    taken_folder: str = ""


@transaction.atomic
def create(wishes: Wishes, *, user: User, now: datetime) -> Mailbox:
    """Make one; it is read from now on. Raises UserError."""
    fields = _checked(wishes, None)
    if Mailbox.objects.count() >= MOST:
        raise UserError(
            _("There are %(most)s mailboxes already.") % {"most": MOST}, _("Remove one that nobody needs.")
        )
    secret = _secret(wishes, {})
    made: dict[str, Any] = {"secret": secret, "created_by": user, "created_at": now}
    mailbox = Mailbox.objects.create(**fields, **made)
    audit.record(user, "mailbox.created", mailbox, after=_told(mailbox))
    return mailbox


@transaction.atomic
def change(mailbox_id: int, wishes: Wishes, *, version: int, user: User) -> Mailbox:
    """Change one; its reader begins anew. Raises Stale, UserError, DoesNotExist."""
    mailbox = _locked(mailbox_id)
    if mailbox.version != version:
        raise Stale(
            _("%(name)s was changed since you opened it.") % {"name": mailbox.name},
            _("Look at what it is now, then change it again."),
        )
    fields, before = _checked(wishes, mailbox), _told(mailbox)
    # A stored password goes to no other server than the one that it was entered for.
    moved = any(fields[name] != getattr(mailbox, name) for name in SECRETS_PLACE)
    mailbox.secret = _secret(wishes, {} if moved else _opened_or_nothing(mailbox))
    if any(fields[name] != getattr(mailbox, name) for name in PLACE):
        mailbox.memory = {}
    for name, value in fields.items():
        setattr(mailbox, name, value)
    _anew(mailbox)
    after = _told(mailbox)
    changed = [name for name in after if after[name] != before[name]]
    if wishes.password or wishes.client_secret:
        audit.record(user, "mailbox.rotated", mailbox, after={"name": mailbox.name})
    audit.record(
        user,
        "mailbox.changed",
        mailbox,
        {name: before[name] for name in changed},
        {name: after[name] for name in changed},
    )
    return mailbox


@transaction.atomic
def switch(mailbox_id: int, *, on: bool, user: User) -> Mailbox:
    """Read it, or pause. What comes meanwhile is read later."""
    mailbox = _locked(mailbox_id)
    if mailbox.active != on:
        mailbox.active = on
        _anew(mailbox)
        audit.record(
            user, "mailbox.on" if on else "mailbox.paused", mailbox, {"active": not on}, {"active": on}
        )
    return mailbox


def pause_all(reason: str) -> None:
    """After a restore: the service that goes on elsewhere reads them, and a copy must not take its mail away."""
    Mailbox.objects.filter(active=True).update(
        active=False,
        version=F("version") + 1,
        reader="",
        lease_until=None,
        said=reason,
        todo=gettext_noop("Have it read again if this installation takes the place of the other."),
    )


@transaction.atomic
def remove(mailbox_id: int, *, user: User) -> str:
    """Forget it, with its password; gives its name. What it brought stays, and so does what is in it."""
    mailbox = _locked(mailbox_id)
    audit.record(user, "mailbox.removed", mailbox, before=_told(mailbox))
    mailbox.delete()
    return mailbox.name


def verify(mailbox: Mailbox) -> str:
    """Log in and look, take nothing; gives what there is. Raises Trouble."""
    try:
        account = account_of(mailbox)
    except CannotDecrypt as error:
        raise Trouble(str(error)) from error
    inbox = way_of(mailbox.way).open(account, Memory.of(mailbox.memory))
    try:
        return inbox.about()
    finally:
        inbox.close()


def account_of(mailbox: Mailbox) -> Account:
    """What its way needs. Raises CannotDecrypt."""
    secret: dict[str, str] = opened(mailbox.secret)
    oauth = None
    if mailbox.login == Mailbox.Login.OAUTH:
        oauth = OAuth(mailbox.token_url, mailbox.client_id, secret.get("client_secret", ""), mailbox.scope)
    return Account(
        host=mailbox.host,
        port=mailbox.port,
        security=mailbox.security,
        login=mailbox.login,
        username=mailbox.username,
        after=mailbox.after,
        password=secret.get("password", ""),
        oauth=oauth,
        certificate=mailbox.certificate,
        folder=mailbox.folder,
        taken_folder=mailbox.taken_folder,
        keep=partial(_keep, mailbox.pk, mailbox.version, secret),
    )


def _keep(mailbox_id: int, version: int, secret: dict[str, str], refresh: str) -> None:
    """Store a refresh token that the authority gave in place of the one before, unless a person has entered another since."""
    rows = Mailbox.objects.filter(pk=mailbox_id, version=version)
    rows.update(secret=secret | {"password": refresh})


def _anew(mailbox: Mailbox) -> None:
    """Store it, so that its reader lets go and the next one begins at once, its troubles forgotten."""
    mailbox.version += 1
    mailbox.failures, mailbox.failing_since, mailbox.next_at = 0, None, None
    mailbox.said = mailbox.todo = ""
    mailbox.save()


def _locked(mailbox_id: int) -> Mailbox:
    return Mailbox.objects.select_for_update().get(pk=mailbox_id)


def _opened_or_nothing(mailbox: Mailbox) -> dict[str, str]:
    try:
        found: dict[str, str] = opened(mailbox.secret)
    except CannotDecrypt:
        return {}
    return found


def _secret(wishes: Wishes, stored: dict[str, str]) -> dict[str, str]:
    """What is stored of secrets. Raises UserError when there is nothing to log in with."""
    found = {"password": wishes.password or stored.get("password", "")}
    if wishes.login == Mailbox.Login.OAUTH:
        found["client_secret"] = wishes.client_secret or stored.get("client_secret", "")
        if not any(found.values()):
            raise UserError(
                _("The mailbox has neither a refresh token nor a client secret."), _("Enter one of them.")
            )
    elif not found["password"]:
        raise UserError(
            _("The mailbox has no password."), _("Enter it; for another server or user it is needed again.")
        )
    return found


def _checked(wishes: Wishes, mailbox: Mailbox | None) -> dict[str, Any]:
    name = wishes.name.replace("\0", "").strip()
    if not name or len(name) > 80:
        raise UserError(
            _("The mailbox needs a name of 1 to 80 characters."), _("Name it after what comes to it.")
        )
    others = Mailbox.objects.filter(name=name).exclude(pk=mailbox.pk if mailbox else 0)
    if others.exists():
        raise UserError(_("There is a mailbox %(name)s already.") % {"name": name}, _("Choose another name."))
    way = way_of(wishes.way)
    if wishes.security not in Mailbox.Security.values or wishes.login not in Mailbox.Login.values:
        raise UserError(_("Security or login is none that there is."), _("Choose from the list."))
    host = wishes.host.strip().strip("[]").lower()
    if not _HOST.fullmatch(host):
        raise UserError(
            _("The server is no host name."), _("Enter it without a scheme, such as imap.example.org.")
        )
    if wishes.security == Mailbox.Security.NONE and not is_loopback(host):
        raise UserError(
            _("Passwords and mail do not go over a network without TLS."),
            _("Choose TLS or STARTTLS; none is for servers on this machine."),
        )
    port = wishes.port or way.ports[wishes.security]
    if not 0 < port < 65536:
        raise UserError(_("The port is a number from 1 to 65535."), _("Leave it empty for the usual one."))
    username = wishes.username.replace("\0", "").strip()
    if not username or len(username) > 320 or any(ord(char) < 32 for char in username):
        raise UserError(_("The mailbox needs a user."), _("Mostly it is the whole address."))
    after = wishes.after or way.afters[0]
    if after not in way.afters:
        raise UserError(
            _("%(way)s cannot do that with a message that was taken.") % {"way": way.label},
            _("Choose another."),
        )
    folder = _folder(wishes.folder, "INBOX")
    taken_folder = _folder(wishes.taken_folder, "Publisher/taken")
    if after == Mailbox.After.MOVE and folder == taken_folder:
        raise UserError(
            _("What was taken cannot be moved to where it came from."), _("Choose another folder for it.")
        )
    fields: dict[str, Any] = {
        "name": name,
        "way": way.name,
        "host": host,
        "port": port,
        "security": wishes.security,
        "certificate": _certificate(wishes.certificate),
        "login": wishes.login,
        "username": username,
        "folder": folder,
        "after": after,
        "taken_folder": taken_folder,
    }
    return fields | _oauth(wishes)


def _oauth(wishes: Wishes) -> dict[str, str]:
    given = {
        name: getattr(wishes, name).replace("\0", "").strip() for name in ("token_url", "client_id", "scope")
    }
    if wishes.login != Mailbox.Login.OAUTH:
        return dict.fromkeys(given, "")
    if not is_private_way(given["token_url"]) or len(given["token_url"]) > 500:
        raise UserError(
            _("The address of the token is an https address."),
            _("docs/feedback.md has those of Microsoft and Google."),
        )
    if not given["client_id"] or len(given["client_id"]) > 200 or len(given["scope"]) > 500:
        raise UserError(
            _("OAuth 2.0 needs the id of the application."), _("Whoever registered the application has it.")
        )
    return given


def _certificate(text: str) -> str:
    text = text.replace("\0", "").strip()
    if text:
        Account("", 0, "", "", "", "", certificate=text).tls()
    return text


def _folder(text: str, usual: str) -> str:
    name = text.replace("\0", "").strip() or usual
    if len(name) > 200 or any(ord(char) < 32 for char in name):
        raise UserError(_("A folder’s name has up to 200 characters."), _("Shorten it."))
    return name


def _told(mailbox: Mailbox) -> dict[str, Any]:
    names = "name way host port security login username token_url client_id scope folder after taken_folder active"
    return {name: getattr(mailbox, name) for name in names.split()} | {
        "own_certificate": bool(mailbox.certificate)
    }
