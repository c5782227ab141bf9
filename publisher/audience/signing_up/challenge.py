"""The proof of work (ALTCHA, version 2): a task that costs a browser a second, asked for only when forms come fast.

The protocol is that of https://altcha.org, by its own library; the page's script is ours (`desk/assets/sign-up.js`). Nothing is
asked of others. A task is good for ten minutes and once.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from altcha import Payload, create_challenge, verify_solution

from publisher.audience.signing_up.limits import is_first
from publisher.core.crypto import signer

GOOD_FOR: Final = timedelta(minutes=10)
ALGORITHM: Final = "PBKDF2/SHA-256"
COST: Final = 5_000
"""Rounds of a try. The key must begin with a zero byte, so 256 tries are needed on average: about a second."""
LONGEST: Final = 4_000
"""Characters of an answer."""


def new(now: datetime) -> str:
    """A task, as JSON for the page."""
    made = create_challenge(ALGORITHM, COST, expires_at=now + GOOD_FOR, hmac_secret=_secret())
    return json.dumps(made.to_dict(), separators=(",", ":"))


def is_solved(answer: str, *, now: datetime) -> bool:
    """Whether an answer solves a task of ours that is still good and was not used. Raises `CannotCount`."""
    if not answer or len(answer) > LONGEST:
        return False
    try:
        payload = Payload.from_base64(answer)
        parameters = payload.challenge.parameters
        ours = (parameters.algorithm, parameters.cost) == (ALGORITHM, COST)
        if not ours or not isinstance(parameters.expires_at, int) or parameters.expires_at < now.timestamp():
            return False
        solved = verify_solution(payload, _secret()).verified
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return False
    return solved and is_first(str(payload.challenge.signature), seconds=int(GOOD_FOR.total_seconds()) + 60)


def _secret() -> str:
    """Ours for this purpose; one that was made under a former secret key is asked for anew."""
    return signer("sign-up.challenge").signature("key")
