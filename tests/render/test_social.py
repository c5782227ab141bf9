"""Snippets: which template makes them, how they shrink, and that they always fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.render import social
from publisher.render.failure import TemplateFailure
from publisher.render.hashtags import hashtag, hashtags
from publisher.render.measure import Measure
from publisher.render.social import CannotSplit, Snippet, render_snippet
from publisher.render.views import ItemView
from tests.render.samples import an_item

SHORT = an_item(
    title="A bus line for the night shift",
    summary="Nurses used to walk home. Now line 9 runs until three in the morning, every night of the week.",
    tags=("Decent work", "Reduced inequalities"),
    url="https://e.org/1",
)


def by_length(text: str, limit: int) -> Measure:
    return Measure(len(text), limit, len(text) <= limit, "" if len(text) <= limit else "too long")


def snippet(
    limit: int, view: ItemView = SHORT, template: str | None = None, network: str = "nowhere"
) -> Snippet:
    return render_snippet(network, view, limits=limit, measure=by_length, channel_template=template)


def test_with_room_everything_is_there_and_the_link_comes_last() -> None:
    assert snippet(500).text == (
        "A bus line for the night shift\n\n"
        "Nurses used to walk home. Now line 9 runs until three in the morning, every night of the week.\n\n"
        "#DecentWork #ReducedInequalities\nhttps://e.org/1"
    )


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (160, f"A bus line for the night shift\n\n{SHORT.summary}\n\n#DecentWork\nhttps://e.org/1"),
        (150, f"A bus line for the night shift\n\n{SHORT.summary}\n\nhttps://e.org/1"),
        (
            140,
            (
                "A bus line for the night shift\n\nNurses used to walk home. Now line 9 runs until three in…\n\n"
                "#DecentWork #ReducedInequalities\nhttps://e.org/1"
            ),
        ),
        (
            115,
            (
                "A bus line for the night shift\n\nNurses used to walk home. Now line 9 runs until three…\n\n"
                "#DecentWork\nhttps://e.org/1"
            ),
        ),
        (90, "A bus line for the night shift\n\n#DecentWork #ReducedInequalities\nhttps://e.org/1"),
        (70, "A bus line for the night shift\n\n#DecentWork\nhttps://e.org/1"),
        (50, "A bus line for the night shift\n\nhttps://e.org/1"),
        (35, "A bus line for…\n\nhttps://e.org/1"),
        (16, "https://e.org/1"),
    ],
)
def test_hashtags_go_where_all_words_then_fit_else_the_summary_shrinks_and_goes_then_the_title(
    limit: int, text: str
) -> None:
    result = snippet(limit)
    assert result.text == text
    assert result.fits


def test_no_title_is_cut_to_keep_a_hashtag() -> None:
    title = "A bus line for the night shift of every hospital in the old town of Almaria"
    view = an_item(title=title, summary="", tags=("Health", "Work"), url="https://e.org/1")
    assert snippet(110, view).text == f"{title}\n\n#Health #Work\nhttps://e.org/1"
    assert snippet(100, view).text == f"{title}\n\n#Health\nhttps://e.org/1"
    assert snippet(93, view).text == f"{title}\n\nhttps://e.org/1"
    assert snippet(91, view).text.startswith(
        "A bus line for the night shift of every hospital in the old town of…"
    )
    assert "#" not in snippet(91, view).text


def test_a_channel_may_have_more_or_fewer_hashtags_than_the_template_says() -> None:
    def tags(most: int | None) -> int:
        made = render_snippet("nowhere", SHORT, limits=500, measure=by_length, most_hashtags=most)
        return made.text.count("#")

    assert [tags(None), tags(0), tags(1), tags(99)] == [2, 0, 1, 2]


def test_a_hashtag_may_be_closed_as_chinese_networks_write_it() -> None:
    view = an_item(title="标题", summary="", tags=("气候行动", "清洁 能源"), url="https://e.org/1")
    template = "{{ fit(item.title) }} {{ hashtags(2, closed=True) }} {{ link }}"
    assert snippet(500, view, template).text == "标题 #气候行动# #清洁能源# https://e.org/1"


def in_threes(pieces: Sequence[str]) -> tuple[str, ...]:
    """A splitter for tests: each piece a message, of at most three."""
    if len(pieces) > 3:
        raise CannotSplit("it needs more than 3 messages")
    return tuple(piece for piece in pieces if piece)


BROKEN = "{{ fit(item.title) }}\n---\n{{ fit(item.summary) }}\n - - \n ---\t\n{{ link }}"


def test_a_line_of_three_hyphens_begins_a_message_where_there_are_threads() -> None:
    made = render_snippet(
        "nowhere", SHORT, limits=100, measure=by_length, channel_template=BROKEN, split=in_threes
    )
    assert made.texts == (SHORT.title, f"{SHORT.summary}\n- -", "https://e.org/1")
    assert (made.length, made.fits) == (98, True)


def test_without_threads_such_a_line_is_a_blank_one() -> None:
    assert snippet(500, template=BROKEN).texts == (
        f"{SHORT.title}\n\n{SHORT.summary}\n- -\n\nhttps://e.org/1",
    )


def test_paragraphs_of_a_text_stay_apart_also_where_it_is_shortened() -> None:
    view = an_item(title="T", summary="", url="", text="One.\n\nA heading\n\nTwo words. And more words.")
    assert snippet(500, view, "{{ fit(item.text) }}").text == view.text
    assert snippet(28, view, "{{ fit(item.text) }}").text == "One.\n\nA heading\n\nTwo words."


def test_an_article_without_a_link_names_none() -> None:
    for language, words in (("en", "Read more"), ("zh-Hans", "阅读原文")):
        with_link = an_item(title="T", text="Text.", url="https://e.org/1", language=language)
        assert words in snippet(5000, with_link, network="wechat").text
        assert words not in snippet(5000, replace(with_link, url=""), network="wechat").text


def test_what_comes_from_an_item_begins_no_message() -> None:
    view = an_item(title="---", summary="a\ue002b", url="https://e.org/1")
    made = render_snippet("nowhere", view, limits=100, measure=by_length, split=in_threes)
    assert made.texts[0].startswith("---\n\nab")
    assert len(made.texts) == 1


def test_what_cannot_become_a_thread_says_why() -> None:
    template = "{{ fit(item.title) }}\n---\na\n---\nb\n---\n{{ link }}"
    made = render_snippet(
        "nowhere", SHORT, limits=500, measure=by_length, channel_template=template, split=in_threes
    )
    assert (made.fits, made.why, len(made.texts)) == (False, "it needs more than 3 messages", 1)


def test_what_cannot_fit_says_so_and_shows_what_is_left() -> None:
    result = snippet(5)
    assert (result.text, result.fits, result.why) == ("https://e.org/1", False, "too long")


def test_a_short_summary_is_kept_whole() -> None:
    assert "\n\nIn short.\n\n" in snippet(500, an_item(summary="In short.")).text


def test_without_summary_and_topics_no_empty_lines_are_left() -> None:
    assert snippet(500, an_item(summary="", topics=(), url="https://e.org/1")).text == (
        "The river came back, and so did the school\n\nhttps://e.org/1"
    )


def test_a_channel_may_bring_its_own_template() -> None:
    result = snippet(
        500, template="{{ kind }}: {{ fit(item.title) }} ({{ date }}) {{ hashtags(1) }} {{ link }}"
    )
    assert result.text == "Story: A bus line for the night shift (8 March 2026) #DecentWork https://e.org/1"


def test_a_template_that_fits_without_end_is_stopped() -> None:
    with pytest.raises(TemplateFailure, match="more than 20 times"):
        snippet(500, template="{% for i in range(1000) %}{{ fit(item.title) }}{% endfor %}")


def test_an_empty_channel_template_means_the_networks_own() -> None:
    assert snippet(500, template="  ").text == snippet(500).text


def test_a_broken_channel_template_names_its_line() -> None:
    with pytest.raises(TemplateFailure) as caught:
        snippet(500, template="{{ fit(item.title) }}\n{{ lnik }}")
    assert (caught.value.template, caught.value.line) == ("channel template", 2)
    assert "did you mean “link”?" in caught.value.message


@pytest.mark.parametrize("network", ["sandbox", "x", "mastodon", "bluesky", "linkedin"])
@pytest.mark.parametrize("language", ["en", "zh-Hans", "ar"])
def test_every_network_has_a_template_that_ends_in_the_link(network: str, language: str) -> None:
    for number in range(12):
        view = an_item(number, language)
        text = snippet(1000, view, network=network).text
        assert text.endswith("\n" + view.url)
        assert view.title in text


def test_the_kinds_own_template_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "social" / "net"
    folder.mkdir(parents=True)
    (tmp_path / "social" / "default.txt.j2").write_text("of all")
    monkeypatch.setattr(social, "TEMPLATES", tmp_path)
    social.template_file.cache_clear()
    assert snippet(99, an_item(kind="speech"), network="net").text == "of all"
    (folder / "default.txt.j2").write_text("of the network")
    social.template_file.cache_clear()
    assert snippet(99, an_item(kind="speech"), network="net").text == "of the network"
    (folder / "speech.txt.j2").write_text("of the kind")
    social.template_file.cache_clear()
    assert snippet(99, an_item(kind="speech"), network="net").text == "of the kind"
    assert snippet(99, an_item(kind="../x"), network="net").text == "of the network"
    social.template_file.cache_clear()


TEXT = st.text(max_size=400)


@settings(max_examples=100)
@given(
    title=TEXT, summary=TEXT, topics=st.lists(st.text(max_size=40), max_size=5), limit=st.integers(40, 500)
)
def test_whatever_the_item_the_snippet_fits(title: str, summary: str, topics: list[str], limit: int) -> None:
    view = an_item(title=title, summary=summary, topics=tuple(topics), url="https://e.org/1")
    result = snippet(limit, view)
    assert result.fits
    assert len(result.text) <= limit
    assert result.text.endswith("https://e.org/1")


@settings(max_examples=100)
@given(summary=TEXT, limit=st.integers(100, 500))
def test_more_room_never_gives_less_summary(summary: str, limit: int) -> None:
    view = an_item(summary=summary, topics=(), url="https://e.org/1")
    assert snippet(limit, view).length <= snippet(limit + 1, view).length


def test_private_characters_in_an_item_cannot_stand_for_its_other_texts() -> None:
    view = an_item(title="a\ue0001\ue001b", summary="the summary", url="https://e.org/1", topics=())
    assert snippet(500, view).text == "a1b\n\nthe summary\n\nhttps://e.org/1"


@pytest.mark.parametrize(
    ("topic", "tag"),
    [
        ("Climate action", "#ClimateAction"),
        ("Peace, justice and strong institutions", "#PeaceJusticeAndStrongInstitutions"),
        ("Good health and well-being", "#GoodHealthAndWellBeing"),
        ("UNICEF", "#UNICEF"),
        ("Children's rights", "#ChildrensRights"),
        ("气候行动", "#气候行动"),
        ("和平、正义与强大机构", "#和平正义与强大机构"),
        ("العمل المناخي", "#العمل_المناخي"),
        ("Égalité des sexes", "#ÉgalitéDesSexes"),
        ("2030", ""),
        ("🌍", ""),
        ("", ""),
    ],
)
def test_a_topic_becomes_a_hashtag(topic: str, tag: str) -> None:
    assert hashtag(topic) == tag


def test_each_hashtag_comes_once() -> None:
    assert hashtags(["Climate action", "climate  Action", "2030", "Water"]) == ["#ClimateAction", "#Water"]
