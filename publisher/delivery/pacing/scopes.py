"""Whom an answer of a mail server is about: one message, everybody at a provider, or all mail. One table, read top down. Pure.

We speak to one mail server, which passes on what the providers say to it or holds back for reasons of its own.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Scope(StrEnum):
    """Whom the answer is about."""

    NOBODY = "nobody", "Accepted, or refused for a reason of its own: no reason to go slower"
    ONE = "one", "This message only: its recipient's mailbox, or greylisting, which lets the next try in"
    DOMAIN = "domain", "Everybody at this provider"
    SERVER = "server", "All mail"
    UNCLEAR = "unclear", "Nobody can tell from one answer; several in a row are about the provider"

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Scope:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class _Rule(NamedTuple):
    """The first rule decides whose code, enhanced code and text all fit; left out: any."""

    scope: Scope
    code: str = "4.."
    enhanced: str = ""
    text: str = ""


_RULES = (
    _Rule(Scope.ONE, text=r"gr[ae]y.?list"),
    # Postfix, after many addresses that do not exist: it ends the connection.
    _Rule(Scope.ONE, text=r"too many errors"),
    # Exim and others, of a connection that was used often enough: the next one is welcome.
    _Rule(
        Scope.ONE,
        text=r"too many (messages|mails|transactions) (in|on|per|for) (this |one |a |the )?(connection|session)",
    ),
    # Gmail, of one recipient who receives too much from anybody (450 4.2.1).
    _Rule(Scope.ONE, text=r"user.{0,60}receiving (mail )?(too|at a rate)"),
    # Of us as a customer of the server: Amazon SES (454), Postfix's anvil(8), hosted relays.
    _Rule(Scope.SERVER, text=r"throttling failure|maximum sending rate|(daily|hourly).{0,20}(quota|limit)"),
    _Rule(Scope.SERVER, text=r"sending (rate|quota|limit)|too much mail from"),
    # Tencent says it with a final code.
    _Rule(Scope.DOMAIN, code="[45]..", text=r"frequency limited"),
    # Yahoo ([TSS04]), NetEase (HL:ICC, HL:IFC, HL:REP, MI:DMC), Microsoft, Gmail and many others in words.
    _Rule(Scope.DOMAIN, text=r"\[TSS?\d+\]|\b(HL:(ICC|IFC|REP|MEP)|MI:(DMC|SFQ)|RP:DRC)\b"),
    _Rule(Scope.DOMAIN, text=r"too many|too fast|unusual rate|rate.?limit|throttl|too frequent|reputation"),
    _Rule(Scope.DOMAIN, text=r"temporarily (deferred|blocked|suspended)|server (is )?(too )?busy"),
    _Rule(Scope.DOMAIN, enhanced=r"4\.7\.(2[4-9]|3\d|[56]\d\d)"),  # Gmail; Microsoft
    _Rule(Scope.DOMAIN, code="421", enhanced=r"4\.7\.\d+"),
    _Rule(Scope.DOMAIN, enhanced=r"4\.4\.5"),  # congestion (RFC 3463)
    # A full disk, a fault in its configuration (RFC 3463): the server's own. 4.3.2, which ends many a connection, is said by one
    # machine that restarts among several that go on: it stays unclear.
    _Rule(Scope.SERVER, enhanced=r"4\.3\.[15]"),
    # The recipient's address or mailbox, the conversation, the content (RFC 3463).
    _Rule(Scope.ONE, enhanced=r"4\.[1256]\.\d+|4\.4\.2"),
    _Rule(Scope.UNCLEAR),
)


@lru_cache(maxsize=2048)
def scope_of(code: int, enhanced: str, text: str) -> Scope:
    """Whom the answer `code enhanced text` is about. Code 0 (no answer was read) is about nobody."""
    for rule in _RULES:
        if (
            re.fullmatch(rule.code, str(code))
            and (not rule.enhanced or re.fullmatch(rule.enhanced, enhanced))
            and (not rule.text or re.search(rule.text, text, re.IGNORECASE))
        ):
            return rule.scope
    return Scope.NOBODY
