"""What is proposed for a post that was sent, from what its network allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.amending.choosing import DEEDS, Choice, Facts, hindrances, proposed
from publisher.social.networks.base import Ability

ALL = frozenset(Ability)
sets = st.sets(st.sampled_from(list(Ability))).map(frozenset)
facts = st.builds(
    Facts,
    label=st.just("Village board"),
    abilities=st.none() | sets,
    has_ids=st.booleans(),
    retracted=st.booleans(),
    outdated=st.booleans(),
    embargoed=st.booleans(),
    dealt_with=st.booleans(),
    same=st.booleans(),
    text_problem=st.sampled_from(["", "It does not fit."]),
    refused=st.sets(st.sampled_from(list(DEEDS))).map(frozenset),
    unprepared=st.none() | st.just({Choice.REPLY: "No answers."}),
)


@pytest.mark.parametrize(
    ("abilities", "revised", "retracted"),
    [
        (ALL, Choice.EDIT, Choice.DELETE),
        ({Ability.RETRACT, Ability.REPLY}, Choice.REPLY, Choice.DELETE),
        ({Ability.EDIT, Ability.RETRACT}, Choice.EDIT, Choice.DELETE),
        ({Ability.REPLY}, Choice.REPLY, Choice.REPLY),
        ({Ability.RETRACT}, Choice.DELETE, Choice.DELETE),
        (set(), Choice.LATER, Choice.LATER),
        (None, Choice.LATER, Choice.LATER),
    ],
)
def test_what_each_kind_of_network_is_proposed(
    abilities: set[Ability] | None, revised: Choice, retracted: Choice
) -> None:
    given = frozenset(abilities) if abilities is not None else None
    assert proposed(Facts("Village board", given, outdated=True)) is revised
    assert proposed(Facts("Village board", given, retracted=True)) is retracted


def test_a_deed_that_was_refused_gives_way_to_the_next() -> None:
    def after(*refused: Choice) -> Choice:
        return proposed(Facts("Village board", ALL, outdated=True, refused=frozenset(refused)))

    assert after(Choice.EDIT) is Choice.REPLY
    assert after(Choice.EDIT, Choice.REPLY) is Choice.DELETE
    assert after(Choice.EDIT, Choice.REPLY, Choice.DELETE) is Choice.LATER


def test_a_text_that_does_not_fit_is_not_proposed() -> None:
    assert proposed(Facts("Village board", ALL, outdated=True, text_problem="Too long.")) is Choice.REPLY


@given(facts)
def test_what_is_proposed_can_be_done_and_nothing_is_proposed_without_need(each: Facts) -> None:
    choice = proposed(each)
    if choice in DEEDS:
        assert each.wanted
        assert not hindrances(each)[choice]
        assert choice not in each.refused
    if not each.wanted:
        assert choice is Choice.LATER
    assert choice is not Choice.HAND, "only a person can say that"
