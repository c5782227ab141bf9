"""DMARC (RFC 9989, formerly 7489) of a sender's domain, and whether what our mail proves is about that domain (alignment)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import checkdmarc.dmarc
from checkdmarc.utils import get_base_domain
from django.utils.translation import gettext_noop

from publisher.delivery.doctor.dns import Dns, NoDns
from publisher.delivery.doctor.findings import Finding, Level, TxtRecord

CHECK = "dmarc"
ALIGNMENT = "alignment"

NEEDED = gettext_noop("Gmail, Yahoo and Microsoft refuse bulk mail from a domain without it.")
UNPROTECTED = gettext_noop(
    "That is enough for mailbox providers; but mail that others forge in your name is not refused."
)


@dataclass(frozen=True)
class Policy:
    """What a domain asks of receivers. `strict`: the domains must be the same, not only of one organisation."""

    strict_dkim: bool = False
    strict_spf: bool = False


def dmarc(domain: str, dns: Dns) -> tuple[Finding, Policy]:
    """The finding, and the policy for `aligned`."""
    about = gettext_noop("DMARC of %(domain)s") % {"domain": domain}
    try:
        dns.txt(f"_dmarc.{domain}")
        result: Any = checkdmarc.dmarc.check_dmarc(
            domain, resolver=dns.resolver, ignore_unrelated_records=True
        )
    except NoDns as error:
        meaning = gettext_noop("Receivers may not be able to read it either.")
        return Finding(CHECK, about, Level.PROBLEM, f"{error}.", meaning), Policy()
    except OSError as error:
        return Finding(
            CHECK, about, Level.PROBLEM, gettext_noop("DNS cannot be asked: %(why)s.") % {"why": error}
        ), Policy()
    if not result["valid"]:
        return _unusable(about, domain, result), Policy()
    tags = {name: str(tag["value"]) for name, tag in result["tags"].items()}
    return _judged(about, domain, result, tags), Policy(tags.get("adkim") == "s", tags.get("aspf") == "s")


def _unusable(about: str, domain: str, result: Any) -> Finding:
    wanted = TxtRecord(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")
    if result["record"] is None and "does not exist" in result["error"]:
        todo = gettext_noop(
            "Publish this; the address gets the receivers' daily reports, so it should be a mailbox that exists:"
        )
        return Finding(
            CHECK, about, Level.PROBLEM, gettext_noop("there is no record."), NEEDED, todo, (wanted,)
        )
    found = f"{result['error']}".rstrip(".") + "."
    todo = (
        gettext_noop("It reads: %(record)s") % {"record": result["record"]}
        if result["record"]
        else gettext_noop("Leave one record there, such as:")
    )
    return Finding(CHECK, about, Level.PROBLEM, found, NEEDED, todo, () if result["record"] else (wanted,))


def _judged(about: str, domain: str, result: Any, tags: dict[str, str]) -> Finding:
    record = result["record"]
    inherited = result["location"] != domain
    policy = tags.get("sp", tags["p"]) if inherited else tags["p"]
    found = f"{record}" + (f" (of {result['location']})" if inherited else "")
    if policy == "none":
        todo = gettext_noop(
            "When the reports show that your mail passes, publish p=quarantine, later p=reject."
        )
        return Finding(CHECK, about, Level.WARNING, found, UNPROTECTED, todo)
    if result["warnings"]:
        return Finding(CHECK, about, Level.WARNING, found, " ".join(result["warnings"]))
    return Finding(CHECK, about, Level.OK, found)


def aligned(sender: str, *, signed_as: str, passes_at: str, policy: Policy) -> Finding:
    """Whether DKIM or SPF speaks for the domain in From. `signed_as` is the domain of a signature that receivers can check,
    `passes_at` a return path's domain whose SPF is in order; each may be empty.
    """
    about = gettext_noop("From of %(sender)s") % {"sender": sender}
    dkim = bool(signed_as) and _same(sender, signed_as, strict=policy.strict_dkim)
    spf = bool(passes_at) and _same(sender, passes_at, strict=policy.strict_spf)
    if dkim:
        found = (
            gettext_noop("the DKIM signature speaks for it, and so does the return path.")
            if spf
            else gettext_noop("the DKIM signature speaks for it, the return path does not.")
        )
        return Finding(ALIGNMENT, about, Level.OK, found)
    todo = gettext_noop("Have the relay sign as %(sender)s, or sign here: see `publisher dkim --help`.") % {
        "sender": sender
    }
    if spf:
        found = gettext_noop(
            "only the return path (%(domain)s) speaks for it; no signature of ours does."
        ) % {"domain": passes_at}
        meaning = gettext_noop(
            "Forwarded mail loses SPF and then fails DMARC, unless the relay signs as this domain."
        )
        return Finding(ALIGNMENT, about, Level.WARNING, found, meaning, todo)
    found = gettext_noop("neither a signature of ours nor the return path speaks for it.")
    meaning = gettext_noop("All mail fails DMARC, unless the relay signs as this domain.")
    return Finding(ALIGNMENT, about, Level.PROBLEM, found, meaning, todo)


def _same(sender: str, other: str, *, strict: bool) -> bool:
    if strict:
        return sender == other
    return bool(get_base_domain(sender) == get_base_domain(other))
