"""Whether DNS shows the key that a domain's mail is signed with, and switching one on that it shows. Called by doctor, `publisher
dkim` and the desk."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from publisher.core.audit import Actor
from publisher.core.errors import UserError
from publisher.core.told import told
from publisher.delivery import signing
from publisher.delivery.doctor.dns import Dns, NoDns
from publisher.delivery.doctor.findings import Finding, Level, TxtRecord
from publisher.delivery.email.dkim import record_name, record_value
from publisher.delivery.models import SigningKey
from publisher.delivery.signing import CannotSign, private_key

CHECK = "dkim"
USABLE = {"v": ("DKIM1",), "k": ("rsa",), "h": ("sha256",), "s": ("*", "email")}
"""One of these must be among the values of a tag, where it is there."""


class NotShown(UserError):
    """DNS does not show the key, or not as receivers need it."""


def record_of(key: SigningKey) -> TxtRecord:
    """What is to be published for a key. Raises CannotSign."""
    return TxtRecord(record_name(key.domain, key.selector), record_value(private_key(key)))


def published(key: SigningKey, dns: Dns) -> Finding:
    """Whether whoever receives our mail finds this key, and may use it."""
    about = gettext_noop("DKIM key %(key)s") % {"key": key}
    try:
        record = record_of(key)
        shown = [tags_of(text) for text in dns.txt(record.name)]
    except NoDns as error:
        return Finding(
            CHECK, about, Level.PROBLEM, f"{error}.", gettext_noop("Receivers may not find the key either.")
        )
    except CannotSign as error:
        return Finding(
            CHECK,
            about,
            Level.PROBLEM,
            error.message,
            gettext_noop("No mail of the domain leaves while it is on."),
            error.hint,
        )
    level, found = _judged(record.name, [tags for tags in shown if "p" in tags], tags_of(record.value)["p"])
    if level is Level.OK:
        return Finding(CHECK, about, level, found)
    meaning = (
        gettext_noop("What is signed with this key fails at every receiver.")
        if level is Level.PROBLEM
        else ""
    )
    todo = gettext_noop("Publish this and nothing else at that name:")
    return Finding(CHECK, about, level, found, meaning, todo, (record,))


def seen_in_dns(key: SigningKey, dns: Dns) -> str:
    """What DNS shows of the key, in the reader's language. Raises `NotShown`."""
    finding = published(key, dns)
    said = f"{told(finding.about)}: {told(finding.found)}"
    if finding.level is Level.PROBLEM:
        raise NotShown(said, told(finding.todo or finding.meaning))
    return said


def switch_on(key: SigningKey, dns: Dns, *, actor: Actor, force: bool) -> None:
    """Sign the domain's mail with this key, and with no other, if DNS shows it; `force`: whatever it shows. Raises `NotShown`."""
    if not force:
        seen_in_dns(key, dns)
    signing.switch_on(key, actor=actor)


def _judged(name: str, shown: list[dict[str, str]], ours: str) -> tuple[Level, str]:
    """What DNS shows at a name, held against our public key."""
    if not shown:
        return Level.PROBLEM, gettext_noop("%(name)s shows no key.") % {"name": name}
    if len(shown) > 1:
        said = gettext_noop("%(name)s shows %(num)s keys, and a receiver takes any of them.")
        return Level.PROBLEM, said % {"name": name, "num": len(shown)}
    problem = _other_key(name, shown[0]["p"], ours) or _hindrance(name, shown[0])
    if problem:
        return Level.PROBLEM, problem
    if "y" in shown[0].get("t", "").split(":"):
        said = gettext_noop(
            "%(name)s shows our key marked as a test (t=y): receivers may treat mail as unsigned."
        )
        return Level.WARNING, said % {"name": name}
    return Level.OK, gettext_noop("%(name)s shows our key.") % {"name": name}


def _other_key(name: str, theirs: str, ours: str) -> str:
    if not theirs:
        return gettext_noop("%(name)s says that the key is withdrawn (p= is empty).") % {"name": name}
    if theirs == ours:
        return ""
    if ours.startswith(theirs):
        said = gettext_noop("%(name)s shows our key cut off after %(part)s of %(all)s characters.")
        return said % {"name": name, "part": len(theirs), "all": len(ours)}
    return gettext_noop("%(name)s shows another key than ours.") % {"name": name}


def _hindrance(name: str, tags: dict[str, str]) -> str:
    """A tag that keeps receivers from using a key that is ours (RFC 6376 section 3.6.1)."""
    for tag, allowed in USABLE.items():
        if tag in tags and not set(tags[tag].split(":")) & set(allowed):
            said = gettext_noop("%(name)s shows our key with %(tag)s, which keeps receivers from using it.")
            return said % {"name": name, "tag": f"{tag}={tags[tag]}"}
    return ""


def tags_of(record: str) -> dict[str, str]:
    """The tags of a DKIM record, white space taken out; what is no tag is left out."""
    parts = (part.partition("=") for part in record.split(";"))
    return {name.strip(): "".join(value.split()) for name, equals, value in parts if equals}
