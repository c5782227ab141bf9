"""The table of topics is sound, and topics are suggested with the words that speak for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import UserError
from publisher.items.suggesting import Suggestion, suggest
from publisher.items.topics import TopicRule, load_topics, named_topics

ROOT = Path(__file__).resolve().parents[2]
RULES = load_topics(ROOT / "config" / "topics.yaml")

TOPIC = """
- slug: {slug}
  kind: {kind}
  name_en: Water
  name_zh: 水
  color: "#26BDE2"
  words_en: [{words}]
  words_zh: [饮用水]
"""


def rules(
    tmp_path: Path, words: str = "spring", slug: str = "water", kind: str = "sdg"
) -> tuple[TopicRule, ...]:
    path = tmp_path / "topics.yaml"
    path.write_text(TOPIC.format(slug=slug, kind=kind, words=words), encoding="utf-8")
    return load_topics(path)


def slugs(title: str, text: str = "") -> list[str]:
    return [suggestion.slug for suggestion in suggest(RULES, title, text)]


def test_every_topic_has_a_short_tag_of_its_own_in_each_language() -> None:
    assert {rule.slug: rule.tag_en for rule in RULES}["un-habitat"] == "UNHabitat"
    for tags in ([rule.tag_en for rule in RULES], [rule.tag_zh for rule in RULES]):
        assert all(tags)
        assert len(set(tags)) == len(tags)


def test_every_topic_has_a_name_of_its_own_in_arabic_and_is_known_by_it() -> None:
    names = [dict(rule.names)["ar"] for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(re.search("[ء-ي]", name) for name in names)
    assert named_topics(RULES, ["الهدف 13: العمل المناخي", "منظمة الصحة العالمية"]) == ("sdg-13", "who")


def test_there_are_seventeen_goals_and_about_twenty_five_agencies() -> None:
    kinds = [rule.kind for rule in RULES]
    assert kinds.count("sdg") == 17
    assert 24 <= kinds.count("agency") <= 30


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_each_topic_is_suggested_by_its_own_words_in_both_languages(rule: TopicRule) -> None:
    for word in (rule.words_en[0].rstrip("*"), rule.words_zh[0]):
        assert rule.slug in [s.slug for s in suggest(RULES, word, word, most=50)]


def test_acronyms_count_in_capitals_only() -> None:
    assert slugs("The WHO met in Orlen") == ["who"]
    assert slugs("People who met in Orlen") == []


def test_words_are_found_at_their_borders() -> None:
    assert slugs("Farmers plan", "") == ["sdg-2"]
    assert slugs("An unfarmed heath in Whole Foods") == []


def test_a_goal_is_found_by_its_number() -> None:
    assert slugs("What SDG 1 asks") == ["sdg-1"]
    assert "sdg-1" not in slugs("What SDG 13 asks")


def test_chinese_words_are_found_anywhere() -> None:
    assert slugs("世卫组织关注气候变化") == ["who", "sdg-13"]


def test_the_title_counts_more_than_the_text() -> None:
    assert slugs("A spring of clean water", "Farmers. Farmers.") == ["sdg-6", "sdg-2"]


def test_repeating_a_word_does_not_make_a_topic() -> None:
    once, often = (suggest(RULES, "", "health " * n)[0].score for n in (3, 300))
    assert once == often


def test_the_words_found_are_shown_as_they_stand_in_the_text() -> None:
    found = suggest(RULES, "Drinking water for all", "The drinking water of Karo. Wastewater, too.")
    assert found[0] == Suggestion("sdg-6", 5.0, ("Drinking water", "Wastewater"))


def test_no_more_are_suggested_than_asked_for() -> None:
    text = "health school women poverty hunger ocean forest climate cities peace " * 3
    assert len(suggest(RULES, text, text, most=4)) == 4


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_both_apostrophes_are_one(apostrophe: str) -> None:
    assert slugs(f"United Nations Children{apostrophe}s Fund opens") == ["unicef"]


def test_topics_named_by_a_producer_are_known_by_slug_name_and_number() -> None:
    assert named_topics(
        RULES, ["SDG 3", "sdg-4", "UNICEF", "联合国大学", "World Health Organization", "juggling", "sdg3"]
    ) == (
        "sdg-3",
        "sdg-4",
        "unicef",
        "unu",
        "who",
    )


@pytest.mark.parametrize("expression", ["(a+)+", "a*b", "x{2,}", "(?=x)y", "(a)b", "(?P<n>a)", "a|", "["])
def test_expressions_that_could_run_away_are_refused_with_their_topic(
    tmp_path: Path, expression: str
) -> None:
    with pytest.raises(UserError, match=r"topics\.yaml: the expression .* of water"):
        rules(tmp_path, words=f"'/{expression}/'")


@pytest.mark.parametrize(
    ("given_words", "said"),
    [
        ({"slug": "Not A Slug"}, "slug"),
        ({"kind": "colour"}, "kind"),
        ({"words": "[x]"}, "words_en"),
        ({"words": "ab"}, "words_en"),
        ({"words": "{"}, "YAML"),
    ],
)
def test_a_mistake_in_the_table_is_named(tmp_path: Path, given_words: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        rules(tmp_path, **given_words)


def test_a_slug_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text(TOPIC.format(slug="a", kind="sdg", words="one") * 2, encoding="utf-8")
    with pytest.raises(UserError, match="twice"):
        load_topics(path)


def test_a_missing_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_topics(tmp_path / "none.yaml")


@given(
    st.text(),
    st.text()
    | st.lists(st.sampled_from(["WHO", "health ", "UN-", "Habitat", "'", "İ", "水", "SDG ", "3"])).map(
        "".join
    ),
)
def test_suggestions_quote_the_text_and_are_ranked(title: str, text: str) -> None:
    found = suggest(RULES, title, text)
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert all(s.words for s in found)
