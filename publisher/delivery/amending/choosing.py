"""What can be done about a post that was sent, and what is proposed. Pure; `standing.py` reads the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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
CANNOT: Mapping[Choice, Promise] = {
    Choice.EDIT: gettext_lazy("%(network)s does not let Publisher edit a post."),
    Choice.REPLY: gettext_lazy("%(network)s does not let Publisher answer a post."),
    Choice.DELETE: gettext_lazy("%(network)s does not let Publisher delete a post."),
}

NO_ID = gettext_lazy(
    "Publisher does not know the message's id on the network, since a person said that it was published. "
    "Correct it there by hand."
)
EMBARGOED = gettext_lazy("The item is under embargo, so nothing new about it may appear.")
GOING = gettext_lazy(
    "It is still going out. Deleting what has left stops the rest; all else can be done when it has left."
)


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
        said = (
            _("A person publishes on %(network)s. Correct it there by hand.")
            if facts.by_hand
            else _("Publisher does not send to %(network)s. Correct it there by hand.")
        )
        return said % {"network": facts.label}
    why = (facts.unprepared or {}).get(choice, "")
    if ABILITIES[choice] not in facts.abilities:
        return why or str(CANNOT[choice]) % {"network": facts.label}
    if not facts.has_ids:
        return str(NO_ID)
    if facts.going and choice is not Choice.DELETE:
        return str(GOING)
    if facts.embargoed and choice is not Choice.DELETE:
        return str(EMBARGOED)
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
        return f"{EMBARGOED} " + _("Choose “Not now” to be asked again when it has ended.")
    why = hindrances(facts)
    reasons = dict.fromkeys([why[Choice.EDIT], why[Choice.REPLY]])
    return " ".join([*reasons, _("Delete it if what it says is wrong.")])


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
