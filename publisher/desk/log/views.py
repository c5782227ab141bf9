"""The delivery log: the list with its filter, and the page of one delivery."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from publisher.core import clock
from publisher.core.masking import masked, masked_text
from publisher.core.models import AuditEntry
from publisher.core.numbers import number_in
from publisher.core.told import told
from publisher.delivery import log, mail_doubts, resending, retrying, unclear
from publisher.delivery.approvals import approval_of
from publisher.delivery.as_sent import Eyes, message_of
from publisher.delivery.log.wanted import POSTS
from publisher.delivery.models import Delivery
from publisher.delivery.states import State
from publisher.desk.forms import local_input
from publisher.desk.log.explain import code_meaning, meaning
from publisher.desk.log.finding import asked_of
from publisher.desk.page import show
from publisher.desk.paging import with_values
from publisher.digests.models import Digest, Edition
from publisher.feedback.of_delivery import feedback_of
from publisher.people.permissions import PUBLISH, SEE_ADDRESSES
from publisher.social.models import Channel
from publisher.social.networks import registry

RECENT_EDITIONS = 100
FIELDS = (
    "address",
    "exact",
    "digest",
    "edition",
    "item",
    "channel",
    "code",
    "purpose",
    "person",
    "from",
    "to",
)
SHOWN_BYTES = 200_000
"""Of a message; the file has it whole."""

HISTORY = 20


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """One page of the log. What was not understood is said beside its field, and no rows are shown that nobody asked for."""
    asked = asked_of(request)
    wanted, words = asked.wanted, asked.words
    after = log.Cursor.read(request.GET.get("after", ""))
    chosen = bool(words) and asked.item is None
    page = log.Page((), None) if wanted.errors or chosen else log.page(wanted, after)
    given = {name: request.GET.get(name, "") for name in FIELDS}
    shown = {"from": _shown(given["from"], wanted.since), "to": _shown(given["to"], wanted.until)}
    context = {
        "page": page,
        "wanted": given | shown | {"states": wanted.states},
        "errors": wanted.errors,
        "asked": asked,
        "filtered": any(given.values()) or bool(wanted.states),
        "at_first": after is None,
        "first": with_values(request.GET, after=""),
        "next": with_values(request.GET, after=str(page.next)) if page.next else "",
        "looked_to": _written(page.next) if page.is_partial else None,
        "states": State.choices,
        "purposes": [*Delivery.Purpose.choices, (POSTS, _("A post"))],
        "channels": [(str(channel.pk), channel.name) for channel in Channel.objects.order_by("name")],
        "digests": [(str(digest.pk), str(digest)) for digest in Digest.objects.order_by("pk")],
        "editions": _editions(given["edition"]),
        "item_links": [(item, with_values(request.GET, item=str(item.pk), after="")) for item in asked.items],
        **_masks(request),
    }
    return show(request, "desk/log/deliveries.html", context, status=422 if wanted.errors else 200)


@require_GET
def detail(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """What became of one message, try by try, in plain words; what it says, who let it go, and what can be done."""
    known = Delivery.objects.select_related(
        *(
            "edition__digest",
            "variant",
            "post__item",
            "post__approved_by",
            "channel",
            "subscriber",
            "copy_of__subscriber",
        )
    )
    row = get_object_or_404(known.defer("variant__html", "variant__text", "variant__message"), pk=delivery_id)
    tries = [(attempt, code_meaning(attempt.code, attempt.enhanced)) for attempt in row.tries.order_by("pk")]
    was_unclear = any(attempt.outcome == State.UNKNOWN for attempt, _explained in tries)
    now = clock.now()
    sees = request.user.has_perm(SEE_ADDRESSES)
    message = message_of(row, Eyes.NO_TOKENS if sees else Eyes.NO_READER, now=now)
    context = {
        "row": row,
        "meaning": meaning(row.state, is_mail=row.edition_id is not None, was_unclear=was_unclear),
        "was_unclear": was_unclear,
        **_doubt(row),
        "by_hand": registry.by_hand(row.channel.network) if row.channel else None,
        "code_meaning": code_meaning(row.code, row.enhanced, row.state),
        "tries": tries,
        "amendments": row.amendments.order_by("-pk"),
        "message": message,
        "message_text": message.text[:SHOWN_BYTES],
        "is_cut": len(message.text) > SHOWN_BYTES,
        "feedback": feedback_of(row),
        "approval": approval_of(row),
        "entries": AuditEntry.objects.filter(object_type="delivery", object_id=str(row.pk)).order_by("-pk")[
            :HISTORY
        ],
        "copies": list(row.copies.order_by("pk")),
        **_deeds(request, row, now),
        **_masks(request),
    }
    return show(request, "desk/log/delivery.html", context)


def _deeds(request: HttpRequest, row: Delivery, now: datetime) -> dict[str, Any]:
    """What may be done with it, or why not."""
    if not request.user.has_perm(PUBLISH):
        return {
            "retry": False,
            "resend": False,
            "why_no_retry": None,
            "why_no_resend": None,
            "copies_sent": 0,
        }
    failed = row.state == State.FAILED
    left = (
        row.purpose == Delivery.Purpose.READER and row.edition is not None and row.state in resending.SENDABLE
    )
    no_retry = retrying.why_not(row, now=now) if failed else None
    no_resend = resending.why_not(row, now=now) if left else None
    return {
        "retry": failed and no_retry is None,
        "why_no_retry": no_retry,
        "resend": left and no_resend is None,
        "why_no_resend": no_resend,
        "copies_sent": resending.copies_of(row) if left else 0,
    }


def _masks(request: HttpRequest) -> dict[str, Any]:
    """How addresses, and texts that may hold one, are shown to this viewer. Names of channels are no secret."""
    sees = request.user.has_perm(SEE_ADDRESSES)

    def address(each: Delivery) -> str:
        return each.address if sees or each.edition_id is None else masked(each.address)

    def words(each: Delivery, text: str) -> str:
        text = told(text)
        return text if sees or each.edition_id is None else masked_text(text)

    return {"address_of": address, "words_of": words, "sees": sees}


def _doubt(row: Delivery) -> dict[str, Any]:
    """Why an unclear mail is unclear, and what happens to it next."""
    if row.state != State.UNKNOWN or row.edition is None:
        return {}
    why = unclear.WHY[unclear.cause_of(row.reason)]
    fate = unclear.fate_of(row)
    said = fate.said if row.reason.startswith(why) else f"{_(why)} {fate.said}"
    return {
        "meaning": said,
        "again_by_itself": fate.by_itself,
        "may_send_again": mail_doubts.may(row.edition, arrived=False),
    }


def _written(cursor: log.Cursor | None) -> datetime | None:
    """When the last row that was looked at was written."""
    rows = Delivery.objects.filter(pk=cursor.id if cursor else 0)
    return rows.values_list("created_at", flat=True).first()


def _shown(given: str, understood: datetime | None) -> str:
    """What the field shows again: the time as understood, or what was typed if it was not."""
    return local_input(understood) if understood else given


def _editions(chosen: str) -> list[tuple[str, str]]:
    """The recent editions, and the chosen one even if it is old."""
    rows = list(Edition.objects.select_related("digest").order_by("-pk")[:RECENT_EDITIONS])
    if (number := number_in(chosen)) and all(row.pk != number for row in rows):
        rows += Edition.objects.select_related("digest").filter(pk=number)
    return [
        (
            str(row.pk),
            f"{row}, {row.due_at:%Y-%m-%d}" if row.number else f"{row.digest}, {row.due_at:%Y-%m-%d}",
        )
        for row in rows
    ]
