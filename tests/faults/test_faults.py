"""The short form of `make faults`: publishing through every fault; and that the table sees what is wrong when something is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from publisher.core.errors import ChannelDown, OtherSideError, Rejected, Unknown
from publisher.social.networks.base import Account, CannotTell, Grade, NotFound, Prepared, Receipt
from publisher.social.networks.sandbox.network import SANDBOX, Sandbox
from tests.fakes import fault_proxy as faults
from tests.fakes.fault_proxy import Fault
from tests.faults.cases import NO_SERVER, PUBLISH, Cell, Subject, cells, subjects
from tests.faults.table import Result, run

ROOT = Path(__file__).resolve().parent.parent.parent
SHORT = [
    pytest.param(subject, cell, id=f"{name}: {cell.name}")
    for name, subject in subjects().items()
    for cell in cells(subject)
    if cell.step.name == PUBLISH
]
OTHER = subjects()["sandbox"]


@pytest.mark.parametrize(("subject", "cell"), SHORT)
def test_a_fault_while_publishing_loses_and_doubles_nothing(
    subject: Subject, cell: Cell, tmp_path: Path
) -> None:
    result = run(subject, cell, tmp_path)
    assert not result.broken, result.way
    assert result.posted == 1 or result.outcome == "held"


def test_the_command_writes_a_table_for_machines(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    command = [
        sys.executable,
        "-m",
        "tests.faults",
        "--only",
        "sandbox",
        "--step",
        PUBLISH,
        "--json",
        str(file),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    table = json.loads(file.read_text(encoding="utf-8"))
    assert list(table) == ["sandbox"]
    assert {(cell["posted"], cell["outcome"]) for cell in table["sandbox"].values()} == {(1, "published")}
    assert {"drop_reply", "reset", "rate_limit", "late", "no_server"} <= set(table["sandbox"])


def test_a_network_that_takes_no_part_is_no_success() -> None:
    command = [sys.executable, "-m", "tests.faults", "--only", "nobody"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nobody" in done.stderr


@dataclass(frozen=True)
class Forgetful(Sandbox):
    """Sends a new key each time, so that its server cannot know a repeated post."""

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        return super().publish(account, replace(prepared, idempotency_key=uuid4().hex), before)


@dataclass(frozen=True)
class Keyless(Sandbox):
    """Has no keys, and looks at the timeline."""

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        return super().publish(account, replace(prepared, idempotency_key=""), before)

    def reconcile(
        self,
        account: Account,
        prepared: Prepared,  # noqa: ARG002 - there is one message
        *,
        since: timedelta,  # noqa: ARG002
    ) -> Receipt | NotFound | CannotTell:
        found = httpx.get(f"{account.settings['url']}/api/timeline", trust_env=False).json()["posts"]
        return Receipt(found[0]["id"]) if found else NotFound()


@dataclass(frozen=True)
class Stubborn(Sandbox):
    """Repeats by itself what failed."""

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        try:
            return super().publish(account, prepared, before)
        except Unknown:
            return super().publish(account, prepared, before)


@dataclass(frozen=True)
class Answering(Sandbox):
    """Makes something else of what it should say: `lost` of an answer that was lost, `asked` when it is asked."""

    lost: Callable[[], OtherSideError | Receipt] | None = None
    asked: Receipt | CannotTell | OtherSideError | None = None

    def publish(self, account: Account, prepared: Prepared, before: Sequence[Receipt] = ()) -> Receipt:
        try:
            return super().publish(account, prepared, before)
        except Unknown as error:
            answer = self.lost() if self.lost else error
            if isinstance(answer, Receipt):
                return answer
            raise answer from error

    def reconcile(
        self, account: Account, prepared: Prepared, *, since: timedelta
    ) -> Receipt | NotFound | CannotTell:
        if isinstance(self.asked, OtherSideError):
            raise self.asked
        return self.asked or super().reconcile(account, prepared, since=since)


def told(network: Any, fault: Fault, folder: Path) -> Result:
    return run(replace(OTHER, network=network), Cell(OTHER.steps[0], fault), folder)


@pytest.mark.parametrize(
    ("network", "fault", "posted", "said"),
    [
        (Forgetful(), faults.DROP_REPLY, 2, "posted 2 times"),
        (Stubborn(), faults.DROP_REPLY, 1, "repeats by itself: 2 requests in 1 tries"),
        (Answering(lost=lambda: Receipt("7")), faults.RESET, 0, "it is not there"),
        (Answering(asked=Receipt("7")), faults.RESET, 0, "it is not there"),
        (Answering(lost=lambda: Rejected("no")), faults.RESET, 0, "lost"),
        (Answering(lost=lambda: Rejected("no")), faults.DROP_REPLY, 1, "failed, although it is there"),
        (Answering(asked=CannotTell("who knows")), faults.DROP_REPLY, 1, "held"),
        (Answering(asked=ChannelDown("revoked")), faults.DROP_REPLY, 1, "held"),
    ],
)
def test_the_table_sees_what_is_wrong(
    network: Sandbox, fault: Fault, posted: int, said: str, tmp_path: Path
) -> None:
    result = told(network, fault, tmp_path)
    assert (result.posted, said in result.broken) == (posted, True), result


def test_an_error_that_no_network_may_raise_is_told(tmp_path: Path) -> None:
    def wrong() -> OtherSideError:
        raise KeyError("id")

    result = told(Answering(lost=wrong), faults.DROP_REPLY, tmp_path)
    assert result.broken == "publish raised KeyError: 'id'"
    assert result.posted == 1


def test_where_only_a_person_can_tell_a_post_is_held_and_not_repeated(tmp_path: Path) -> None:
    network = replace(SANDBOX, grade=Grade.BY_A_PERSON)
    for fault, posted in ((faults.DROP_REPLY, 1), (faults.RESET, 0)):
        result = told(network, fault, tmp_path / fault.name)
        assert (result.posted, result.outcome, result.broken) == (posted, "held", "")
    assert told(network, NO_SERVER, tmp_path / "none").outcome == "published"


def test_a_late_request_is_waited_for_as_long_as_the_network_says(tmp_path: Path) -> None:
    hasty = Keyless()
    patient = replace(hasty, settles_within=timedelta(minutes=1))
    assert told(hasty, faults.late(4.0), tmp_path / "hasty").broken == "posted 2 times"
    assert told(patient, faults.late(4.0), tmp_path / "patient").way[1:] == ("found",)


def test_a_case_whose_requests_never_come_is_told(tmp_path: Path) -> None:
    step = replace(OTHER.steps[0], path="/api/elsewhere")
    assert "no request met" in run(OTHER, Cell(step, faults.RESET), tmp_path).broken
