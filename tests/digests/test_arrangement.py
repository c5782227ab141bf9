"""The order of an edition's items as people change it: pure moves."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from publisher.digests import arrangement
from publisher.digests.arrangement import Arrangement

LANGUAGES = {n: "zh" if n % 3 == 0 else "en" for n in range(1, 13)}
BEGIN = Arrangement((1, 2, 4, 5, 3, 6, 9))

Deed = Callable[[Arrangement], Arrangement]


def moves() -> st.SearchStrategy[Deed]:
    item = st.integers(1, 12)
    return st.one_of(
        item.map(lambda pk: lambda now: arrangement.leave_out(now, pk)),
        item.map(lambda pk: lambda now: arrangement.put_in(now, pk)),
        st.tuples(item, st.integers(-9, 9)).map(
            lambda given: lambda now: arrangement.move(now, *given, LANGUAGES)
        ),
        st.permutations(range(1, 13)).map(lambda order: lambda now: arrangement.in_order(now, order)),
    )


@given(st.lists(moves(), max_size=30))
def test_no_item_stands_twice_and_none_is_lost_whatever_is_done(deeds: list[Deed]) -> None:
    now = BEGIN
    for deed in deeds:
        before = {*now.order, *now.left_out}
        now = deed(now)
        assert len(set(now.order)) == len(now.order)
        assert not set(now.order) & set(now.left_out)
        assert before <= {*now.order, *now.left_out}


@given(st.lists(moves(), max_size=30))
def test_items_of_a_language_stand_together_in_the_order_that_people_gave_them(deeds: list[Deed]) -> None:
    now = BEGIN
    for deed in deeds:
        now = deed(now)
    order = arrangement.by_language(now.order, LANGUAGES, ["en", "zh-Hans"])
    tags = [LANGUAGES[each] for each in order]
    assert tags == sorted(tags)
    for tag in ("en", "zh"):
        assert [each for each in order if LANGUAGES[each] == tag] == [
            each for each in now.order if LANGUAGES[each] == tag
        ]


def test_a_move_changes_places_among_the_items_of_one_language_only() -> None:
    mixed = Arrangement((1, 3, 2, 6, 4))
    assert arrangement.move(mixed, 1, 1, LANGUAGES).order == (2, 3, 1, 6, 4)
    assert arrangement.move(mixed, 6, -1, LANGUAGES).order == (1, 6, 2, 3, 4)
    assert arrangement.move(mixed, 1, -1, LANGUAGES) == mixed
    assert arrangement.move(mixed, 4, 99, LANGUAGES) == mixed


def test_what_is_left_out_can_be_put_back() -> None:
    without = arrangement.leave_out(BEGIN, 4)
    assert (without.order, without.left_out) == ((1, 2, 5, 3, 6, 9), (4,))
    assert arrangement.put_in(without, 4) == Arrangement((1, 2, 5, 3, 6, 9, 4))
    assert arrangement.leave_out(BEGIN, 12) == BEGIN
