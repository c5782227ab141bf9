"""An event of a provider in the words of `taking.py`: read by anymail, completed by `meanings.py`. Pure.

Opened and clicked are left out: nobody is watched. So is what only says that the provider has taken a mail.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final, cast

from anymail.exceptions import AnymailError
from anymail.signals import AnymailTrackingEvent, EventType
from django.utils.module_loading import import_string

from publisher.core.numbers import number_in
from publisher.delivery.email.providers.calls import DELIVERY
from publisher.feedback.models import Report
from publisher.feedback.reading.causes import cause_of, codes_in
from publisher.feedback.taking import Event
from publisher.feedback.webhooks import meanings
from publisher.feedback.webhooks.meanings import Meaning
from publisher.feedback.webhooks.pieces import Unreadable
from publisher.feedback.webhooks.table import INTAKES, Intake

K, C = Report.Kind, Report.Cause

KINDS: Final = {
    EventType.BOUNCED: K.BOUNCE,
    EventType.FAILED: K.BOUNCE,
    EventType.REJECTED: K.BOUNCE,
    EventType.COMPLAINED: K.COMPLAINT,
    EventType.DEFERRED: K.DELAYED,
    EventType.DELIVERED: K.DELIVERED,
    EventType.UNSUBSCRIBED: K.LEAVE,
    EventType.AUTORESPONDED: K.AUTOMATIC,
}
WITHOUT_EVIDENCE: Final = (K.DELIVERED, K.DELAYED)
"""Nothing that touches a reader follows from these, and of a mail to a million there are a million."""
LONGEST: Final = 4000
CANNOT_BE_READ: Final = (
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError, AssertionError),
    *(RecursionError, AnymailError),
)
"""What anymail raises where an event is not as its provider's documents say."""


def events_of(provider: str, piece: Any, identity: str = "") -> list[Event]:
    """What one event says, for each of its recipients; nothing for what is left out. `identity`: the call's own id, where the
    provider has one. Raises Unreadable."""
    intake = INTAKES[provider]
    try:
        found = _read(intake, piece, identity)
        return [event for each in found if (event := _event(intake, piece, each)) is not None]
    except CANNOT_BE_READ as error:
        raise Unreadable(f"{type(error).__name__}: {error}"[:200]) from error


def broken(piece: Any, why: str) -> Event:
    """An event that could not be read, to be kept with what was sent."""
    raw = _written(piece)
    return Event(K.OTHER, "unread:" + hashlib.sha256(raw).hexdigest(), said=why[:LONGEST], raw=raw)


def _read(intake: Intake, piece: Any, identity: str) -> list[AnymailTrackingEvent]:
    """As anymail's view reads it. The view is made without its settings: these are for its own checks, which are not used."""
    view_class = import_string(f"anymail.webhooks.{intake.view}")
    view = view_class.__new__(view_class)
    if intake.reading == "ses":
        return cast("list[AnymailTrackingEvent]", view.esp_to_anymail_events(piece["ses"], piece["sns"]))
    if intake.reading == "unwrapped":
        event_class, event, raw = view.unwrap_event(piece)
        return [] if event is None else [view.esp_to_anymail_event(event_class, event, raw)]
    if intake.reading == "request":
        request = SimpleNamespace(headers={"svix-id": identity}, body=json.dumps(piece).encode())
        return cast("list[AnymailTrackingEvent]", view.parse_events(request))
    if intake.reading == "combined":
        return [view.mandrill_tracking_to_anymail_event(piece)]
    return [view.esp_to_anymail_event(piece)]


def _event(intake: Intake, piece: Any, found: AnymailTrackingEvent) -> Event | None:
    raw = piece["ses"] if intake.reading == "ses" else piece
    meaning = intake.means(raw, meanings.usual(found))
    kind = KINDS.get(cast("EventType", meaning.type))
    if kind is None:
        return None
    said = "\n".join(_clean(each) for each in (found.description, found.mta_response) if each)[:LONGEST]
    permanent, cause = meaning.permanent, meaning.cause
    if meaning.type == EventType.REJECTED:
        kind, permanent, cause = meanings.NOT_SENT.get(meaning.reason, (K.BOUNCE, None, C.POLICY))
    elif meaning.type == EventType.FAILED:
        permanent, cause = None, C.CONTENT
    elif kind == K.BOUNCE:
        cause = cause or _cause(meaning, said)
    written = _written(piece)
    return Event(
        kind,
        _identity(intake, raw, found, written),
        address=_clean(found.recipient)[:320],
        message_id=_clean(found.message_id)[:500],
        delivery_id=_delivery(raw, found),
        code=_clean(meaning.code),
        said=said,
        at=_moment(found.timestamp),
        raw=b"" if kind in WITHOUT_EVIDENCE else written,
        permanent=permanent,
        cause=cause,
    )


def _cause(meaning: Meaning, said: str) -> Report.Cause:
    """A provider's “hard” means the mailbox, where neither its code nor its words name anything else."""
    smtp, enhanced = codes_in(f"{meaning.code} {said}")
    cause = cause_of(smtp, enhanced, said)
    return C.UNKNOWN_USER if meaning.permanent and cause is C.UNCLEAR else cause


def _identity(intake: Intake, raw: Any, found: AnymailTrackingEvent, written: bytes) -> str:
    """The same when the provider tells it again: its own id for it with type and recipient, else all that it wrote."""
    own = _clean(found.event_id)
    if intake.view.startswith("mailgun"):  # anymail takes the token, which is another for each try
        data = raw["event-data"]
        own = f"{_clean(data.get('id'))}/{_clean(data.get('timestamp'))}" if data.get("id") else ""
    if not own:
        return hashlib.sha256(written).hexdigest()
    return f"{own}/{_clean(found.event_type)}/{_clean(found.recipient)}"[:1000]


def _delivery(raw: Any, found: AnymailTrackingEvent) -> int | None:
    """Our id, as the sender puts it beside the message: as metadata, with SES as a tag."""
    given = found.metadata.get(DELIVERY) if isinstance(found.metadata, dict) else None
    mail = raw.get("mail")
    tags = mail.get("tags") if isinstance(mail, dict) else None
    if given is None and isinstance(tags, dict):
        listed = tags.get(DELIVERY)
        given = listed[0] if isinstance(listed, list) and listed else None
    number = number_in(str(given)) if isinstance(given, str | int) else None
    return number or None


def _moment(at: object) -> datetime | None:
    if not isinstance(at, datetime):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _written(piece: Any) -> bytes:
    return json.dumps(piece, sort_keys=True).encode()


def _clean(value: object) -> str:
    """As a text that the database can hold: half characters and zeros are replaced."""
    text = "" if value is None else str(value)
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
