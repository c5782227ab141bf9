"""What somebody wants to see of the delivery log, read from a query string. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from django.utils.translation import gettext as _

from publisher.core.numbers import number_in
from publisher.delivery.models import Delivery
from publisher.delivery.states import State

LEAST_PREFIX = 3
POSTS = "post"
"""Among the purposes: what is no mail."""
PURPOSES = (*Delivery.Purpose.values, POSTS)

_STATES = [state.value for state in State]
_YEARS = range(1970, 3000)  # far from both ends of what a datetime can hold
_CODE = re.compile(r"(?:([2-5]\d\d)(?:\s+|\Z))?([245]\.\d{1,3}\.\d{1,3})?")


@dataclass(frozen=True)
class LogFilter:
    """What to show. Empty or None: any. `since` (included) and `until` (not included) are aware times of writing.

    `address` is an address in lower case, or the beginning of one unless `exact`. `code` is that of SMTP or HTTP, `enhanced`
    the one of RFC 3463. `needs_person`: what waits until somebody decides. `errors` holds one sentence per field that was
    not understood: show them, and show no rows.
    """

    states: tuple[str, ...] = ()
    channel_id: int | None = None
    digest_id: int | None = None
    edition_id: int | None = None
    item_id: int | None = None
    address: str = ""
    exact: bool = False
    code: int | None = None
    enhanced: str = ""
    purpose: str = ""
    needs_person: bool = False
    since: datetime | None = None
    until: datetime | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_query(
        cls, query: Mapping[str, str], *, zone: tzinfo = UTC, may_see_addresses: bool = True
    ) -> LogFilter:
        """Read `state` (several), `channel`, `digest`, `edition`, `item`, `address`, `exact`, `code`, `purpose`, `person`, `from`
        and `to`.

        Local times are those of `zone`. Who may not see addresses may not ask for one either: the answer would tell whether it
        is there.
        """
        errors: dict[str, str] = {}
        code, enhanced = _code(query.get("code", ""), errors)
        wanted = cls(
            states=_states(query, errors),
            channel_id=_number(query.get("channel", ""), "channel", errors),
            digest_id=_number(query.get("digest", ""), "digest", errors),
            edition_id=_number(query.get("edition", ""), "edition", errors),
            item_id=_number(query.get("item", ""), "item", errors),
            address=_address(query.get("address", ""), may_see_addresses, errors),
            exact=query.get("exact", "") == "yes",
            code=code,
            enhanced=enhanced,
            purpose=_purpose(query.get("purpose", ""), errors),
            needs_person=query.get("person", "") == "yes",
            since=_moment(query.get("from", ""), "from", zone, errors),
            until=_moment(query.get("to", ""), "to", zone, errors),
            errors=errors,
        )
        _check_together(wanted, errors)
        return wanted


def _check_together(wanted: LogFilter, errors: dict[str, str]) -> None:
    """Fields that can be met only one at a time."""
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        errors["to"] = _("The end must be later than the beginning.")
    of_mail = wanted.edition_id or wanted.digest_id
    if wanted.channel_id and of_mail:
        name = "edition" if wanted.edition_id else "digest"
        errors[name] = _("A delivery belongs to an edition or to a channel, never to both. Clear one.")
    if (wanted.purpose == POSTS and of_mail) or (wanted.channel_id and wanted.purpose not in ("", POSTS)):
        errors["purpose"] = _("Posts belong to channels, mails to editions. Clear one of the fields.")


def _states(query: Mapping[str, str], errors: dict[str, str]) -> tuple[str, ...]:
    """Several values of one name, as a form sends them."""
    getlist = getattr(query, "getlist", None)
    given: Sequence[str] = getlist("state") if getlist else [query.get("state", "")]
    states = [text.strip() for text in given if text.strip()]
    for state in states:
        if state not in _STATES:
            errors["state"] = _("There is no state “%(state)s”. Choose from the list.") % {
                "state": state[:40]
            }
    return tuple(dict.fromkeys(states))


def _address(text: str, may_see: bool, errors: dict[str, str]) -> str:
    address = text.replace("\0", "").strip().lower()[:320]
    if address and not may_see:
        errors["address"] = _("Your role does not show addresses, so nobody can be looked for by one.")
    elif address and len(address) < LEAST_PREFIX:
        errors["address"] = _("Give at least the first %(num)s characters of the address.") % {
            "num": LEAST_PREFIX
        }
    return address


def _code(text: str, errors: dict[str, str]) -> tuple[int | None, str]:
    """`550`, `5.1.1` or `550 5.1.1`."""
    text = " ".join(text.split())[:40]
    found = _CODE.fullmatch(text)
    if not found:
        errors["code"] = _("“%(text)s” is not a code. Write it like 550, 5.1.1 or 550 5.1.1.") % {
            "text": text
        }
        return None, ""
    return int(found[1]) if found[1] else None, found[2] or ""


def _purpose(text: str, errors: dict[str, str]) -> str:
    text = text.strip()
    if text and text not in PURPOSES:
        errors["purpose"] = _("“%(text)s” is none of these. Choose from the list.") % {"text": text[:40]}
    return text


def _moment(text: str, name: str, zone: tzinfo, errors: dict[str, str]) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.year not in _YEARS:
            raise ValueError("no time of ours")  # noqa: TRY301 - told like any other that is no time
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        errors[name] = _("“%(text)s” is not a time. Write it like 2026-06-01 or 2026-06-01T14:30.") % {
            "text": text[:40]
        }
        return None


def _number(text: str, name: str, errors: dict[str, str]) -> int | None:
    text = text.strip()
    if not text:
        return None
    if (number := number_in(text)) is not None:
        return number
    errors[name] = _("“%(text)s” is not the number of one. Choose from the list.") % {"text": text[:40]}
    return None
