"""Whether DNS shows the key that a domain's mail is signed with. Asked by doctor, `dkim check` and `dkim on`."""

from __future__ import annotations

from publisher.delivery.doctor.dns import Dns, NoDns
from publisher.delivery.doctor.findings import Finding, Level, TxtRecord
from publisher.delivery.email.dkim import record_name, record_value
from publisher.delivery.models import SigningKey
from publisher.delivery.signing import CannotSign, private_key

CHECK = "dkim"
USABLE = {"v": ("DKIM1",), "k": ("rsa",), "h": ("sha256",), "s": ("*", "email")}
"""One of these must be among the values of a tag, where it is there."""


def record_of(key: SigningKey) -> TxtRecord:
    """What is to be published for a key. Raises CannotSign."""
    return TxtRecord(record_name(key.domain, key.selector), record_value(private_key(key)))


def published(key: SigningKey, dns: Dns) -> Finding:
    """Whether whoever receives our mail finds this key, and may use it."""
    about = f"DKIM key {key}"
    try:
        record = record_of(key)
        shown = [tags_of(text) for text in dns.txt(record.name)]
    except NoDns as error:
        return Finding(CHECK, about, Level.PROBLEM, f"{error}.", "Receivers may not find the key either.")
    except CannotSign as error:
        return Finding(
            CHECK,
            about,
            Level.PROBLEM,
            error.message,
            "No mail of the domain leaves while it is on.",
            error.hint,
        )
    level, found = _judged([tags for tags in shown if "p" in tags], tags_of(record.value)["p"])
    if level is Level.OK:
        return Finding(CHECK, about, level, f"{record.name} {found}")
    meaning = "What is signed with this key fails at every receiver." if level is Level.PROBLEM else ""
    todo = "Publish this and nothing else at that name:"
    return Finding(CHECK, about, level, f"{record.name} {found}", meaning, todo, (record,))


def _judged(shown: list[dict[str, str]], ours: str) -> tuple[Level, str]:
    """What DNS shows, held against our public key."""
    if not shown:
        return Level.PROBLEM, "shows no key."
    if len(shown) > 1:
        return Level.PROBLEM, f"shows {len(shown)} keys, and a receiver takes any of them."
    problem = _other_key(shown[0]["p"], ours) or _hindrance(shown[0])
    if problem:
        return Level.PROBLEM, problem
    if "y" in shown[0].get("t", "").split(":"):
        return Level.WARNING, "shows our key marked as a test (t=y): receivers may treat mail as unsigned."
    return Level.OK, "shows our key."


def _other_key(theirs: str, ours: str) -> str:
    if not theirs:
        return "says that the key is withdrawn (p= is empty)."
    if theirs == ours:
        return ""
    if ours.startswith(theirs):
        return f"shows our key cut off after {len(theirs)} of {len(ours)} characters."
    return "shows another key than ours."


def _hindrance(tags: dict[str, str]) -> str:
    """A tag that keeps receivers from using a key that is ours (RFC 6376 section 3.6.1)."""
    for tag, allowed in USABLE.items():
        if tag in tags and not set(tags[tag].split(":")) & set(allowed):
            return f"shows our key with {tag}={tags[tag]}, which keeps receivers from using it."
    return ""


def tags_of(record: str) -> dict[str, str]:
    """The tags of a DKIM record, white space taken out; what is no tag is left out."""
    parts = (part.partition("=") for part in record.split(";"))
    return {name.strip(): "".join(value.split()) for name, equals, value in parts if equals}
