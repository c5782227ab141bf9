"""Whether a form is taken: asked in one order for the sign-up page, for forms on other sites and for the API.

What the answer depends on is said by the form itself and by how many there were: never by what is known of its address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from publisher.audience import addresses
from publisher.audience.signing_up import asking, challenge, limits, policy, stamps, tally
from publisher.audience.signing_up.asking import Asked
from publisher.audience.signing_up.policy import Kind
from publisher.audience.signing_up.stamps import Age
from publisher.audience.signing_up.tally import What


class Outcome(StrEnum):
    """What the person who sent the form is told.

    DONE: look into the mailbox. QUICK, STALE and PROOF: the form is shown once more, with all that was filled in. BUSY: come
    later. NETWORK: the same, since many have come from the same client. MACHINE, ROLE and DISPOSABLE: another address is needed.
    """

    DONE = "done"
    QUICK = "quick"
    STALE = "stale"
    PROOF = "proof"
    BUSY = "busy"
    NETWORK = "network"
    MACHINE = "machine"
    ROLE = "role"
    DISPOSABLE = "disposable"


REFUSED: Final = {Kind.MACHINE: Outcome.MACHINE, Kind.ROLE: Outcome.ROLE, Kind.DISPOSABLE: Outcome.DISPOSABLE}
_AGES: Final = {Age.TOO_QUICK: Outcome.QUICK, Age.STALE: Outcome.STALE}
_COUNTED: Final = {
    Outcome.QUICK: What.TOO_QUICK,
    Outcome.STALE: What.STALE_FORM,
    Outcome.PROOF: What.NO_PROOF,
    Outcome.MACHINE: What.MACHINE,
    Outcome.ROLE: What.ROLE,
    Outcome.DISPOSABLE: What.DISPOSABLE,
}
_LIMITS: Final = {"client": What.CLIENT_LIMIT, "domain": What.DOMAIN_LIMIT, "all": What.ALL_LIMIT}


@dataclass(frozen=True)
class Signs:
    """What tells people from programs. `visitor`: the client's network address, "" where it is not known. `is_shared`: it may be
    that of a proxy, from which many come. `trap`: what stands in the field that people do not see. `stamp`: the time of the page;
    None for a form on another site, which has none. `by_site`: a site with a key of the API sends it, and has looked at its own
    visitor."""

    visitor: str
    is_shared: bool = False
    trap: str = ""
    stamp: str | None = None
    proof: str = ""
    by_site: bool = False


def take(asked: Asked, signs: Signs, *, now: datetime) -> Outcome:
    """Take a form, or say why not. Raises `CannotCount` when it cannot be known whether there were too many."""
    if signs.trap:
        tally.count(What.TRAP, now)
        return Outcome.DONE
    outcome = _refusal(asked, signs, now)
    if outcome is not None:
        if outcome in _COUNTED:
            tally.count(_COUNTED[outcome], now)
        return outcome
    if limits.address_is_free(addresses.mailbox_key(asked.email), now=now):
        asking.ask(asked, policy.verdict(asked.email), now=now)
    else:
        tally.count(What.ADDRESS_LIMIT, now)
    return Outcome.DONE


def _refusal(asked: Asked, signs: Signs, now: datetime) -> Outcome | None:
    verdict = policy.verdict(asked.email)
    if verdict.deed == "refuse":
        return REFUSED[verdict.kind]
    if signs.stamp is not None and (age := stamps.age(signs.stamp, now=now)) in _AGES:
        return _AGES[age]
    domain = addresses.domain_key(asked.email.rpartition("@")[2])
    press = limits.press(visitor=signs.visitor, is_shared=signs.is_shared, domain=domain, now=now)
    if press.over:
        tally.count(_LIMITS[press.over], now)
        return Outcome.NETWORK if press.over == "client" else Outcome.BUSY
    if press.proof and not signs.by_site and not challenge.is_solved(signs.proof, now=now):
        limits.give_back(
            domain=domain, visitor="" if signs.is_shared or signs.proof else signs.visitor, now=now
        )
        return Outcome.PROOF
    return None
