"""Names and addresses: whether a sender's domain takes mail, and whether the mail server's address has a name of its own."""

from __future__ import annotations

from ipaddress import ip_address

from publisher.delivery.doctor.dns import Dns, NoDns
from publisher.delivery.doctor.findings import Finding, Level

NO_MAIL = "Many servers refuse a sender whose domain takes no mail: bounces and answers would lead nowhere."


def takes_mail(domain: str, dns: Dns) -> Finding:
    """Whether bounces and answers to a domain have a way."""
    about = f"Mail to {domain}"
    try:
        hosts = dns.mx(domain)
        if hosts == [""]:
            found = "the domain says that it takes no mail (null MX)."
            return Finding(
                "mx", about, Level.PROBLEM, found, NO_MAIL, "Publish an MX record with your mail server."
            )
        if hosts:
            reachable = [host for host in hosts if dns.addresses(host)]
            if reachable:
                return Finding("mx", about, Level.OK, f"goes to {', '.join(hosts)}.")
            found = f"its servers have no address: {', '.join(hosts)}."
            return Finding("mx", about, Level.PROBLEM, found, NO_MAIL, "Correct the MX record.")
        if dns.addresses(domain):
            found = "there is no MX record; servers try the address of the domain itself."
            return Finding(
                "mx", about, Level.WARNING, found, "", "Publish an MX record with your mail server."
            )
        found = "there is neither an MX record nor an address."
        return Finding(
            "mx", about, Level.PROBLEM, found, NO_MAIL, "Publish an MX record with your mail server."
        )
    except NoDns as error:
        return Finding("mx", about, Level.PROBLEM, f"{error}.", NO_MAIL)


def reverse_name(address: str, dns: Dns) -> Finding:
    """Whether the mail server's address has a name (PTR) that leads back to it. Gmail, Yahoo and Microsoft ask for that.

    A relay may send from other addresses than the one it takes mail at, so nothing here is more than a warning.
    """
    about = f"Reverse name of {address}"
    if not ip_address(address).is_global:
        found = "a private address: look up the one that mail leaves your network from."
        return Finding("ptr", about, Level.OK, found)
    todo = "Whoever runs the network of that address sets its reverse name. A relay may send from others: ask its operator."
    try:
        names = dns.names(address)
        confirmed = [name for name in names if address in dns.addresses(name)]
    except NoDns as error:
        return Finding("ptr", about, Level.WARNING, f"{error}.", "Receivers may not find it either.", todo)
    if confirmed:
        return Finding("ptr", about, Level.OK, f"{confirmed[0]}, which leads back to it.")
    found = f"{names[0]} does not lead back to it." if names else "there is none."
    meaning = "If mail leaves from this address, mailbox providers refuse it or take it for spam."
    return Finding("ptr", about, Level.WARNING, found, meaning, todo)
