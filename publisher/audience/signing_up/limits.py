"""Counting forms against the limits, in Redis: for each address, client and domain, and in all.

An address and a client are counted by a hash. Windows are fixed (this hour, this day), which is coarse and costs one command
each. If Redis is emptied the counting begins anew; if it is away nobody can count, and `CannotCount` is raised: then the form
says to try later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings

from publisher.audience import hashes
from publisher.audience.signing_up.rates import Rate, Rates
from publisher.core.redis import client

_KEY = "publisher:sign-up"


class CannotCount(Exception):
    """Redis is away: whether there were too many cannot be known."""


@dataclass(frozen=True)
class Press:
    """How near the limits a form comes. `over`: which limit it is past (client, domain or all; "": none). `proof`: the rate is so
    high that a proof of work is asked for."""

    over: str = ""
    proof: bool = False


def press(*, visitor: str, domain: str, now: datetime, is_shared: bool = False) -> Press:
    """Count a form from a client (its address; "": not known) for a domain. `is_shared`: many may come from that address, so that
    nobody is turned away, but above the limit a proof is asked for. Raises `CannotCount`."""
    rates: Rates = settings.SIGN_UP_LIMITS
    counting = {"domain": (rates.domain, domain), "all": (rates.all, ""), "proof": (rates.proof, "")}
    if visitor:
        counting["shared" if is_shared else "client"] = (rates.client, hashes.of_client(visitor).hex())
    counted = _counted(counting, now)
    full = [name for name, n in counted.items() if n > counting[name][0].count]
    near = [
        name
        for name in ("client", "domain")
        if name in counted and counted[name] * 2 > counting[name][0].count
    ]
    over = [name for name in ("client", "domain", "all") if name in full]
    return Press(over[0] if over else "", proof=bool(near) or "proof" in full or "shared" in full)


def give_back(*, domain: str, visitor: str, now: datetime) -> None:
    """Uncount a form that came without the proof it was asked for: programs that cannot give one must not use up what a domain
    and all may have, or nobody could sign up while they try. For its client, too (`visitor`; "": not), or whoever is asked
    for the proof and presses once more counts twice. Raises `CannotCount`."""
    rates: Rates = settings.SIGN_UP_LIMITS
    try:
        pipe = client().pipeline()
        pipe.decr(_key("domain", rates.domain, domain, now))
        pipe.decr(_key("all", rates.all, "", now))
        if visitor:
            pipe.decr(_key("client", rates.client, hashes.of_client(visitor).hex(), now))
        pipe.execute()
    except redis.RedisError as error:
        raise CannotCount from error


def address_is_free(mailbox_key: str, *, now: datetime) -> bool:
    """Count a form for an address, with others of its mailbox; False when there were too many. Raises `CannotCount`."""
    rate: Rate = settings.SIGN_UP_LIMITS.address
    name = hashes.of_address(mailbox_key).hex()
    return _counted({"address": (rate, name)}, now)["address"] <= rate.count


def proof_is_asked(now: datetime) -> bool:
    """Whether the next form will be asked for a proof of work, so that its page can bring the task along."""
    rate: Rate = settings.SIGN_UP_LIMITS.proof
    try:
        found = client().get(_key("proof", rate, "", now))
    except redis.RedisError:
        return False
    return int(found or 0) >= rate.count


def is_first(name: str, *, seconds: int) -> bool:
    """Whether this name comes for the first time in so many seconds: a proof of work counts once. Raises `CannotCount`."""
    try:
        return bool(client().set(f"{_KEY}:once:{name}", 1, nx=True, ex=seconds))
    except redis.RedisError as error:
        raise CannotCount from error


def _counted(names: dict[str, tuple[Rate, str]], now: datetime) -> dict[str, int]:
    try:
        pipe = client().pipeline()
        for name, (rate, of) in names.items():
            key = _key(name, rate, of, now)
            pipe.incr(key)
            pipe.expire(key, rate.seconds + 60)
        answers = pipe.execute()
    except redis.RedisError as error:
        raise CannotCount from error
    return dict(zip(names, map(int, answers[::2]), strict=True))


def _key(name: str, rate: Rate, of: str, now: datetime) -> str:
    return f"{_KEY}:{name}:{of}:{int(now.timestamp()) // rate.seconds}"
