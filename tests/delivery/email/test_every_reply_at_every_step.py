"""RFC 5321 replies in any shape, at every step of a conversation: what becomes of each message, stated as a table.

Each case sends three messages over TLS with a login, and one reply goes wrong: at the first message of a connection, or at
the second, whose envelope rides behind the dot of the first where the server takes that.
"""

from __future__ import annotations

import ssl
from collections import Counter
from pathlib import Path

import pytest

from publisher.core.errors import ChannelDown, Retry, SenderRefused
from publisher.delivery.email.smtp import Limits, MailServer, Result, Session
from tests.delivery.email.test_session import WITHOUT_PIPELINING, kinds, messages, server_tls
from tests.fakes.certificate import self_signed
from tests.fakes.smtp_sink import OFFERS, Rule, SmtpSink, at

SETUP = {"CONNECT": 0, "EHLO": 0, "EHLO over TLS": 1, "STARTTLS": 0, "AUTH": 0}
"""Steps before any message, and how many of their kind come earlier on the same connection."""

ENVELOPE = ("MAIL", "RCPT", "DATA")
GRANTED = {"CONNECT": 220, "STARTTLS": 220, "AUTH": 235, "MAIL": 250, "RCPT": 250, "DATA": 354, "DOT": 250}
PER_CONNECTION = {"EHLO": 2, "EHLO over TLS": 2}

REPLIES = {
    "421": "421 4.3.2 closing",
    "4xx": "451-4.3.0 a problem\r\n451 4.3.0 here\r\n",
    "5xx": "554 5.7.1 no",
    "garbage": "what do you mean?",
    "another code": "354 go on",
    "two codes": "250-yes\r\n550 no\r\n",
    "too long": "250 " + "x" * 9000,
}
CUT_OFF = ("close", "reset", "silence", "half", "stall")
PATIENT = Limits(connect=5, greeting=10, reply=10, write=10, final=10, quit=0.5)
IMPATIENT = Limits(connect=5, greeting=0.5, reply=0.5, write=5, final=0.5, quit=0.1)
LESS_SO = Limits(connect=5, greeting=4, reply=4, write=5, final=4, quit=0.1)
"""For servers that say nothing. On a busy machine one that says something may need longer than half a second, too."""

FINE = ("in bytes", "in lines")
DEEDS = (*FINE, *REPLIES, *CUT_OFF)


def rule_for(step: str, deed: str, *, after: int) -> Rule:
    name = step.partition(" ")[0]
    if deed in CUT_OFF:
        return Rule(name, deed, times=1, after=after)  # type: ignore[arg-type]  # a Deed by the list above
    if deed == "in bytes":
        return Rule(name, "bytewise", times=1, after=after)
    if deed == "in lines":
        code = GRANTED[name]
        return at(name, f"{code}-first\r\n{code}-\r\n{code} last\r\n", times=1, after=after)
    reply = "250 ok" if deed == "another code" and name == "DATA" else REPLIES[deed]
    return at(name, reply, times=1, after=after, then_close=deed == "421")


def outcome(step: str, deed: str, *, later: bool) -> tuple[list[str], type[Exception] | None]:
    """What is said of the three messages, and what is raised instead of going on."""
    target, fine = (1 if later else 0), ["accepted"] * 3
    if deed in FINE:
        return fine, None
    if step in SETUP:
        return fine[:target], ChannelDown if deed == "5xx" else Retry
    if step == "MAIL" and deed == "5xx":
        return fine[:target], SenderRefused  # the sender is refused, which is no recipient's fault
    if deed == "5xx":
        kind = "Rejected"
    elif deed == "4xx" or (step == "DOT" and deed == "421"):
        kind = "Retry"
    elif step == "DOT":
        kind = "Unknown"
    elif later:
        return fine, None  # a used connection that ended before the dot is replaced, unseen
    else:
        kind = "Retry"
    return [*fine[:target], kind, *fine[target + 1 :]], None


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    return server_tls(self_signed(folder, "localhost"))


@pytest.mark.parametrize("later", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "in turn"])
@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("step", [*SETUP, *ENVELOPE, "DOT"])
def test_each_message_gets_its_due_and_none_is_sent_twice(
    tls: ssl.SSLContext, step: str, deed: str, pipelining: bool, later: bool
) -> None:
    if step.startswith("EHLO") and deed == "in lines":
        deed = "in bytes"  # its reply has many lines by itself
    for limits in (IMPATIENT, LESS_SO) if deed in ("silence", "stall") else (PATIENT,):
        results, raised, taken = conversation(tls, step, deed, limits, pipelining=pipelining, later=later)
        if (kinds(results), raised) == outcome(step, deed, later=later):
            break
    assert (kinds(results), raised) == outcome(step, deed, later=later)
    said = {result.id: kind for result, kind in zip(results, kinds(results), strict=True)}
    for message in messages(3):
        copies = taken[message.rcpt_to]
        if said.get(message.id) == "accepted":
            assert copies == 1
        elif said.get(message.id) == "Unknown":
            assert copies <= 1
        else:
            assert copies == 0


def conversation(
    tls: ssl.SSLContext, step: str, deed: str, limits: Limits, *, pipelining: bool, later: bool
) -> tuple[list[Result], type[Exception] | None, Counter[str]]:
    """What was said of three messages, what was raised instead of going on, and who got how many."""
    before = 1 if later else 0
    rules = [rule_for(step, deed, after=SETUP.get(step, 0) + before * PER_CONNECTION.get(step, 1))]
    if later and step in SETUP:
        rules.append(
            at("DOT", "250 2.0.0 taken", times=1, then_close=True)
        )  # so that another connection is opened
    offers = [*(OFFERS if pipelining else WITHOUT_PIPELINING), "AUTH PLAIN"]
    results: list[Result] = []
    raised: type[Exception] | None = None
    with SmtpSink(rules, offers=offers, tls=tls, login=("anna", "right")) as sink:
        server = MailServer("127.0.0.1", sink.port, verify=False, username="anna", password="right")
        with Session(server, limits) as session:
            try:
                results += session.send(messages(3))
            except (ChannelDown, Retry) as error:
                raised = type(error)
        return results, raised, Counter(sink.recipients)
