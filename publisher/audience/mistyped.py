"""Mistyped domains of large mail providers: `mira@gmial.com` for `mira@gmail.com`. Pure, and by the text alone, so that it says
nothing about who is known here.

A suggestion is asked about and never put in its place: some people do have an address at a domain that looks like a mistake. For
the same reason it is careful: one edit in the domain, no first letter that differs, short names (`qq`, `163`, `gmx`) only with a
mistake behind them, and no country's domain, of which providers have many. No library does that: the one that is kept changes
addresses by itself, those in `.co` among them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from publisher.audience.addresses import domain_key
from publisher.audience.regions import region_code

_LISTED: Final = """
gmail.com hotmail.com outlook.com yahoo.com icloud.com live.com aol.com msn.com googlemail.com ymail.com mail.com me.com mac.com
proton.me protonmail.com pm.me fastmail.com zoho.com comcast.net verizon.net att.net sbcglobal.net yahoo.co.uk hotmail.co.uk
live.co.uk btinternet.com bigpond.com rediffmail.com
qq.com 163.com 126.com sina.com sina.cn foxmail.com 139.com 189.cn sohu.com aliyun.com yeah.net 188.com tom.com 21cn.com
gmx.de web.de t-online.de gmx.net freenet.de gmx.at gmx.ch gmx.com arcor.de posteo.de mailbox.org bluewin.ch yahoo.de hotmail.de
outlook.de live.de aol.de
orange.fr free.fr laposte.net sfr.fr wanadoo.fr bbox.fr neuf.fr gmx.fr yahoo.fr hotmail.fr outlook.fr live.fr aol.fr
"""
"""English, Chinese, German and French ones."""
PROVIDERS: Final = tuple(_LISTED.split())
"""None of them is taken for a mistake. Of two that are equally near the first is suggested."""
SHORT: Final = 4
"""Letters of a name in which one edit makes too many real ones."""
_NOT_THE_COUNTRY: Final = ("co", "cm", "om")
"""Countries' domains that are nearly always `com` with a letter lost."""


class Spelling(NamedTuple):
    """`email`: the address to go on with. `suggestion`: what to ask its owner about first; "": nothing."""

    email: str
    suggestion: str = ""


def settled(email: str, answer: str) -> Spelling:
    """What a form says, with the answer to an earlier question: the address that was chosen, as it was written or as suggested.
    An answer about another address than the one that the form has now is none."""
    found = suggestion(email)
    if not found or answer == email:
        return Spelling(email)
    return Spelling(found) if answer == found else Spelling(email, found)


def suggestion(email: str) -> str:
    """The address that was probably meant; "" where it looks right, or like nothing that is known."""
    local, at, written = email.rpartition("@")
    domain = domain_key(written)
    if not at or domain in PROVIDERS:
        return ""
    meant = next((each for each in PROVIDERS if _looks_like(domain, each)), "")
    return f"{local}@{meant}" if meant else ""


def _looks_like(domain: str, provider: str) -> bool:
    place = _edited_at(domain, provider)
    if place is None:
        return False
    name = provider.partition(".")[0]
    if domain.startswith(f"{name}."):
        tld = domain.rpartition(".")[2]
        return tld in _NOT_THE_COUNTRY or not _is_country(tld)
    return len(name) > SHORT and (place > 0 or domain[:2] == provider[1::-1])


def _is_country(tld: str) -> bool:
    return len(tld) == 2 and (tld == "eu" or region_code(tld) is not None)


def _edited_at(written: str, meant: str) -> int | None:
    """Where one letter was added, lost, changed or exchanged with the next; None: it is not just that."""
    place = next((n for n, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b), None)
    if place is None:
        place = min(len(written), len(meant))
    a, b = written[place:], meant[place:]
    one_edit = a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    return place if one_edit and written != meant else None
