"""Running the cells, and judging what stands on the network afterwards."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from publisher.social.networks.base import Account, Grade, Receipt
from tests.fakes.fault_proxy import FaultProxy, Seen, fault_proxy
from tests.faults.cases import NO_SERVER, PUBLISH, Cell, Fake, Step, Subject
from tests.faults.way import Outcome, Way, World, go


@dataclass(frozen=True)
class Result:
    """`posted`: how often the message stands on the network. `seen`: what staff read of one that is held. `broken`: which promise
    was broken ("": none)."""

    posted: int
    outcome: str
    way: tuple[str, ...]
    broken: str = ""
    seen: str = ""

    def as_json(self) -> Mapping[str, object]:
        broken = {"broken": self.broken} if self.broken else {}
        seen = {"seen": self.seen} if self.outcome == Outcome.HELD.value else {}
        return {"posted": self.posted, "outcome": self.outcome, "way": list(self.way)} | seen | broken


def run(subject: Subject, cell: Cell, folder: Path) -> Result:
    """One cell, with a fake and a proxy of its own."""
    with subject.start(folder) as fake, fault_proxy(fake.url) as proxy, _nobody() as nowhere:
        before = [_in_peace(subject, fake, proxy, number) for number in range(cell.step.part)]
        there = fake.count()
        asked = len(proxy.seen)
        _arm(subject, cell, proxy)
        # Where no server is, the first account leads to nobody; `prepare` takes one, too.
        addresses = [nowhere, nowhere] if cell.fault is NO_SERVER else []
        world = _world(subject, fake, proxy, lambda: addresses.pop() if addresses else proxy.url)
        way = go(world, subject.parts[cell.step.part], before)
        proxy.wait_until_quiet()
        posted = fake.count() - there
        sent = _of(cell.step, proxy.seen[asked:])
    broken = _broken(subject, cell, way, posted)
    if not broken and cell.step.once and len(sent) > way.tries:
        broken = f"the client repeats by itself: {len(sent)} requests in {way.tries} tries"
    if cell.fault is not NO_SERVER and cell.fault.name not in {each.fault for each in sent}:
        broken = "the case is wrong: no request met the fault"
    return Result(posted, way.outcome.value, tuple(way.steps), broken, way.seen)


def _world(subject: Subject, fake: Fake, proxy: FaultProxy, address: Callable[[], str]) -> World:
    def account() -> Account:
        return fake.account(address())

    return World(subject.network, account, fake.later, proxy.wait_until_quiet)


def _in_peace(subject: Subject, fake: Fake, proxy: FaultProxy, number: int) -> Receipt:
    """Publish an earlier message of the thread; its receipt."""
    way = go(_world(subject, fake, proxy, lambda: proxy.url), subject.parts[number])
    assert way.receipt, f"message {number} was not published: {way.steps}"
    return way.receipt


def _arm(subject: Subject, cell: Cell, proxy: FaultProxy) -> None:
    step = cell.step
    if step.doubt:
        publish = next(each for each in subject.steps if each.name == PUBLISH)
        proxy.arm(step.doubt, method=publish.method, path=publish.path)
    if cell.fault is not NO_SERVER:
        proxy.arm(cell.fault, method=step.method, path=step.path)


def _broken(subject: Subject, cell: Cell, way: Way, posted: int) -> str:
    """Every fault passes, so that in the end the message is there once; or staff are asked where the network cannot tell."""
    may_hold = subject.network.grade is Grade.BY_A_PERSON or cell.name in (subject.may_hold or {})
    if way.stray:
        return way.stray
    if posted > 1:
        return f"posted {posted} times"
    if way.outcome is Outcome.PUBLISHED and posted == 0:
        return "said to be published, and it is not there"
    if way.outcome is Outcome.FAILED:
        return "failed, although it is there" if posted else "lost: failed, although the fault had passed"
    if way.outcome is Outcome.HELD and not may_hold:
        return "held, although the network can tell"
    return ""


def _of(step: Step, seen: Sequence[Seen]) -> list[Seen]:
    """The requests of this step."""
    path = re.compile(step.path)
    return [
        each for each in seen if each.method == step.method and path.fullmatch(urlsplit(each.target).path)
    ]


@contextmanager
def _nobody() -> Iterator[str]:
    """An address at which nobody listens, kept from others meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
