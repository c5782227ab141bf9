"""Splitting a text into a thread and joining it again, as the composer's buttons do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.core.errors import UserError
from publisher.social.accounts import NoThreads, measured
from publisher.social.models import Channel
from publisher.social.thread_editing import join, split, takes_threads

LINK = "https://office.example.org/stories/terraces"

words = st.sampled_from(
    ["water", "valley", "terraces", "梯田", "收成回来了", "farmers,", "again.", "“stone”", "é́", "👩‍🌾"]
)
sentences = st.lists(words, min_size=1, max_size=12).map(" ".join)
paragraphs = st.lists(sentences, min_size=1, max_size=6).map(". ".join)
bodies = st.lists(paragraphs, min_size=1, max_size=8).map("\n\n".join)
tails = st.sampled_from(["", f"\n\n{LINK}", f"\n\n#Water #Soil\n{LINK}", f"\n{LINK}"])


def a_channel(network: str = "sandbox", **given: object) -> Channel:
    fields: dict[str, object] = {"name": "Almaria", "network": network, **given}
    return Channel(**fields)


def squeezed(text: str) -> str:
    """Without blanks: those are lost where a text is cut."""
    return re.sub(r"\s+", "", text)


@given(
    body=bodies,
    tail=tails,
    numbered=st.booleans(),
    network=st.sampled_from(["sandbox", "mastodon", "bluesky"]),
)
def test_joined_again_a_thread_is_the_text(body: str, tail: str, numbered: bool, network: str) -> None:
    channel = a_channel(network, thread_numbers=numbered)
    text = body + tail
    try:
        parts = split(channel, [text])
    except UserError:
        return
    assert all(measure.fits for measure in measured(channel, parts))
    assert squeezed(join(parts)) == squeezed(text)
    if tail:
        assert LINK in parts[0]
        assert join(parts).endswith(tail.strip())


@given(body=bodies)
def test_joined_once_more_nothing_changes(body: str) -> None:
    assert join([join([body])]) == join([body])


def test_a_text_that_fits_is_cut_at_its_blank_lines() -> None:
    channel = a_channel()
    assert split(channel, [f"One.\n\nTwo.\n\n#Water {LINK}"]) == (f"One.\n\n#Water {LINK}", "Two.")


def test_a_single_paragraph_that_fits_is_left_alone() -> None:
    with pytest.raises(UserError, match="nothing to split"):
        split(a_channel(), ["One. Two."])


@pytest.mark.parametrize(
    ("network", "options", "takes"),
    [
        ("sandbox", {}, True),
        ("mastodon", {}, True),
        ("linkedin", {}, False),
        ("x", {}, False),
        ("x", {"threads": True}, True),
        ("gone", {}, False),
    ],
)
def test_each_network_says_whether_it_takes_threads(
    network: str, options: dict[str, object], takes: bool
) -> None:
    channel = a_channel(network, settings=options)
    assert takes_threads(channel) is takes
    if network == "linkedin":
        with pytest.raises(NoThreads):
            split(channel, ["x" * 4000])


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (["One.\n1/2", "Two.\n2/2"], "One.\n\nTwo."),
        (["One and\n1/2", "two\n2/2"], "One and two"),
        (["收成\n1/2", "回来了\n2/2"], "收成回来了"),
        (["It was 1/2", "of it"], "It was 1/2 of it"),
        (["Scored\n3/2", "Two"], "Scored\n3/2 Two"),
        ([f"One.\n\n{LINK}\n1/2", "Two.\n2/2"], f"One.\n\nTwo.\n\n{LINK}"),
        (["", "Two."], "Two."),
        ([], ""),
    ],
)
def test_numbers_go_and_the_link_comes_last(parts: list[str], whole: str) -> None:
    assert join(parts) == whole
