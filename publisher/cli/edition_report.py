"""An edition as `publisher edition` reports it: for people, and as data for scripts. Names of fields are kept."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import F

from publisher.cli.report import Report, table
from publisher.core import clock
from publisher.delivery import copies, hindrances, progress, unclear
from publisher.delivery.models import Delivery
from publisher.delivery.outage import Outage
from publisher.delivery.unclear import Group
from publisher.digests import readers
from publisher.digests.models import Edition
from publisher.digests.readers import Narrowed

SAMPLE_SECONDS = 1.0
"""How long the rate is measured over."""
MOST_VARIANTS = 10
"""Shown to a person; a script gets all."""
MOST_FAILED_TESTS = 5


def of(edition: Edition, *, said: str, notes: Sequence[str] = ()) -> Report:
    """What became of a command on it. `said` is for people."""
    return Report({**_head(edition), **_progress(edition), "notes": list(notes)}, said)


def listed(editions: Iterable[Edition]) -> Report:
    """Some editions, a line each."""
    rows = [{**_head(each), **_progress(each)} for each in editions]
    width = max((len(row["short_name"]) for row in rows), default=0)
    lines = [
        f"{row['short_name']:{width}}  {row['name']}  due {row['due_at']:%Y-%m-%d %H:%M} UTC  {row['state']}  "
        f"{row['summary']}"
        for row in rows
    ]
    return Report({"editions": rows}, "\n".join(lines) or "There are no editions yet.")


def whole(edition: Edition) -> Report:
    """Everything about one edition. Takes a second while it is being sent, to see how fast."""
    doubts = unclear.groups_of(edition)
    nobody, narrowed = progress.without_mail(edition), Narrowed.of(edition)
    data = {
        **_head(edition),
        **_progress(edition),
        "rate_per_second": rate_of(edition),
        "items": list(
            edition.edition_items.values("position", "item_id", "revision", title=F("item__title"))
        ),
        "variants": [asdict(each) for each in progress.variants_of(edition)],
        "waves": [
            {
                "due_at": each.due_at,
                "clocks": each.clocks,
                "recipients": each.total,
                "left": each.left,
                "queued": each.queued,
            }
            for each in progress.waves_of(edition)
        ],
        "unclear": [each.as_data() for each in doubts],
        "without_mail": asdict(nobody) if nobody else None,
        "readers": narrowed.as_json() if narrowed else None,
        "seeds": copies.counts_of(edition, Delivery.Purpose.SEED),
        "tests": copies.counts_of(edition, Delivery.Purpose.TEST),
        "failed_tests": [
            {"delivery": each.pk, "to": each.address, "reason": each.reason}
            for each in copies.failed_tests(edition, most=MOST_FAILED_TESTS)
        ],
    }
    return Report(data, _as_text(data, doubts))


def settled_by(name: str) -> str:
    """What a person may do about unclear mails."""
    return (
        f"Count them as sent with `publisher edition settle {name} --sent`, or send them again with `--again`: who got "
        "theirs then gets it twice. The desk does the same for one mail alone."
    )


def rate_of(edition: Edition) -> float:
    """Mails that left in the last second; 0 unless it is being sent."""
    if edition.state != Edition.State.SENDING:
        return 0.0
    before, started = progress.sending(edition).left, time.monotonic()
    time.sleep(SAMPLE_SECONDS)
    return round((progress.sending(edition).left - before) / (time.monotonic() - started), 1)


def _head(edition: Edition) -> dict[str, Any]:
    return {
        "id": edition.pk,
        "short_name": edition.short_name,
        "name": str(edition),
        "digest": edition.digest.slug,
        "number": edition.number,
        "state": edition.state,
        "meaning": edition.get_state_display(),
        "problem": edition.problem,
        "segment": readers.name_for(edition),
        "priority": edition.priority,
        "due_at": edition.due_at,
        "local_day": edition.local_day,
        "window_from": edition.window_from,
        "window_to": edition.window_to,
        "approved_by": edition.approved_by,
        "created_at": edition.created_at,
        "assembled_at": edition.assembled_at,
        "finished_at": edition.finished_at,
        "trace_id": edition.trace_id,
    }


def _progress(edition: Edition) -> dict[str, Any]:
    assembling, sending = progress.assembling(edition), progress.sending(edition)
    now = clock.now()
    waits = progress.waits_for_hours(edition, now)
    outage = hindrances.outage_of(edition)
    return {
        "assembling": asdict(assembling) if assembling else None,
        "waits": {"reason": str(waits), "until": waits.until} if waits else None,
        "outage": outage.as_data() if outage else None,
        "paced": hindrances.pace_of(edition, now),
        "recipients": sending.total,
        "left": sending.left,
        "summary": str(sending),
        "done": sending.done,
        "counts": sending.counts,
    }


def _as_text(data: dict[str, Any], doubts: Sequence[Group]) -> str:
    rows = {
        "edition": f"{data['short_name']}, {data['name']} (ID {data['id']})",
        "state": _state(data["state"], data["meaning"]),
        "problem": data["problem"],
        "mail server": _outage(data["outage"]),
        "paced": data["paced"],
        "waits": data["waits"]["reason"] if data["waits"] else "",
        "assembling": progress.Assembling(**data["assembling"]) if data["assembling"] else "",
        "due": _time(data["due_at"]) + (", by each reader's own clock" if data["local_day"] else ""),
        "holds": f"{_time(data['window_from'])} to {_time(data['window_to'])}",
        "assembled": _time(data["assembled_at"]),
        "finished": _time(data["finished_at"]),
        "readers": _readers(data),
        "mails": data["summary"],
        "by state": _counts(data["counts"]),
        "no mail": progress.WithoutMail(**data["without_mail"]) if data["without_mail"] else "",
        "rate": f"{data['rate_per_second']:,} a second" if data["state"] == Edition.State.SENDING else "",
        "seeds": _counts(data["seeds"]),
        "tests": _counts(data["tests"]),
    }
    parts = [table({name: value for name, value in rows.items() if str(value)})]
    parts += _lines("Waves", [_wave(each) for each in data["waves"]])
    parts += _lines(
        "Unclear mails", [*unclear.sentences(doubts), settled_by(data["short_name"])] if doubts else []
    )
    parts += _lines("Tests that failed", [f"{each['to']}: {each['reason']}" for each in data["failed_tests"]])
    variants = data["variants"]
    shown = [_variant(each) for each in variants[:MOST_VARIANTS]]
    if len(variants) > len(shown):
        shown.append(f"and {len(variants) - len(shown):,} more; --json has all")
    parts += _lines(f"Variants ({len(variants):,})", shown)
    return "\n".join(parts)


def _readers(data: dict[str, Any]) -> str:
    """Nothing for everybody."""
    asked = data["readers"]
    counted = f": {asked['inside']:,} of {asked['subscribed']:,} subscribers" if asked else ""
    return f"those in the segment {data['segment']}{counted}" if data["segment"] else ""


def _outage(data: dict[str, Any] | None) -> str:
    known = {name: value for name, value in (data or {}).items() if name != "todo"}
    return Outage(**known).text(clock.now()) if known else ""


def _lines(title: str, lines: Sequence[str]) -> list[str]:
    return [f"\n{title}", *(f"  {line}" for line in lines)] if lines else []


def _state(state: str, meaning: str) -> str:
    """The meaning only where it says more than the name."""
    return state if state == meaning.lower() else f"{state} ({meaning})"


def _wave(wave: dict[str, Any]) -> str:
    told = f"{wave['left']:>9,} of {wave['recipients']:,} sent, {wave['queued']:,} wait"
    return f"{_time(wave['due_at'])}  {wave['clocks']:>9}  {told}"


def _variant(variant: dict[str, Any]) -> str:
    place = f"{variant['language']} {variant['region']}".strip()
    kilobytes = (variant["html_bytes"] + variant["text_bytes"]) / 1000
    retired = "  before a correction" if variant["retired"] else ""
    return f"{place:6} {variant['items']:>2} items {kilobytes:>6.1f} kB {variant['recipients']:>9,} readers{retired}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {state}" for state, n in counts.items())


def _time(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if value else ""
