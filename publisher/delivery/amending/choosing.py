"""What can be done about a post that was sent, and what is proposed. Pure; `standing.py` reads the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from publisher.delivery.models import Amendment
from publisher.social.networks.base import Ability


class Choice(StrEnum):
    """What a person decides about one post."""

    EDIT = "edit"
    REPLY = "reply"
    DELETE = "delete"
    HAND = "hand"  # it was corrected on the network itself
    LEAVE = "leave"  # it stays as it is
    LATER = "later"  # nothing is decided now


DEEDS: Mapping[Choice, Amendment.Deed] = {
    Choice.EDIT: Amendment.Deed.EDIT,
    Choice.REPLY: Amendment.Deed.REPLY,
    Choice.DELETE: Amendment.Deed.DELETE,
}
ABILITIES: Mapping[Choice, Ability] = {
    Choice.EDIT: Ability.EDIT,
    Choice.REPLY: Ability.REPLY,
    Choice.DELETE: Ability.RETRACT,
}
WORDS: Mapping[Choice, str] = {
    Choice.EDIT: "edit",
    Choice.REPLY: "answer",
    Choice.DELETE: "delete",
}

NO_ID = (
    "Publisher does not know the message's id on the network, since a person said that it was published. "
    "Correct it there by hand."
)
EMBARGOED = "The item is under embargo, so nothing new about it may appear."
GOING = "It is still going out. Deleting what has left stops the rest; all else can be done when it has left."


@dataclass(frozen=True)
class Facts:
    """Of one post. `label` is the network's; `refused` are deeds that the network refused since the item last changed, and
    `unprepared` those that it has not or is sure to refuse, with the reason. `same`: today's text is what stands there.
    `going`: a part of it waits to leave. `text_problem` and `reply_problem`: why the texts that are proposed cannot stand."""

    label: str
    abilities: frozenset[Ability] | None  # None: Publisher cannot send there at all
    by_hand: bool = False
    going: bool = False
    has_ids: bool = True
    retracted: bool = False
    outdated: bool = False
    embargoed: bool = False
    dealt_with: bool = False
    same: bool = False
    text_problem: str = ""
    reply_problem: str = ""
    refused: frozenset[Choice] = frozenset()
    unprepared: Mapping[Choice, str] | None = None

    @property
    def wanted(self) -> bool:
        """Whether something should be done about it."""
        return (self.retracted or self.outdated) and not self.dealt_with


def hindrances(facts: Facts) -> dict[Choice, str]:
    """Why a deed cannot be done by Publisher; "" where it can."""
    return {choice: _hindrance(choice, facts) for choice in DEEDS}


def _hindrance(choice: Choice, facts: Facts) -> str:
    if facts.abilities is None:
        who = "A person publishes on" if facts.by_hand else "Publisher does not send to"
        return f"{who} {facts.label}. Correct it there by hand."
    why = (facts.unprepared or {}).get(choice, "")
    if ABILITIES[choice] not in facts.abilities:
        return why or f"{facts.label} does not let Publisher {WORDS[choice]} a post."
    if not facts.has_ids:
        return NO_ID
    if facts.going and choice is not Choice.DELETE:
        return GOING
    if facts.embargoed and choice is not Choice.DELETE:
        return EMBARGOED
    return why


def proposed(facts: Facts) -> Choice:
    """What to do unless a person decides otherwise: what was retracted disappears, what changed is edited or answered where that
    is possible, and else left: a right post is not deleted for a changed comma. A deed that the network has refused is not
    proposed again."""
    if not facts.wanted:
        return Choice.LATER
    if facts.retracted:
        return _first(facts, Choice.DELETE, Choice.REPLY)
    if facts.going:
        return Choice.LATER
    if facts.same or facts.embargoed or _can_only_be_deleted(facts):
        return Choice.LEAVE
    return _first(facts, Choice.EDIT, Choice.REPLY)


def why_left(facts: Facts) -> str:
    """Why leaving a changed post is proposed, where the page does not say so already; "" when it is not proposed."""
    if proposed(facts) is not Choice.LEAVE or facts.same:
        return ""
    if facts.embargoed:
        return f"{EMBARGOED} Choose “Not now” to be asked again when it has ended."
    why = hindrances(facts)
    reasons = dict.fromkeys([why[Choice.EDIT], why[Choice.REPLY]])
    return f"{' '.join(reasons)} Delete it if what it says is wrong."


def _can_only_be_deleted(facts: Facts) -> bool:
    hindered = hindrances(facts)
    return bool(hindered[Choice.EDIT] and hindered[Choice.REPLY] and not hindered[Choice.DELETE])


def _first(facts: Facts, *choices: Choice) -> Choice:
    """The first of these that can be done; else nothing is decided for the person."""
    problems = {Choice.EDIT: facts.text_problem, Choice.REPLY: facts.reply_problem}
    hindered = hindrances(facts)
    for choice in choices:
        if not hindered[choice] and choice not in facts.refused and not problems.get(choice):
            return choice
    return Choice.LATER
