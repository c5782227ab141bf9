"""A worker's part of imports in the desk: trying a file, or importing it. Killed, it begins again, with the same end; a file
whose worker is killed again and again is given up, until a person asks for it anew."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import redis
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_noop

from publisher.audience import tags
from publisher.audience.importing import keeping, uploads
from publisher.audience.importing.given import Offer
from publisher.audience.importing.outcome import Outcome, Plan
from publisher.audience.importing.run import import_file
from publisher.audience.importing.uploads import Reading
from publisher.audience.models import Tag, Upload
from publisher.core import audit
from publisher.core.alone import IMPORT, alone
from publisher.core.errors import UserError
from publisher.core.redis import client

log = logging.getLogger(__name__)

S = Upload.State
FEW = 50
"""Refused rows whose line and reason are shown on the page."""
PROGRESS_KEPT = 3600
MOST_TRIES = 5
"""So often a worker begins what a person asked for once. A restart of workers costs one; a file that takes all memory, all."""
NO_DIGEST = gettext_noop("Its digest is not there any more.")
BROKE_OFF = gettext_noop("It broke off before the end of the file.")
BROKE_OFF_HINT = gettext_noop(
    "The log of the workers says why. What was written stays, and is not written twice: divide the file, or import it at the "
    "command line (publisher subscribers import)."
)
ENDED_AGAIN = gettext_noop(
    "The worker that had it ended before the end of the file, %(num)s times. It is not begun again by itself."
)
ENDED_AGAIN_HINT = gettext_noop(
    "The log of the workers may say why; often memory or disk ran out. What was written stays, and is not written twice: try it "
    "again, divide the file, or import it at the command line (publisher subscribers import)."
)

Offered = Callable[[int], tuple[Offer, str] | None]
"""What a digest offers, and its first language; None for one that is not there. Digests are of a higher room."""


def waits() -> bool:
    """Whether a file is to be tried or imported."""
    return Upload.objects.filter(state__in=Upload.OPEN).exists()


def run_next(offered: Offered, *, now: datetime) -> Upload | None:
    """Try or import the file that has waited longest; None when none waits, or when another import runs."""
    with alone(IMPORT) as mine:
        upload = Upload.objects.filter(state__in=Upload.OPEN).order_by("pk").first() if mine else None
        if upload:
            _run(upload, offered, now)
    return upload


def _run(upload: Upload, offered: Offered, now: datetime) -> None:
    dry = upload.state == S.CHECKING
    if upload.tries >= MOST_TRIES:
        log.error("upload.given_up", extra={"upload_id": upload.pk, "dry": dry, "tries": upload.tries})
        _failed(upload, UserError(ENDED_AGAIN % {"num": upload.tries}, ENDED_AGAIN_HINT), now)
        return
    upload.tries += 1  # committed before the file is touched: whoever dies over it has counted
    upload.runs += 0 if dry else 1
    upload.save(update_fields=["tries", "runs"])
    reading, found = Reading.of(upload), offered(upload.digest_id or 0)
    if found is None:
        _failed(upload, UserError(NO_DIGEST), now)
        return
    with TemporaryDirectory() as folder:
        path, refused = Path(folder) / "list.csv", Path(folder) / "refused.csv"
        try:
            keeping.copy_to(upload.key, keeping.ORIGINAL, path)
            plan = _plan(reading, *found, dry=dry, refused=refused)
            outcome = _imported(upload, path, plan, now)
        except UserError as error:
            _failed(upload, error, now)
            return
        held = refused.exists()
        if held:
            keeping.put(upload.key, keeping.REFUSED, _pieces(refused))
    _ended(upload, outcome, dry=dry, refused_held=held, now=now)


def _imported(upload: Upload, path: Path, plan: Plan, now: datetime) -> Outcome:
    """Raises `UserError`, also for what nobody foresaw: a file that breaks the import would keep all others from theirs."""
    try:
        return import_file(path, plan, now=now, progress=_telling(upload))
    except (UserError, OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError):
        raise  # told already, or the database went away: the next worker begins again
    except Exception as error:
        log.exception("upload.broke_off", extra={"upload_id": upload.pk, "dry": plan.dry})
        raise UserError(BROKE_OFF, BROKE_OFF_HINT) from error


def _plan(reading: Reading, offer: Offer, language: str, *, dry: bool, refused: Path) -> Plan:
    tag = Tag.objects.filter(key=tags.key_of(reading.tag)).first() if reading.tag else None
    return Plan(
        offer=offer,
        language=reading.language or language,
        consent=reading.consent,
        columns={int(number): field for number, field in reading.columns.items()},
        encoding=reading.encoding,
        update=reading.update,
        dry=dry,
        refuse_roles=reading.refuse_roles,
        refused=refused,
        tag_id=tag.pk if tag else None,
    )


def _ended(upload: Upload, outcome: Outcome, *, dry: bool, refused_held: bool, now: datetime) -> None:
    upload.outcome = outcome.counts() | {
        "roles": outcome.roles,
        "encoding": outcome.encoding,
        "reasons": dict(outcome.reasons.most_common()),
        uploads.REFUSED_ROWS: outcome.refused_rows[:FEW],
    }
    upload.refused_held, upload.finished_at = refused_held, now
    upload.state = S.CHECKED if dry else S.DONE
    upload.save(update_fields=["outcome", "refused_held", "finished_at", "state"])
    if not dry:
        audit.record(
            upload.asked_by, "subscribers.imported", upload, after=uploads.trail_of(outcome.counts())
        )
        keeping.forget(upload.key, keeping.ORIGINAL)
        Upload.objects.filter(pk=upload.pk).update(held=False)
    log.info("upload.ended", extra={"upload_id": upload.pk, "dry": dry, "read": outcome.read})


def _failed(upload: Upload, error: UserError, now: datetime) -> None:
    upload.state, upload.problem, upload.hint = S.FAILED, error.message, error.hint
    upload.finished_at = now
    upload.save(update_fields=["state", "problem", "hint", "finished_at"])


def progress_of(upload: Upload) -> tuple[str, int, int] | None:
    """What is being done, how much of it, of how much; None when nobody has said."""
    try:
        found: Any = client().get(_key(upload))
    except redis.RedisError:
        return None
    return tuple(json.loads(found)) if found else None


def _telling(upload: Upload) -> Callable[[str, int, int], None]:
    """Told in Redis: while rows are copied, the session of the database can say nothing."""

    def tell(what: str, done: int, total: int) -> None:
        try:
            client().set(_key(upload), json.dumps([what, done, total]), ex=PROGRESS_KEPT)
        except redis.RedisError as error:
            log.info("upload.progress_untold", extra={"upload_id": upload.pk, "error": str(error)})

    return tell


def _key(upload: Upload) -> str:
    return f"publisher:upload:{upload.pk}:{upload.state}"


def _pieces(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while piece := file.read(keeping.PIECE):
            yield piece
