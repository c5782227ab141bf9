"""Names and addresses: whether a sender's domain takes mail, and whether the mail server's address has a name of its own."""

from __future__ import annotations

from ipaddress import ip_address

from django.utils.translation import gettext_noop

from publisher.delivery.doctor.dns import Dns, NoDns
from publisher.delivery.doctor.findings import Finding, Level

NO_MAIL = gettext_noop(
    "Many servers refuse a sender whose domain takes no mail: bounces and answers would lead nowhere."
)


def takes_mail(domain: str, dns: Dns) -> Finding:
    """Whether bounces and answers to a domain have a way."""
    about = gettext_noop("Mail to %(domain)s") % {"domain": domain}
    try:
        hosts = dns.mx(domain)
        if hosts == [""]:
            found = gettext_noop("the domain says that it takes no mail (null MX).")
            return Finding(
                "mx",
                about,
                Level.PROBLEM,
                found,
                NO_MAIL,
                gettext_noop("Publish an MX record with your mail server."),
            )
        if hosts:
            reachable = [host for host in hosts if dns.addresses(host)]
            if reachable:
                return Finding(
                    "mx", about, Level.OK, gettext_noop("goes to %(hosts)s.") % {"hosts": ", ".join(hosts)}
                )
            found = gettext_noop("its servers have no address: %(hosts)s.") % {"hosts": ", ".join(hosts)}
            return Finding("mx", about, Level.PROBLEM, found, NO_MAIL, gettext_noop("Correct the MX record."))
        if dns.addresses(domain):
            found = gettext_noop("there is no MX record; servers try the address of the domain itself.")
            return Finding(
                "mx",
                about,
                Level.WARNING,
                found,
                "",
                gettext_noop("Publish an MX record with your mail server."),
            )
        found = gettext_noop("there is neither an MX record nor an address.")
        return Finding(
            "mx",
            about,
            Level.PROBLEM,
            found,
            NO_MAIL,
            gettext_noop("Publish an MX record with your mail server."),
        )
    except NoDns as error:
        return Finding("mx", about, Level.PROBLEM, f"{error}.", NO_MAIL)


def reverse_name(address: str, dns: Dns) -> Finding:
    """Whether the mail server's address has a name (PTR) that leads back to it. Gmail, Yahoo and Microsoft ask for that.

    A relay may send from other addresses than the one it takes mail at, so nothing here is more than a warning.
    """
    about = gettext_noop("Reverse name of %(address)s") % {"address": address}
    if not ip_address(address).is_global:
        found = gettext_noop("a private address: look up the one that mail leaves your network from.")
        return Finding("ptr", about, Level.OK, found)
    todo = gettext_noop(
        "Whoever runs the network of that address sets its reverse name. A relay may send from others: ask its operator."
    )
    try:
        names = dns.names(address)
        confirmed = [name for name in names if address in dns.addresses(name)]
    except NoDns as error:
        return Finding(
            "ptr", about, Level.WARNING, f"{error}.", gettext_noop("Receivers may not find it either."), todo
        )
    if confirmed:
        return Finding(
            "ptr", about, Level.OK, gettext_noop("%(name)s, which leads back to it.") % {"name": confirmed[0]}
        )
    found = (
        gettext_noop("%(name)s does not lead back to it.") % {"name": names[0]}
        if names
        else gettext_noop("there is none.")
    )
    meaning = gettext_noop(
        "If mail leaves from this address, mailbox providers refuse it or take it for spam."
    )
    return Finding("ptr", about, Level.WARNING, found, meaning, todo)
