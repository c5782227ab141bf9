"""DMARC (RFC 9989, formerly 7489) of a sender's domain, and whether what our mail proves is about that domain (alignment)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import checkdmarc.dmarc
from checkdmarc.utils import get_base_domain

from publisher.delivery.doctor.dns import Dns, NoDns
from publisher.delivery.doctor.findings import Finding, Level, TxtRecord

CHECK = "dmarc"
ALIGNMENT = "alignment"

NEEDED = "Gmail, Yahoo and Microsoft refuse bulk mail from a domain without it."
UNPROTECTED = "That is enough for mailbox providers; but mail that others forge in your name is not refused."


@dataclass(frozen=True)
class Policy:
    """What a domain asks of receivers. `strict`: the domains must be the same, not only of one organisation."""

    strict_dkim: bool = False
    strict_spf: bool = False


def dmarc(domain: str, dns: Dns) -> tuple[Finding, Policy]:
    """The finding, and the policy for `aligned`."""
    about = f"DMARC of {domain}"
    try:
        dns.txt(f"_dmarc.{domain}")
        result: Any = checkdmarc.dmarc.check_dmarc(
            domain, resolver=dns.resolver, ignore_unrelated_records=True
        )
    except NoDns as error:
        meaning = "Receivers may not be able to read it either."
        return Finding(CHECK, about, Level.PROBLEM, f"{error}.", meaning), Policy()
    except OSError as error:
        return Finding(CHECK, about, Level.PROBLEM, f"DNS cannot be asked: {error}."), Policy()
    if not result["valid"]:
        return _unusable(about, domain, result), Policy()
    tags = {name: str(tag["value"]) for name, tag in result["tags"].items()}
    return _judged(about, domain, result, tags), Policy(tags.get("adkim") == "s", tags.get("aspf") == "s")


def _unusable(about: str, domain: str, result: Any) -> Finding:
    wanted = TxtRecord(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")
    if result["record"] is None and "does not exist" in result["error"]:
        todo = "Publish this; the address gets the receivers' daily reports, so it should be a mailbox that exists:"
        return Finding(CHECK, about, Level.PROBLEM, "there is no record.", NEEDED, todo, (wanted,))
    found = f"{result['error']}".rstrip(".") + "."
    todo = f"It reads: {result['record']}" if result["record"] else "Leave one record there, such as:"
    return Finding(CHECK, about, Level.PROBLEM, found, NEEDED, todo, () if result["record"] else (wanted,))


def _judged(about: str, domain: str, result: Any, tags: dict[str, str]) -> Finding:
    record = result["record"]
    inherited = result["location"] != domain
    policy = tags.get("sp", tags["p"]) if inherited else tags["p"]
    found = f"{record}" + (f" (of {result['location']})" if inherited else "")
    if policy == "none":
        todo = "When the reports show that your mail passes, publish p=quarantine, later p=reject."
        return Finding(CHECK, about, Level.WARNING, found, UNPROTECTED, todo)
    if result["warnings"]:
        return Finding(CHECK, about, Level.WARNING, found, " ".join(result["warnings"]))
    return Finding(CHECK, about, Level.OK, found)


def aligned(sender: str, *, signed_as: str, passes_at: str, policy: Policy) -> Finding:
    """Whether DKIM or SPF speaks for the domain in From. `signed_as` is the domain of a signature that receivers can check,
    `passes_at` a return path's domain whose SPF is in order; each may be empty.
    """
    about = f"From of {sender}"
    dkim = bool(signed_as) and _same(sender, signed_as, strict=policy.strict_dkim)
    spf = bool(passes_at) and _same(sender, passes_at, strict=policy.strict_spf)
    if dkim:
        path = "and so does the return path" if spf else "the return path does not"
        return Finding(ALIGNMENT, about, Level.OK, f"the DKIM signature speaks for it, {path}.")
    todo = f"Have the relay sign as {sender}, or sign here: see `publisher dkim --help`."
    if spf:
        found = f"only the return path ({passes_at}) speaks for it; no signature of ours does."
        meaning = "Forwarded mail loses SPF and then fails DMARC, unless the relay signs as this domain."
        return Finding(ALIGNMENT, about, Level.WARNING, found, meaning, todo)
    found = "neither a signature of ours nor the return path speaks for it."
    meaning = "All mail fails DMARC, unless the relay signs as this domain."
    return Finding(ALIGNMENT, about, Level.PROBLEM, found, meaning, todo)


def _same(sender: str, other: str, *, strict: bool) -> bool:
    if strict:
        return sender == other
    return bool(get_base_domain(sender) == get_base_domain(other))
