"""What a row says of choices, and the selection that comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from publisher.audience.choices import Choice
from publisher.audience.importing.given import Given, completed, offer
from publisher.audience.importing.refusals import Refused
from tests.audience.importing.files import OFFER
from tests.builders import a_topic

EVERYTHING = Choice.of(language="en")


def said(topics: str = "", kinds: str = "", language: str = "", region: str = "") -> Choice:
    return completed(Given(OFFER).written(topics, kinds, language, region), None, "en")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, EVERYTHING),
        ({"topics": "food; WATER"}, Choice.of(topics=[1, 3], language="en")),
        ({"topics": "水|food|water"}, Choice.of(topics=[1, 3], language="en")),
        ({"topics": "Peace, justice and law;food"}, Choice.of(topics=[7, 1], language="en")),
        ({"topics": "food, water"}, Choice.of(topics=[1, 3], language="en")),
        ({"topics": "food;water;peace, justice and law"}, EVERYTHING),
        ({"topics": "all", "kinds": "全部"}, EVERYTHING),
        ({"kinds": "Press release|video"}, Choice.of(kinds=["video", "press_release"], language="en")),
        ({"language": "zh_hans"}, Choice.of(language="zh-Hans")),
        ({"language": "Chinese"}, Choice.of(language="zh")),
        ({"region": "cn"}, Choice.of(language="en", region="CN")),
        ({"region": " 142 "}, Choice.of(language="en", region="142")),
    ],
)
def test_cells_make_the_same_choice_as_the_preference_page(cells: dict[str, str], expected: Choice) -> None:
    assert said(**cells) == expected
    assert said(**cells).key() == expected.key()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"topics": "food;fire"}, "no topic “fire”"),
        ({"kinds": "podcast"}, "no kind “podcast”"),
        ({"language": "fr"}, "does not come in “fr”"),
        ({"language": "zzzz"}, "does not come in “zzzz”"),
        ({"region": "China"}, "“China” is no region"),
    ],
)
def test_what_the_digest_has_not_is_refused_by_name(cells: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused) as refused:
        said(**cells)
    assert reason in refused.value.reason


def test_what_is_not_said_of_a_known_reader_stays() -> None:
    before = Choice.of(topics=[7], kinds=["video"], language="zh", region="CN")
    given = Given(OFFER)
    assert completed(given.written("", "", "", ""), before, "en") == before
    assert completed(given.written("all", "story", "", ""), before, "en") == Choice.of(
        kinds=["story"], language="zh", region="CN"
    )


@examples(
    st.lists(st.sampled_from(["water", "水", "food", " Water "]), min_size=1),
    st.sampled_from([";", "|", " ; ", ";;", ","]),
)
def test_order_and_repetition_make_no_difference(names: list[str], between: str) -> None:
    topics = {OFFER.topics[name.strip().casefold()] for name in names}
    assert said(topics=between.join(names)) == Choice.of(topics=topics, language="en")


@pytest.mark.django_db
def test_a_digest_offers_its_own_topics_by_slug_name_and_number() -> None:
    ours = a_topic("sdg-93", name_en="Goal 93: Rain", name_zh="雨")
    a_topic("sdg-92")
    retired = a_topic("sdg-91", retired=True)
    found = offer(5, ["en"], [ours.pk, retired.pk], ["story"])
    assert {found.topics.get(name) for name in ("sdg-93", "sdg 93", "sdg93", "goal 93: rain", "雨")} == {
        ours.pk
    }
    assert "sdg-92" not in found.topics
    assert "sdg-91" not in found.topics
    assert set(found.kinds.values()) == {"story"}
