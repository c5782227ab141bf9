"""What providers say beyond what anymail reads of them: whether a failure is for good, why, by which code. Pure.

Each function is told one event as the provider wrote it and what anymail made of it. Their words are those of their documents
(docs/provider-webhooks.md has the addresses). Where a provider's word says less than it seems to, that is written beside it:
what suppresses a reader must be certain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from publisher.feedback.models import Report

C = Report.Cause


@dataclass(frozen=True)
class Meaning:
    """`type` and `reason` are anymail's, or better ones. `permanent`: None where the provider does not say. `code`: SMTP's."""

    type: str
    reason: str = ""
    permanent: bool | None = None
    cause: Report.Cause = C.NONE
    code: str = ""


SES_TYPES: Final = {"DeliveryDelay": EventType.DEFERRED, "Subscription": EventType.UNSUBSCRIBED}
"""Types that anymail does not know yet."""

Meanings = Callable[[Mapping[str, Any], Meaning], Meaning]


def usual(event: AnymailTrackingEvent) -> Meaning:
    """What anymail says."""
    return Meaning(str(event.event_type), str(event.reject_reason or ""))


def as_read(_raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """Nothing more is known."""
    return meaning


def ses(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """A complaint of the type `not-spam` takes one back. `Suppressed`: they refuse it for an earlier bounce."""
    bounce, complaint = _part(raw, "bounce"), _part(raw, "complaint")
    if meaning.type == EventType.COMPLAINED and complaint.get("complaintFeedbackType") == "not-spam":
        return replace(meaning, type=EventType.UNKNOWN)
    if meaning.type == EventType.UNKNOWN and raw.get("eventType") in SES_TYPES:
        return replace(meaning, type=SES_TYPES[str(raw["eventType"])])
    if meaning.type != EventType.BOUNCED:
        return meaning
    failed = bounce.get("bouncedRecipients")
    first = failed[0] if isinstance(failed, list) and failed and isinstance(failed[0], dict) else {}
    kinds = {"Permanent": True, "Transient": False}
    causes = {
        "NoEmail": C.UNKNOWN_USER,
        "MailboxFull": C.FULL,
        "MessageTooLarge": C.SIZE,
        "ContentRejected": C.CONTENT,
        "AttachmentRejected": C.CONTENT,
    }
    return replace(
        meaning,
        permanent=kinds.get(str(bounce.get("bounceType"))),
        cause=causes.get(str(bounce.get("bounceSubType")), C.NONE),
        code=_text(first.get("status")),
    )


def mailgun(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """`suppress-…`: it was not sent, since the address is on their own list for that reason. `old`: they gave up after hours in
    which nobody took it, which they call permanent. `espblock`: the other side blocks who sends."""
    data = _part(raw, "event-data")
    status = _part(data, "delivery-status")
    listed = {"suppress-complaint": RejectReason.SPAM, "suppress-unsubscribe": RejectReason.UNSUBSCRIBED}
    reason = str(data.get("reason"))
    if reason in listed:
        return replace(meaning, type=EventType.REJECTED, reason=listed[reason])
    if reason == "old":
        return replace(meaning, permanent=False, cause=C.TEMPORARY)
    return replace(
        meaning,
        permanent={"permanent": True, "temporary": False}.get(str(data.get("severity"))),
        cause=C.REPUTATION if reason == "espblock" else C.NONE,
        code=_text(status.get("enhanced-code")) or _text(status.get("code")),
    )


def postmark(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """`SpamNotification` is the word of a filter, and no complaint of a reader, as anymail has it."""
    kind = str(raw.get("Type"))
    if kind == "SpamNotification":
        return Meaning(EventType.BOUNCED, permanent=False, cause=C.CONTENT)
    hard = {"HardBounce": True, "SoftBounce": False, "VirusNotification": False}
    suppressed = raw.get("SuppressionReason") == "HardBounce"
    cause = C.CONTENT if kind == "VirusNotification" else C.NONE
    return replace(meaning, permanent=True if suppressed else hard.get(kind), cause=cause)


def sendgrid(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """A `bounce` of the type `blocked` is about the sender, and is sent again next time."""
    code = _text(raw.get("status"))
    if raw.get("event") == "bounce":
        blocked = raw.get("type") == "blocked"
        return replace(meaning, permanent=False if blocked else None, code=code)
    if raw.get("event") == "dropped":
        reasons = {"spam reporting address": RejectReason.SPAM, "bounced address": RejectReason.BOUNCED}
        reason = reasons.get(str(raw.get("reason")).lower(), meaning.reason)
        return replace(meaning, reason=reason, code=code)
    return replace(meaning, code=code)


def brevo(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """Their documents have both `unsubscribe` and `unsubscribed`."""
    kind = str(raw.get("event"))
    if kind == "unsubscribed":
        return Meaning(EventType.UNSUBSCRIBED)
    hard = {"hard_bounce": True, "invalid_email": True, "soft_bounce": False}
    cause = C.UNKNOWN_USER if kind == "invalid_email" else C.NONE
    return replace(meaning, permanent=hard.get(kind), cause=cause)


def mailjet(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """`hard_bounce` alone says whether it is for good: `error_related_to` is filled for soft ones, too."""
    causes = {
        "user unknown": C.UNKNOWN_USER,
        "mailbox inactive": C.DISABLED,
        "quota exceeded": C.FULL,
        "invalid domain": C.UNKNOWN_DOMAIN,
        "no mail host": C.UNKNOWN_DOMAIN,
        "sender blocked": C.REPUTATION,
        "content blocked": C.CONTENT,
        "policy issue": C.POLICY,
    }
    hard = raw.get("hard_bounce")
    permanent = bool(hard) if isinstance(hard, bool | int) else None
    return replace(meaning, permanent=permanent, cause=causes.get(str(raw.get("error")), C.NONE))


def resend(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """`bounce.type` and `subType` are those of Amazon SES."""
    bounce = _part(_part(raw, "data"), "bounce")
    if meaning.type != EventType.BOUNCED:
        return meaning
    return ses(
        {"bounce": {"bounceType": bounce.get("type"), "bounceSubType": bounce.get("subType")}}, meaning
    )


def mailtrap(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """A `bounce` is for good; a `soft bounce` is tried again there."""
    hard = True if raw.get("event") == "bounce" else None
    return replace(meaning, permanent=hard, code=_text(raw.get("response_code")))


def sparkpost(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """Bounce classes: 10, 30 and 90 are hard, 20 to 24, 40, 70 soft, 25 and 50 to 54 about the sender."""
    found = raw.get("msys")
    inner = next(iter(found.values()), None) if isinstance(found, dict) else None
    event: Mapping[str, Any] = inner if isinstance(inner, dict) else {}
    kind = str(event.get("bounce_class"))
    causes = {
        "10": C.UNKNOWN_USER,
        "22": C.FULL,
        "23": C.SIZE,
        "25": C.POLICY,
        "30": C.UNKNOWN_USER,
        "50": C.REPUTATION,
        "51": C.REPUTATION,
        "52": C.CONTENT,
        "53": C.CONTENT,
        "54": C.POLICY,
    }
    hard = {
        "10": True,
        "30": True,
        "20": False,
        "21": False,
        "22": False,
        "24": False,
        "40": False,
        "70": False,
    }
    return replace(
        meaning,
        permanent=hard.get(kind),
        cause=causes.get(kind, C.NONE),
        code=_text(event.get("error_code")),
    )


def mailersend(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """The type says it."""
    kind = str(_part(raw, "data").get("type"))
    return replace(meaning, permanent={"hard_bounced": True, "soft_bounced": False}.get(kind))


def mandrill(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """A reject says on which of their lists the address stands."""
    kind = str(raw.get("event"))
    if kind == "reject":
        listed = {
            "hard-bounce": RejectReason.BOUNCED,
            "spam": RejectReason.SPAM,
            "unsub": RejectReason.UNSUBSCRIBED,
        }
        reject = raw.get("reject") or _part(raw, "msg").get("reject")
        reason = reject.get("reason") if isinstance(reject, dict) else reject
        return replace(meaning, reason=listed.get(str(reason), RejectReason.OTHER))
    causes = {"mailbox_full": C.FULL, "bad_mailbox": C.UNKNOWN_USER, "invalid_domain": C.UNKNOWN_DOMAIN}
    described = str(_part(raw, "msg").get("bounce_description"))
    hard = {"hard_bounce": True, "soft_bounce": False}.get(kind)
    return replace(meaning, permanent=hard, cause=causes.get(described, C.NONE))


def postal(raw: Mapping[str, Any], meaning: Meaning) -> Meaning:
    """`HardFail`: refused by the other side, for good, which anymail calls a failure of the provider's own."""
    if _part(raw, "payload").get("status") == "HardFail":
        return Meaning(EventType.BOUNCED, RejectReason.BOUNCED, permanent=None)
    return meaning


NOT_SENT: Final[dict[str, tuple[Report.Kind, bool | None, Report.Cause]]] = {
    RejectReason.SPAM: (Report.Kind.COMPLAINT, None, C.NONE),
    RejectReason.UNSUBSCRIBED: (Report.Kind.LEAVE, None, C.NONE),
    RejectReason.BOUNCED: (Report.Kind.BOUNCE, True, C.UNKNOWN_USER),
    RejectReason.INVALID: (Report.Kind.BOUNCE, True, C.UNKNOWN_USER),
}
"""What the provider did not even send, by the reason for which the address stands on its own list. Others are about us."""


def _part(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return str(value)[:20] if isinstance(value, str | int) and not isinstance(value, bool) else ""
