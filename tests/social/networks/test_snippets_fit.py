"""Every network's template with every network's measure: what is drafted fits, for any item."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.render.social import render_snippet
from tests.render.samples import an_item

NETWORKS = ["sandbox", "x", "mastodon", "bluesky", "linkedin", "facebook", "telegram", "webhook", "weibo"]
WORD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "https://example.org/a",
            "example.com",
            "@ana@e.org",
            "#tag",
            "👩‍👩‍👧‍👦" * 9,
            "气候行动" * 20,
            "a.b.c",
        ]
    ),
)
PROSE = st.lists(WORD, max_size=60).map(" ".join)


@pytest.mark.parametrize("network", NETWORKS)
@settings(max_examples=40)
@given(title=PROSE, summary=PROSE, topics=st.lists(st.text(max_size=30), max_size=4))
def test_whatever_the_item_its_snippet_fits(
    network: str, title: str, summary: str, topics: list[str]
) -> None:
    room = import_module(f"publisher.social.networks.{network}.measure")
    view = an_item(title=title, summary=summary, topics=tuple(topics))
    snippet = render_snippet(network, view, limits=room.Rules(), measure=room.measure)
    assert snippet.fits, snippet.why
    assert snippet.text.endswith(view.url)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("language", ["en", "zh-Hans", "ar"])
def test_the_samples_fit_with_title_and_some_summary(network: str, language: str) -> None:
    room = import_module(f"publisher.social.networks.{network}.measure")
    for number in range(12):
        view = an_item(number, language)
        snippet = render_snippet(network, view, limits=room.Rules(), measure=room.measure)
        assert snippet.fits
        assert snippet.text.startswith(view.title) or view.title in snippet.text
        assert view.summary[:25] in snippet.text
