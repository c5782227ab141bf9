"""What a row says of choices, and the selection that comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from publisher.audience.choices import Choice, encoded
from publisher.audience.importing.given import Given, offer
from publisher.audience.importing.refusals import Refused
from tests.audience.importing.files import OFFER
from tests.builders import a_topic


def said(topics: str = "", kinds: str = "", language: str = "", region: str = "") -> str:
    return Given(OFFER).written(topics, kinds, language, region)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, "[null,null,null,null]"),
        ({"topics": "food; WATER"}, "[[1,3],null,null,null]"),
        ({"topics": "水|food|water"}, "[[1,3],null,null,null]"),
        ({"topics": "Peace, justice and law;food"}, "[[1,7],null,null,null]"),
        ({"topics": "food, water"}, "[[1,3],null,null,null]"),
        ({"topics": "food;water;peace, justice and law"}, "[[],null,null,null]"),
        ({"topics": "all", "kinds": "全部"}, "[[],[],null,null]"),
        ({"kinds": "Press release|video"}, '[null,["press_release","video"],null,null]'),
        ({"language": "zh_hans"}, '[null,null,"zh-Hans",null]'),
        ({"language": "Chinese"}, '[null,null,"zh",null]'),
        ({"region": "cn"}, '[null,null,null,"CN"]'),
        ({"region": " 142 "}, '[null,null,null,"142"]'),
    ],
)
def test_cells_say_what_was_chosen_and_nothing_else(cells: dict[str, str], expected: str) -> None:
    assert said(**cells) == expected


def test_where_all_is_said_it_is_the_written_form_of_the_choice() -> None:
    choice = Choice.of(topics=[7, 1], kinds=["video", "story"], language="zh", region="cn")
    assert said("peace, justice and law;food", "video|story", "zh", "CN") == choice.written()


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


@examples(
    st.lists(st.sampled_from(["water", "水", "food", " Water "]), min_size=1),
    st.sampled_from([";", "|", " ; ", ";;", ","]),
)
def test_order_and_repetition_make_no_difference(names: list[str], between: str) -> None:
    topics = {OFFER.topics[name.strip().casefold()] for name in names}
    assert said(topics=between.join(names)) == f"[{encoded(sorted(topics))},null,null,null]"


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
