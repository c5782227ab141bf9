"""SPF (RFC 7208) of the domain that stands in the return path: may our mail server send for it?"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

import checkdmarc.spf
from django.utils.translation import gettext_noop

from publisher.delivery.doctor.dns import Dns, NoDns
from publisher.delivery.doctor.findings import Finding, Level, TxtRecord

CHECK = "spf"
MOST_LOOKUPS = 10
ALL = re.compile(r"[-~?+]?all", re.IGNORECASE)
MILDER = ("-all", "~all", "?all", "+all")

NO_RECORD = gettext_noop(
    "Receivers cannot tell our mail from forged mail. Gmail, Yahoo and Microsoft refuse bulk mail without SPF."
)
TO_PUBLISH = gettext_noop(
    "Publish this, changed to what the operator of your mail server tells you; "
    "ADDRESS is the one that mail leaves your network from:"
)
PERMANENT = gettext_noop("Receivers take the record for broken (permerror), as if there were none.")
UNSEEN = gettext_noop(
    "Whether it names the addresses that the mail leaves from cannot be seen from here: send a mail to yourself and look."
)


def spf(domain: str, dns: Dns, *, mail_host: str) -> Finding:
    """`mail_host` is the mail server's name or address, which a new record would name; "" when there is none."""
    about = gettext_noop("SPF of %(domain)s") % {"domain": domain}
    try:
        records = [text for text in dns.txt(domain) if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]
        if not records:
            wanted = TxtRecord(domain, f"v=spf1 {_term(mail_host)} ~all")
            return Finding(
                CHECK,
                about,
                Level.PROBLEM,
                gettext_noop("there is no record."),
                NO_RECORD,
                TO_PUBLISH,
                (wanted,),
            )
        if len(records) > 1:
            todo = gettext_noop("Leave one record in their place:")
            wanted = TxtRecord(domain, joined(records))
            found = gettext_noop("there are %(num)s records.") % {"num": len(records)}
            return Finding(CHECK, about, Level.PROBLEM, found, PERMANENT, todo, (wanted,))
        result: dict[str, Any] = checkdmarc.spf.check_spf(domain, resolver=dns.resolver)
    except NoDns as error:
        return Finding(
            CHECK,
            about,
            Level.PROBLEM,
            f"{error}.",
            gettext_noop("Receivers may not be able to read it either."),
        )
    except OSError as error:
        return Finding(
            CHECK, about, Level.PROBLEM, gettext_noop("DNS cannot be asked: %(why)s.") % {"why": error}
        )
    return _judged(about, records[0], result)


def _term(mail_host: str) -> str:
    """How a record names the mail server; a server of this machine or network says nothing of the address outside."""
    try:
        address = ip_address(mail_host)
    except ValueError:
        return f"a:{mail_host}" if "." in mail_host else "ip4:ADDRESS"
    return f"ip{address.version}:{address}" if address.is_global else "ip4:ADDRESS"


def _judged(about: str, record: str, result: dict[str, Any]) -> Finding:
    lookups = int(result.get("dns_lookups") or 0)
    if lookups > MOST_LOOKUPS:
        found = gettext_noop(
            "it needs %(lookups)s or more questions to DNS, and %(most)s are allowed: %(record)s"
        ) % {"lookups": lookups, "most": MOST_LOOKUPS, "record": record}
        todo = gettext_noop(
            "Take out what no longer sends for you, or write addresses (ip4:, ip6:) instead of include: and mx."
        )
        return Finding(CHECK, about, Level.PROBLEM, found, PERMANENT, todo)
    if not result["valid"]:
        return Finding(
            CHECK,
            about,
            Level.PROBLEM,
            f"{result['error']}",
            PERMANENT,
            gettext_noop("It reads: %(record)s") % {"record": record},
        )
    ending = _last_word(result.get("parsed") or {})
    if ending == "pass":
        meaning = gettext_noop("It allows everybody to send as you: some receivers count that against you.")
        return Finding(
            CHECK,
            about,
            Level.PROBLEM,
            gettext_noop("it ends in +all: %(record)s") % {"record": record},
            meaning,
            gettext_noop("End it in ~all or -all."),
        )
    if ending == "neutral":
        meaning = gettext_noop("It says nothing about everybody else, so it hardly helps.")
        return Finding(CHECK, about, Level.WARNING, record, meaning, gettext_noop("End it in ~all or -all."))
    warnings = " ".join(result.get("warnings") or [])
    if warnings:
        return Finding(
            CHECK,
            about,
            Level.WARNING,
            f"{warnings}",
            gettext_noop("It reads: %(record)s") % {"record": record},
        )
    return Finding(
        CHECK,
        about,
        Level.OK,
        gettext_noop("%(record)s (%(lookups)s of %(most)s lookups)")
        % {"record": record, "lookups": lookups, "most": MOST_LOOKUPS},
        UNSEEN,
    )


def _last_word(parsed: dict[str, Any]) -> str:
    """What the record says of everybody else, through redirects: pass, neutral, softfail or fail."""
    redirect = parsed.get("redirect")
    if redirect:
        return _last_word(redirect.get("parsed") or {})
    return str(parsed.get("all", "neutral"))


def joined(records: list[str]) -> str:
    """Several records as one: every term once, and the mildest of their endings last."""
    terms = [term for record in sorted(records) for term in record.split()[1:]]
    endings = [("+" + term.lower())[-4:] for term in terms if ALL.fullmatch(term)]  # a plain `all` is +all
    others = dict.fromkeys(term for term in terms if not ALL.fullmatch(term))
    return " ".join(["v=spf1", *others, max(endings, key=MILDER.index, default="~all")])
