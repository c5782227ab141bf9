"""What is proposed for a post that was sent, from what its network allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery.amending.choosing import DEEDS, Choice, Facts, hindrances, proposed, why_left
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
    reply_problem=st.sampled_from(["", "It costs too much."]),
    by_hand=st.booleans(),
    going=st.booleans(),
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
        ({Ability.RETRACT}, Choice.LEAVE, Choice.DELETE),
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
    assert after(Choice.EDIT, Choice.REPLY) is Choice.LATER


def test_a_text_that_does_not_fit_or_costs_too_much_is_not_proposed() -> None:
    def given(**problems: str) -> Choice:
        return proposed(Facts("Village board", ALL, outdated=True, **problems))

    assert given(text_problem="Too long.") is Choice.REPLY
    assert given(text_problem="Too long.", reply_problem="The month's budget is used up.") is Choice.LATER
    assert given(reply_problem="The month's budget is used up.") is Choice.EDIT


def test_a_right_post_is_left_with_the_reason_where_only_deleting_is_possible() -> None:
    left = Facts("Village board", frozenset({Ability.RETRACT}), outdated=True)
    assert "does not let Publisher edit a post. Village board does not let Publisher answer" in why_left(left)
    no_answers = Facts(
        "Village board",
        frozenset({Ability.RETRACT, Ability.REPLY}),
        outdated=True,
        unprepared={Choice.REPLY: "Threads are off."},
    )
    assert (proposed(no_answers), "Threads are off." in why_left(no_answers)) == (Choice.LEAVE, True)
    assert not hindrances(no_answers)[Choice.DELETE]
    assert why_left(Facts("Village board", ALL, outdated=True)) == ""


@pytest.mark.parametrize(("retracted", "choice"), [(False, Choice.LEAVE), (True, Choice.DELETE)])
def test_under_an_embargo_a_changed_post_is_left_and_a_retracted_one_deleted(
    retracted: bool, choice: Choice
) -> None:
    facts = Facts("Village board", ALL, outdated=True, retracted=retracted, embargoed=True)
    assert proposed(facts) is choice
    assert ("asked again when it has ended" in why_left(facts)) == (not retracted)


def test_of_a_post_that_is_still_going_out_only_what_left_can_be_deleted() -> None:
    facts = Facts("Village board", ALL, outdated=True, going=True)
    assert proposed(facts) is Choice.LATER
    assert [choice for choice, why in hindrances(facts).items() if not why] == [Choice.DELETE]


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
    if choice is Choice.DELETE:
        assert each.retracted, "what is only outdated is not deleted unless a person says so"
