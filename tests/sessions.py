"""Two sessions of the database at once: what one of them has locked, and whether the other waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from tests.processes import until


@contextmanager
def in_a_transaction_of_another(deed: Callable[[], object]) -> Iterator[None]:
    """Another session has done `deed` and not committed yet, until the block ends."""
    done, finish = threading.Event(), threading.Event()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            with transaction.atomic():
                deed()
                done.set()
                finish.wait(60)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            raised.append(error)
            done.set()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    done.wait(60)
    try:
        yield
    finally:
        finish.set()
        thread.join(60)
    assert not raised, raised


def waits(deed: Callable[[], object]) -> bool:
    """Whether `deed` waits for a lock that another session holds."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            deed()
            transaction.set_rollback(True)
    except OperationalError as error:
        assert "lock timeout" in str(error)  # noqa: PT017 - any other error is raised
        return True
    return False


@contextmanager
def kept_waiting(deed: Callable[[], object], *, by: Callable[[], object]) -> Iterator[None]:
    """`deed` waits in a session of its own for what the transaction of `by` holds, until the block ends; then both end."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            deed()
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with in_a_transaction_of_another(by):
        thread.start()
        until(_somebody_waits, what="it waits for a lock")
        yield
    thread.join(60)
    assert not raised, raised


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])
