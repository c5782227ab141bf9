"""Whom an answer is about, by answers as they are really given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.pacing.scopes import Scope, scope_of

ONE, DOMAIN, SERVER, UNCLEAR, NOBODY = Scope.ONE, Scope.DOMAIN, Scope.SERVER, Scope.UNCLEAR, Scope.NOBODY


@pytest.mark.parametrize(
    ("scope", "code", "enhanced", "text"),
    [
        (NOBODY, 250, "2.0.0", "Ok: queued"),
        (NOBODY, 550, "5.1.1", "no such user"),
        (NOBODY, 0, "", "The connection was reset."),
        (ONE, 451, "4.7.1", "Greylisting in action, please come back later"),
        (ONE, 450, "4.2.0", "<a@b.example>: Recipient address rejected: Greylisted"),
        (ONE, 450, "4.2.1", "The user you are trying to contact is receiving mail too quickly"),
        (ONE, 452, "4.2.2", "The recipient's inbox is out of storage space"),
        (ONE, 450, "4.1.8", "Sender address rejected: Domain not found"),
        (ONE, 421, "4.7.0", "mx.example Error: too many errors"),
        (ONE, 421, "4.4.2", "Timeout exceeded"),
        (ONE, 421, "4.7.0", "relay.example Error: too many messages in this connection"),
        (UNCLEAR, 421, "4.3.2", "Service shutting down and closing transmission channel"),
        (DOMAIN, 421, "4.7.28", "Gmail has detected an unusual rate of unsolicited mail"),
        (DOMAIN, 421, "4.7.0", "IP not in whitelist for RCPT domain, closing connection."),
        (DOMAIN, 451, "4.7.650", "The mail server has been temporarily rate limited due to IP reputation."),
        (DOMAIN, 451, "4.7.500", "Server busy. Please try again later"),
        (DOMAIN, 421, "4.7.0", "[TSS04] Messages temporarily deferred due to user complaints"),
        (DOMAIN, 421, "", "Too many concurrent SMTP connections; please try again later"),
        (DOMAIN, 421, "", "HL:IFC 163 smtp13"),
        (DOMAIN, 550, "", "Domain frequency limited. http://service.mail.qq.com/"),
        (DOMAIN, 452, "4.3.1", "too many messages in a short time"),
        (SERVER, 454, "", "Throttling failure: Maximum sending rate exceeded."),
        (SERVER, 454, "", "Throttling failure: Daily message quota exceeded."),
        (SERVER, 450, "4.7.1", "Error: too much mail from 192.0.2.7"),
        (SERVER, 452, "4.3.1", "Insufficient system storage"),
        (SERVER, 451, "4.3.5", "Server configuration problem"),
        (UNCLEAR, 451, "", "Temporary local problem - please try later"),
        (UNCLEAR, 421, "", "Service not available, closing transmission channel"),
        (UNCLEAR, 450, "4.7.1", "Service unavailable - try again later"),
        (UNCLEAR, 451, "4.4.3", "Temporary lookup failure"),
    ],
)
def test_an_answer_is_about_whom_it_is_about(scope: Scope, code: int, enhanced: str, text: str) -> None:
    assert scope_of(code, enhanced, text) is scope


@given(st.integers(400, 499), st.text(max_size=80))
def test_a_temporary_refusal_is_always_about_somebody(code: int, text: str) -> None:
    assert scope_of(code, "", text) is not NOBODY


@given(st.integers(200, 399), st.text(max_size=80))
def test_what_is_no_refusal_slows_nobody(code: int, text: str) -> None:
    assert scope_of(code, "", text) is NOBODY
