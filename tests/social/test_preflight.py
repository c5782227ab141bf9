"""What stands against a post before it leaves. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.render.measure import Measure
from publisher.social.link_checks import LinkCheck, Outcome, links_in, outcome_of
from publisher.social.preflight import Facts, Level, findings, is_ready
from tests.builders import NOON

LINK = "https://office.example.org/1"
OTHER = "https://elsewhere.example.net/2"
GOOD = Facts(
    texts=[f"Forty families compare notes {LINK}"],
    measures=[Measure(40, 500, True, "")],
    language="en",
    channel_language="en",
    link=LINK,
    links=[LINK],
    checks={LINK: LinkCheck(LINK, Outcome.GOOD, 200)},
)


def told(**changed: Any) -> dict[str, tuple[Level, bool]]:
    """The findings that are not in order, by their codes."""
    found = findings(replace(GOOD, **changed), now=NOON)
    return {each.code: (each.level, each.strong) for each in found if each.level is not Level.OK}


def test_a_post_in_order_is_ready() -> None:
    assert told() == {}
    assert is_ready(findings(GOOD, now=NOON))


BLOCKS, WARNS, STRONG = (Level.BLOCK, False), (Level.WARN, False), (Level.WARN, True)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"texts": [""], "measures": []}, {"length": BLOCKS}),
        ({"measures": [Measure(510, 500, False, "10 characters too long")]}, {"length": BLOCKS}),
        (
            {"texts": ["a", "b"], "measures": [Measure(1, 9, True, "")] * 2, "takes_threads": False},
            {"threads": BLOCKS},
        ),
        ({"pictures": "Picture: it has no description."}, {"pictures": BLOCKS}),
        ({"pictures_wait": True}, {"pictures": WARNS}),
        ({"alts_missing": 2, "picture_count": 2}, {"alt": WARNS}),
        ({"retracted": True}, {"retracted": BLOCKS}),
        ({"embargo_until": NOON + timedelta(hours=1)}, {"embargo": WARNS}),
        ({"embargo_until": NOON - timedelta(hours=1)}, {}),
        ({"cannot_leave": "Publisher cannot send there."}, {"channel": BLOCKS}),
        ({"channel": "It is paused."}, {"channel": WARNS}),
        ({"channel_language": "zh-Hans"}, {"language": STRONG}),
        ({"channel_language": "en-GB"}, {}),
        ({"texts": ["四十户家庭比较他们的记录" * 5]}, {"language": WARNS}),
        ({"texts": ["#a #b #c"], "most_hashtags": 2}, {"hashtags": WARNS}),
        ({"texts": ["#a #b"], "most_hashtags": 2}, {}),
        ({"budget": "The month's budget is used up."}, {"budget": STRONG}),
        ({"cost": "$0.20"}, {}),
        ({"links": []}, {"links": WARNS}),
        ({"checks": {LINK: LinkCheck(LINK, Outcome.GONE, 404)}}, {"links": STRONG}),
        ({"links": [LINK, OTHER], "checks": {OTHER: LinkCheck(OTHER, Outcome.GONE, 404)}}, {"links": WARNS}),
        ({"checks": {LINK: LinkCheck(LINK, Outcome.TROUBLE, 503, "503")}}, {"links": WARNS}),
        ({"checks": {LINK: LinkCheck(LINK, Outcome.GUARDED, 403)}}, {"links": WARNS}),
        ({"checks": {LINK: LinkCheck(LINK, Outcome.IMPOSSIBLE, 0, "private")}}, {"links": WARNS}),
        ({"checks": {}}, {}),
        ({"access_ends": NOON + timedelta(days=9)}, {"access": WARNS}),
        ({"access_ends": NOON + timedelta(days=90)}, {}),
        (
            {"access_ends": NOON + timedelta(days=9), "leaves_at": NOON + timedelta(days=10)},
            {"access": STRONG},
        ),
    ],
)
def test_each_thing_is_told_with_its_weight(
    changed: dict[str, Any], expected: dict[str, tuple[Level, bool]]
) -> None:
    assert told(**changed) == expected
    blocks = any(level is Level.BLOCK or strong for level, strong in expected.values())
    assert is_ready(findings(replace(GOOD, **changed), now=NOON)) is not blocks


@given(
    outcomes=st.lists(st.sampled_from(Outcome), min_size=1, max_size=4),
    status=st.integers(100, 599),
)
def test_what_a_link_answers_never_blocks(outcomes: list[Outcome], status: int) -> None:
    links = [f"https://a.example/{n}" for n in range(len(outcomes))]
    checks = {
        link: LinkCheck(link, outcome, status, "x") for link, outcome in zip(links, outcomes, strict=True)
    }
    found = findings(replace(GOOD, links=links, link=links[0], checks=checks), now=NOON)
    assert not any(each.level is Level.BLOCK for each in found)


def test_the_gravest_comes_first() -> None:
    found = findings(replace(GOOD, pictures="No.", channel="Paused.", budget="Used up.", cost=""), now=NOON)
    assert [each.code for each in found][:3] == ["pictures", "budget", "channel"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "good"),
        (301, "good"),
        (404, "gone"),
        (410, "gone"),
        (403, "guarded"),
        (429, "guarded"),
        (500, "trouble"),
    ],
)
def test_a_status_says_what_a_link_is_worth(status: int, outcome: str) -> None:
    assert outcome_of(status).value == outcome


def test_links_are_found_once_without_the_signs_around_them() -> None:
    texts = [f"See {LINK}, and ({OTHER}).", f"读{LINK}。还有"]
    assert links_in(texts) == [LINK, OTHER]
