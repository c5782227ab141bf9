"""Which items an edition holds: pure rules, no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from publisher.digests.choosing import KIND_ORDER, MOST_POSITIONS, Candidate, Content, choose

END = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
WINDOW = (END - timedelta(days=7), END)
DAY = timedelta(days=1)


def a_candidate(pk: int = 1, **given: Any) -> Candidate:
    fields: dict[str, Any] = {
        "revision": 1,
        "kind": "story",
        "language": "en",
        "topics": frozenset({1}),
        "published_at": END - DAY,
        "visible_at": END - DAY,
    }
    return Candidate(id=pk, **(fields | given))


def content(**given: Any) -> Content:
    fields: dict[str, Any] = {
        "languages": ("en", "zh"),
        "kinds": frozenset(),
        "topics": frozenset(),
        "most_items": 12,
        "max_age": 30 * DAY,
    }
    return Content(**(fields | given))


def ids(*candidates: Candidate, already: frozenset[int] = frozenset(), **rules: Any) -> list[int]:
    return [c.id for c in choose(candidates, content(**rules), window=WINDOW, already=already)]


def test_the_window_is_half_open() -> None:
    first, last = a_candidate(1, visible_at=WINDOW[0]), a_candidate(2, visible_at=WINDOW[1])
    assert ids(first, last) == [1]


def test_an_item_under_embargo_belongs_to_the_edition_in_whose_window_it_lifted() -> None:
    assert ids(a_candidate(published_at=END - 20 * DAY, visible_at=END - DAY)) == [1]


def test_an_old_item_that_arrives_late_is_no_news() -> None:
    assert ids(a_candidate(published_at=END - 60 * DAY)) == []


def test_what_an_earlier_edition_held_is_not_held_again() -> None:
    assert ids(a_candidate(1), a_candidate(2), already=frozenset({1})) == [2]


def test_kinds_and_topics_of_the_digest_limit_what_it_holds() -> None:
    story, speech = a_candidate(1), a_candidate(2, kind="speech", topics=frozenset({2}))
    assert ids(story, speech, kinds=frozenset({"speech"})) == [2]
    assert ids(story, speech, topics=frozenset({1, 9})) == [1]


def test_languages_come_in_the_digests_order_and_others_are_left_out() -> None:
    found = ids(
        a_candidate(1, language="zh-Hans"),
        a_candidate(2),
        a_candidate(3, language="fr"),
        languages=("en", "zh"),
    )
    assert found == [2, 1]


def test_the_newest_are_kept_when_there_are_too_many_and_stories_come_first() -> None:
    old = a_candidate(1, published_at=END - 5 * DAY)
    speech = a_candidate(2, kind="speech", published_at=END - DAY)
    story = a_candidate(3, published_at=END - 2 * DAY)
    assert ids(old, speech, story, most_items=2) == [3, 2]


candidates = st.lists(
    st.builds(
        Candidate,
        id=st.integers(1, 500),
        revision=st.just(1),
        kind=st.sampled_from([*KIND_ORDER, "unheard-of"]),
        language=st.sampled_from(["en", "en-GB", "zh", "zh-Hant", "fr"]),
        topics=st.frozensets(st.integers(1, 5), max_size=3),
        published_at=st.datetimes(datetime(2026, 4, 1), datetime(2026, 6, 2), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
        visible_at=st.datetimes(datetime(2026, 5, 20), datetime(2026, 6, 2), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
    unique_by=lambda c: c.id,
    max_size=120,
)


@given(candidates, st.integers(1, 80), st.randoms())
def test_the_choice_does_not_depend_on_the_order_of_candidates_and_keeps_its_limits(
    found: list[Candidate], most: int, random: Any
) -> None:
    chosen = choose(found, content(most_items=most), window=WINDOW, already=frozenset())
    shuffled = list(found)
    random.shuffle(shuffled)
    assert choose(shuffled, content(most_items=most), window=WINDOW, already=frozenset()) == chosen
    assert len(chosen) <= MOST_POSITIONS
    for language in ("en", "zh"):
        assert sum(c.language.startswith(language) for c in chosen) <= most
    assert all(WINDOW[0] <= c.visible_at < WINDOW[1] for c in chosen)
